import { basename } from 'node:path';
import { withDevice } from '../machine/files/device-reader.ts';
import { Files } from '../machine/files/files.ts';
import { cleanJson } from '../machine/runtime/clean-text.ts';
import { CONFIG_BYTES_LIMIT, parseJsonText } from '../metadata/fields/json/json-text.ts';
import type { TextPlace } from '../metadata/fields/yaml/yaml-places.ts';
import { type KeyWarning, keyWarnings } from '../metadata/gandi/key-warnings.ts';
import { parseConfig } from '../metadata/gandi/parse.ts';
import { readSeed } from '../metadata/gandi/seed-file.ts';
import type { Problem } from '../metadata/guest-config.ts';
import { SOURCES } from '../metadata/sources.ts';
import type { System } from '../plan/system.ts';
import { areWarnings, describeProblem } from '../state/report.ts';
import { EXIT } from '../terminal/exit-status.ts';
import { formatOfFile } from './seed-formats.ts';

/** Line and column where the text is YAML and says something at that path. */
type PlacedProblem = Problem & Partial<TextPlace>;

interface Validated {
  what: string;
  problems: PlacedProblem[];
  warnings: KeyWarning[];
}

function readConfigFile(path: string): Uint8Array {
  return withDevice(path, (source) => source.read(0, Math.min(source.size, CONFIG_BYTES_LIMIT + 1)));
}

function checkConfig(what: string, bytes: Uint8Array): Validated {
  const warnings = 'fault' in parseJsonText(bytes) ? [] : keyWarnings(Buffer.from(bytes).toString());
  return { what, problems: parseConfig(bytes).problems, warnings };
}

/** A seed of another source than Gandi's says by its first bytes what it is. */
async function checkOtherSeed(path: string): Promise<Validated | undefined> {
  const files = new Files();
  for (const source of SOURCES.filter(({ name }) => name !== 'gandi')) {
    const found = await source.open(path, files);
    const what = `seed of ${source.name}`;
    if (found.state === 'present') {
      return { what, problems: (await source.parse(found.raw)).parsed.problems, warnings: [] };
    }
    if (found.state === 'broken') return { what, problems: [...found.problems], warnings: [] };
  }
  return undefined;
}

const readWhole = (path: string) => withDevice(path, (source) => source.read(0, source.size));

/** Bytes by which a file says what it is. */
const START_BYTES = 4096;

/** One file of a seed is known by its name. */
async function checkFile(path: string): Promise<Validated | undefined> {
  const name = basename(path);
  const format = formatOfFile(name);
  if (format === undefined) return undefined;
  const bytes = readWhole(path);
  const problems = [...(await format.problems({ [name]: bytes }, true))];
  return { what: name, problems: await withPlaces(problems, name, bytes), warnings: [] };
}

/** User-data of another name say by their beginning what they are. */
async function checkUserData(path: string): Promise<Validated | undefined> {
  const { kindOfBytes } = await import('../metadata/user-data/kinds.ts');
  const start = startOf(path);
  const isKnown = typeof kindOfBytes(start, true) !== 'object';
  return isKnown || isPlainText(start) ? await asUserData(path) : undefined;
}

const startOf = (path: string) =>
  Buffer.from(withDevice(path, (source) => source.read(0, Math.min(source.size, START_BYTES))));

const [GZIP, ...UTF_16] = ['1f8b', 'fffe', 'feff'];

/** What a value of JSON begins with, or is (RFC 8259, 3). */
const JSON_START = /^(?:[[{"]|-?\d|(?:null|true|false)\b)/;

/**
 * Whether bytes are the beginning of a text that is no JSON, or of one that is packed: whoever wrote it is told what keeps it from
 * being user-data. A file that goes on behind its first bytes may be a disk that begins with anything.
 */
function isPlainText(start: Buffer): boolean {
  const magic = start.subarray(0, 2).toString('hex');
  if (magic === GZIP || UTF_16.includes(magic)) return true;
  const text = start.toString().replace(/^[\s\ufeff]+/, '');
  return text !== '' && !start.includes(0) && !JSON_START.test(text);
}

async function asUserData(path: string): Promise<Validated> {
  const { withUserData } = await import('../metadata/user-data/with-user-data.ts');
  const userData = readWhole(path);
  // What templates fill in is unknown as yet.
  const nothing = { config: { hostName: 'unknown' }, problems: [], refused: [], origins: [] };
  const { problems } = await withUserData(nothing, { userData, instanceId: 'unknown' });
  const what = 'user-data';
  return { what, problems: await withPlaces(problems, what, userData), warnings: [] };
}

async function withPlaces(
  problems: readonly Problem[],
  file: string,
  bytes: Uint8Array,
): Promise<PlacedProblem[]> {
  if (problems.length === 0) return [];
  const { placesIn } = await import('../metadata/user-data/places.ts');
  const placeOf = placesIn(file, bytes);
  return problems.map((problem) => ({ ...problem, ...placeOf(problem.path) }));
}

async function check(path: string): Promise<Validated> {
  return (
    (await checkFile(path)) ?? (await checkUserData(path)) ?? (await checkOtherSeed(path)) ?? checkGandi(path)
  );
}

const describePlaced = ({ line, column, ...problem }: PlacedProblem) =>
  describeProblem(
    line === undefined ? problem : { ...problem, path: `${problem.path} at line ${line}, column ${column}` },
  );

/** An archive says by its header what it is; everything else is taken for a configuration. */
function checkGandi(path: string): Validated {
  const { result } = readSeed(path);
  switch (result.state) {
    case 'present':
      return checkConfig('archive', result.config);
    case 'broken':
      return { what: 'archive', problems: result.problems, warnings: [] };
    case 'absent':
      return checkConfig('configuration', readConfigFile(path));
  }
}

/**
 * Checks a configuration, an archive, user-data, a seed of any source or one file of it, and prints every problem with its
 * path, in YAML with line and column, and as a warning each key of Gandi's format that is not known or there twice.
 * @returns exit status: 1 if there is any problem
 */
export async function validate(
  path: string,
  options: { json?: boolean },
  { output }: Pick<System, 'output'>,
): Promise<number> {
  const { what, problems, warnings } = await check(path);
  if (options.json === true) output.print(cleanJson({ what, problems, warnings }));
  else {
    const lines = [
      ...warnings.map((warning) => `warning: ${warning.path}: ${warning.text}`),
      ...problems.map((problem) => (problem.isWarning === true ? 'warning: ' : '') + describePlaced(problem)),
      ...(areWarnings(problems) ? [`a valid ${what}`] : []),
    ];
    output.print(lines.map((line) => `${path}: ${line}\n`).join(''));
  }
  return areWarnings(problems) ? EXIT.ok : EXIT.failed;
}
