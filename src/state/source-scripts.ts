import type { RunSupervised } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { RUNTIME_DIRECTORY, SCRIPT_DIRECTORY } from '../machine/files/paths.ts';

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
  /** It runs at each boot. */
  eachBoot?: true;
  /** Absent: as CONFIG_POSTBOOT_TIMEOUT says. */
  timeoutSeconds?: number;
}

export const scriptPath = (name: string): string => `${SCRIPT_DIRECTORY}/${name}`;

/**
 * Has the digest of the script that was run, or of the one that has succeeded where it runs until then.
 * @param eachBoot it is of this boot alone
 */
export const scriptMark = (name: string, eachBoot = false): string =>
  eachBoot ? `${RUNTIME_DIRECTORY}/script-${name}.run` : `${SCRIPT_DIRECTORY}/${name}.run`;

/** What a mark says once the script of a digest has run. */
export const markedAs = (digest: string): string => `${digest}\n`;

/** Whether a script has run; what a mark of another content says is about another script. */
export const hasRun = (
  files: Pick<FileView, 'readText'>,
  { name, digest, eachBoot }: Pick<OrderedScript, 'name' | 'digest' | 'eachBoot'>,
): boolean => files.readText(scriptMark(name, eachBoot)) === markedAs(digest);

/** The mark that a run of a script leaves. */
export const markOf = ({ name, digest, untilSuccess, eachBoot }: OrderedScript): RunSupervised['mark'] => ({
  path: scriptMark(name, eachBoot),
  content: markedAs(digest),
  ...(untilSuccess === true ? { onSuccess: true } : {}),
});

const isText = (value: unknown): value is string => typeof value === 'string';

/** @returns undefined for anything but a script as we order one */
export function parseOrderedScript(value: unknown): OrderedScript | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, argv, digest, untilSuccess, eachBoot, timeoutSeconds } = value as Record<string, unknown>;
  if (!isText(name) || !/^[A-Za-z0-9-]+$/.test(name) || !isText(digest)) return undefined;
  const [program, ...args] = Array.isArray(argv) && argv.every(isText) ? argv : [];
  if (program === undefined) return undefined;
  return {
    name,
    argv: [program, ...args],
    digest,
    ...(untilSuccess === true ? { untilSuccess } : {}),
    ...(eachBoot === true ? { eachBoot } : {}),
    ...(typeof timeoutSeconds === 'number' ? { timeoutSeconds } : {}),
  };
}
