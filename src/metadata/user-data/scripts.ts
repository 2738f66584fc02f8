import { withPlainLineEnds } from '../fields/plain-line-ends.ts';
import type { Problem, ScriptConfig } from '../guest-config.ts';
import type { Part } from './parts.ts';

/** Bytes of the largest script that a source brings. */
const SCRIPT_BYTES_LIMIT = 4 * 1024 * 1024;

/** A script, with the name by which cloud-init sorts it. */
export interface SortedScript {
  script: ScriptConfig;
  fileName: string;
}

/**
 * Makes a script of a part that is one.
 * @param file `user-data` or `vendor-data`
 * @param isAlone it is all that the file has
 */
export function scriptOfPart(part: Part, file: string, isAlone: boolean): { script: SortedScript } | Problem {
  const { kind, bytes, label, fileName } = part;
  const problem = (found: string, expected: string): Problem => ({
    group: 'post-boot',
    path: label,
    found,
    expected,
  });
  if (bytes.length > SCRIPT_BYTES_LIMIT)
    return problem(`${bytes.length} bytes`, `a script of at most ${SCRIPT_BYTES_LIMIT} bytes`);
  const start = startOf(bytes, kind === 'boothook');
  if (start === undefined)
    return problem('a script without "#!"', '"#!" and an interpreter in the first line');
  // The kernel looks for it in the first two bytes (execve(2)).
  const content = withPlainLineEnds(Buffer.from(bytes.subarray(start))).toString('base64');
  const name = isAlone ? file : `${file}-${scriptName(fileName)}`;
  return { script: { fileName, script: { name, content, ...TIMES[kind] } } };
}

const TIMES = {
  script: { when: 'post-boot', repeat: 'once' },
  'script-each-boot': { when: 'post-boot', repeat: 'each-boot' },
  boothook: { when: 'early', repeat: 'each-boot' },
  'cloud-config': { when: 'post-boot', repeat: 'once' },
} as const satisfies Record<Part['kind'], Pick<ScriptConfig, 'when' | 'repeat'>>;

/** Letters, digits and hyphens of a file's name. */
export const scriptName = (fileName: string): string =>
  fileName
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60) || 'script';

/** Where the script begins: behind blank lines, and of a hook behind the line that says what it is. */
function startOf(bytes: Uint8Array, isHook: boolean): number | undefined {
  const text = Buffer.from(bytes.subarray(0, 4096)).toString('latin1');
  const [heading = ''] = (isHook ? /^[\t-\r ]*#cloud-boothook[^\n]*\n/i.exec(text) : undefined) ?? [];
  const [blank = ''] = /^[\t-\r ]*/.exec(text.slice(heading.length)) ?? [];
  const start = heading.length + blank.length;
  return text.startsWith('#!', start) ? start : undefined;
}

/**
 * Scripts in the order in which they run: those of each boot first, the others by their names (run-parts), with `runcmd` as
 * one of them. Of two of one name the later one gets another.
 */
export function sortScripts(scripts: readonly SortedScript[]): ScriptConfig[] {
  const isLater = ({ script }: SortedScript) => script.repeat !== 'each-boot';
  const byName = scripts.filter(isLater).sort((one, other) => compare(one.fileName, other.fileName));
  const names = new Set<string>();
  return [...scripts.filter((one) => !isLater(one)), ...byName].map(({ script }) => {
    let name = script.name;
    for (let number = 2; names.has(name); number++) name = `${script.name}-${number}`;
    names.add(name);
    return { ...script, name };
  });
}

const compare = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);
