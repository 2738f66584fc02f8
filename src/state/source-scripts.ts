import type { FileView } from '../machine/files/files.ts';
import { SCRIPT_DIRECTORY } from '../machine/files/paths.ts';

/** A script of the source that gandi-postboot is to run at this boot. */
export interface OrderedScript {
  /** Of letters, digits and hyphens. */
  name: string;
  /** Interpreter first: the directory may be mounted with noexec. */
  argv: [string, ...string[]];
  /** Of its content: another content is another script, whatever the instance is called. */
  digest: string;
  /** It runs at each boot until it exits with 0. */
  untilSuccess?: true;
  /** Absent: as CONFIG_POSTBOOT_TIMEOUT says. */
  timeoutSeconds?: number;
}

export const scriptPath = (name: string): string => `${SCRIPT_DIRECTORY}/${name}`;

/** Has the digest of the script that was run, or of the one that has succeeded where it runs until then. */
export const scriptMark = (name: string): string => `${SCRIPT_DIRECTORY}/${name}.run`;

/** What a mark says once the script of a digest has run. */
export const markedAs = (digest: string): string => `${digest}\n`;

/** Whether a script has run; what a mark of another content says is about another script. */
export const hasRun = (files: Pick<FileView, 'readText'>, name: string, digest: string): boolean =>
  files.readText(scriptMark(name)) === markedAs(digest);

const isText = (value: unknown): value is string => typeof value === 'string';

/** @returns undefined for anything but a script as we order one */
export function parseOrderedScript(value: unknown): OrderedScript | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, argv, digest, untilSuccess, timeoutSeconds } = value as Record<string, unknown>;
  if (!isText(name) || !/^[A-Za-z0-9-]+$/.test(name) || !isText(digest)) return undefined;
  const [program, ...args] = Array.isArray(argv) && argv.every(isText) ? argv : [];
  if (program === undefined) return undefined;
  return {
    name,
    argv: [program, ...args],
    digest,
    ...(untilSuccess === true ? { untilSuccess } : {}),
    ...(typeof timeoutSeconds === 'number' ? { timeoutSeconds } : {}),
  };
}
