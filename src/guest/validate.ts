import { basename } from 'node:path';
import { withDevice } from '../machine/files/device-reader.ts';
import { Files } from '../machine/files/files.ts';
import { cleanJson } from '../machine/runtime/clean-text.ts';
import { CONFIG_BYTES_LIMIT, parseJsonText } from '../metadata/fields/json-text.ts';
import { type KeyWarning, keyWarnings } from '../metadata/gandi/key-warnings.ts';
import { parseConfig } from '../metadata/gandi/parse.ts';
import { readSeed } from '../metadata/gandi/seed-file.ts';
import type { Problem } from '../metadata/guest-config.ts';
import { SOURCES } from '../metadata/sources.ts';
import type { System } from '../plan/system.ts';
import { describeProblem } from '../state/report.ts';
import { EXIT } from '../terminal/exit-status.ts';
import { formatOfFile } from './seed-formats.ts';

interface Validated {
  what: string;
  problems: Problem[];
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

/** One file of a seed is known by its name. */
async function checkFile(path: string): Promise<Validated | undefined> {
  const name = basename(path);
  const format = formatOfFile(name);
  if (format === undefined) return undefined;
  const bytes = withDevice(path, (source) => source.read(0, source.size));
  return { what: name, problems: [...(await format.problems({ [name]: bytes }, true))], warnings: [] };
}

async function check(path: string): Promise<Validated> {
  return (await checkFile(path)) ?? (await checkOtherSeed(path)) ?? checkGandi(path);
}

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
 * Checks a configuration, an archive, a seed of any source or one file of it, and prints every problem with its path, and as a warning each key
 * that is not known or there twice.
 * @returns exit status: 1 if there is any problem
 */
export async function validate(
  path: string,
  options: { json?: boolean },
  { output }: System,
): Promise<number> {
  const { what, problems, warnings } = await check(path);
  if (options.json === true) output.print(cleanJson({ what, problems, warnings }));
  else {
    const lines = [
      ...warnings.map((warning) => `warning: ${warning.path}: ${warning.text}`),
      ...problems.map(describeProblem),
      ...(problems.length === 0 ? [`a valid ${what}`] : []),
    ];
    output.print(lines.map((line) => `${path}: ${line}\n`).join(''));
  }
  return problems.length === 0 ? EXIT.ok : EXIT.failed;
}
