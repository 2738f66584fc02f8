import { gunzipBytes } from '../../../machine/formats/gunzip-bytes.ts';
import { bytesOfBase64 } from '../../fields/base64.ts';
import { describeYaml, MapReader } from '../../fields/map-reader.ts';
import { quote } from '../../fields/problem.ts';
import { isUserName } from '../../fields/user-name.ts';
import { BINARY_TAG, isYamlScalar, type YamlScalar } from '../../fields/yaml/yaml-text.ts';
import type { FileConfig, ScriptConfig } from '../../guest-config.ts';
import { scriptName } from '../scripts.ts';
import { type CloudConfig, isRefused } from './cloud-config.ts';

const DEFAULT_MODE = 0o644;
/** Bytes of all files together. */
const CONTENT_BYTES_LIMIT = 16 * 1024 * 1024;
const PATH_EXPECTED = 'an absolute path of a file, without ".." in it';
const MODE_EXPECTED = 'octal digits in quotes, such as "0644"';

/** cloud-init, cc_write_files.py: names of what content is packed in. */
const BASE64 = ['b64', 'base64'];
const GZIP = ['gz', 'gzip'];
const BOTH = GZIP.flatMap((gzip) => BASE64.map((base64) => `${gzip}+${base64}`));

/** Scripts there are run by cloud-init when the guest has booted. */
const SCRIPTS = /^\/var\/lib\/cloud\/scripts\/(per-boot|per-instance|per-once)\/([^/]+)$/;

export interface WrittenFiles {
  files: FileConfig[];
  /** Files that cloud-init would run, by their directories. */
  scripts: ScriptConfig[];
}

/**
 * `write_files`. Each entry stands for itself.
 * @param isMadeHere whether a user is made by this configuration: what is to be such a user's is written behind that
 * @param homes of these users: what lies there is written behind that, too, for else the home would be root's
 */
export function readFiles(
  config: CloudConfig,
  isMadeHere: (user: string) => boolean,
  homes: readonly string[] = [],
): WrittenFiles {
  const written: WrittenFiles = { files: [], scripts: [] };
  const budget = { left: CONTENT_BYTES_LIMIT };
  for (const { value, path, findings } of config.list('write_files', 'files') ?? []) {
    const reader = MapReader.of(value, path, findings);
    const file = readFile(reader, budget, isMadeHere, homes);
    if (file === undefined || isRefused(findings)) continue;
    const script = scriptOf(file);
    if (script === undefined) written.files.push(file);
    else written.scripts.push(script);
    const size = `${Buffer.byteLength(file.content, 'base64')} bytes, mode ${file.mode.toString(8)}`;
    findings.origin(script === undefined ? `file ${quote(file.path)}` : `script ${script.name}`, size, path);
  }
  return written;
}

function readFile(
  reader: MapReader,
  budget: { left: number },
  isMadeHere: (user: string) => boolean,
  homes: readonly string[],
): FileConfig | undefined {
  const path = reader.parsed('path', PATH_EXPECTED, pathOf);
  if (path === undefined && !isRefused(reader.findings)) reader.refuse('path', 'nothing', PATH_EXPECTED);
  if (reader.value('source') !== undefined)
    reader.refuse('source', 'a place in the network, which is not asked', '"content" with what is there');
  const mode = readMode(reader);
  const owner = readOwner(reader);
  const append = reader.flag('append') === true;
  const isLate =
    reader.flag('defer') === true ||
    (owner !== undefined && isMadeHere(owner.user)) ||
    homes.some((home) => path?.startsWith(`${home}/`));
  const content = readContent(reader, budget);
  reader.finish();
  if (path === undefined || mode === undefined || content === undefined) return undefined;
  return {
    path,
    content,
    mode,
    ...(owner === undefined ? {} : { owner }),
    ...(append ? { append } : {}),
    ...(isLate ? { late: true } : {}),
    // What others may not read is not shown either.
    ...((mode & 0o077) === 0 ? { secret: true as const } : {}),
  };
}

const pathOf = (text: string) =>
  /^\/[^\p{Cc}\p{Cs}]*[^/\p{Cc}\p{Cs}]$/u.test(text) &&
  text.length <= 4096 &&
  !/(?:^|\/)\.\.?(?:\/|$)/.test(text)
    ? text
    : undefined;

/**
 * In quotes, or with a 0 in front, digits are octal. Plain ones without it are decimal to YAML and octal to their writer:
 * `644` would be mode 1204.
 */
function readMode(reader: MapReader): number | undefined {
  const value = reader.value('permissions');
  if (value === undefined) return DEFAULT_MODE;
  const text = isYamlScalar(value) ? value.text : '';
  const [, digits] = /^(?:0o)?([0-7]{1,7})$/.exec(text) ?? [];
  const mode = digits === undefined ? -1 : Number.parseInt(digits, 8);
  const isPlain = isYamlScalar(value) && value.isPlain;
  if (isPlain && /^[1-9]\d*$/.test(text))
    return reader.refuse(
      'permissions',
      `${quote(text)} without quotes, a decimal number to YAML`,
      MODE_EXPECTED,
    );
  if (mode < 0 || mode > 0o7777) return reader.refuse('permissions', describeYaml(value), MODE_EXPECTED);
  return mode;
}

/** `USER:GROUP`, or a user, whose file is of the group root. */
function readOwner(reader: MapReader): FileConfig['owner'] {
  const owner = reader.parsed('owner', 'a user and a group as "root:root"', (text) => {
    const [user = '', group = 'root', ...rest] = text.split(':').map((name) => (name === '' ? 'root' : name));
    return rest.length === 0 && isUserName(user) && isUserName(group) ? { user, group } : undefined;
  });
  return owner?.user === 'root' && owner.group === 'root' ? undefined : owner;
}

/** @returns base64 */
function readContent(reader: MapReader, budget: { left: number }): string | undefined {
  const encoding = (reader.text('encoding') ?? '').trim().toLowerCase();
  const value = reader.value('content');
  if (value !== undefined && !isYamlScalar(value))
    return reader.refuse('content', describeYaml(value), 'text: put "|" behind "content:"');
  const scalar = value ?? { text: '', isPlain: false };
  const bytes = decode(scalar, encoding, reader, budget.left);
  if (bytes === undefined) return undefined;
  budget.left -= bytes.length;
  if (budget.left < 0)
    return reader.refuse('content', 'too much', `at most ${CONTENT_BYTES_LIMIT} bytes of all files together`);
  return Buffer.from(bytes).toString('base64');
}

function decode(
  scalar: YamlScalar,
  encoding: string,
  reader: MapReader,
  most: number,
): Uint8Array | undefined {
  const isGzip = GZIP.includes(encoding) || BOTH.includes(encoding);
  const isBase64 = BASE64.includes(encoding) || isGzip || scalar.tag === BINARY_TAG;
  if (!isBase64) {
    if (!['', 'text/plain'].includes(encoding))
      reader.findings.passOver(
        reader.at('encoding'),
        quote(encoding),
        `${BASE64.join(', ')}, ${BOTH.join(', ')}`,
      );
    return Buffer.from(scalar.text);
  }
  const bytes = bytesOfBase64(scalar.text);
  if (bytes === undefined) return reader.refuse('content', 'no base64', `what "encoding" says`);
  if (!isGzip) return bytes;
  const unpacked = gunzipBytes(bytes, most);
  return unpacked ?? reader.refuse('content', 'no whole gzip, or too much of it', 'what "encoding" says');
}

/** Lima and others leave scripts where cloud-init looks for them. */
function scriptOf({ path, content, append }: FileConfig): ScriptConfig | undefined {
  const [, when, name = ''] = SCRIPTS.exec(path) ?? [];
  if (when === undefined || append === true) return undefined;
  return {
    name: `${when}-${scriptName(name)}`,
    content,
    when: 'post-boot',
    repeat: when === 'per-boot' ? 'each-boot' : 'once',
  };
}
