import { parseJsonObject } from '../machine/changes/json-file.ts';
import { digestOf } from './applied.ts';
import { type Asked, isAsked } from './asked.ts';
import { isLateWork, type LateWork } from './late-work.ts';
import { type OrderedScript, parseOrderedScript } from './source-scripts.ts';

/** What gandi-bootstrap tells gandi-postboot to do at this boot. */
export interface PostBootOrder {
  /** Of the configuration that the host gave, its script included. */
  digest: string;
  /** The script with its arguments; absent where there is none, or where it was started already. */
  script?: [string, ...string[]];
  /** For sh -c. */
  command?: string;
  /** Of the source, in the order in which they run. */
  scripts?: OrderedScript[];
  /** Files, packages and what else of the source comes behind the boot. */
  late?: LateWork;
  /** Mounting of data disks is off: autofs must not do it either. */
  stopAutofs?: true;
  /** Nothing of the customer's is to be run: only what is asked is to be compared, once the network has settled. */
  look?: true;
  /** What is to be compared with what is, once the network is up; without password hashes. */
  asked?: Asked;
}

/** Digest of the configuration whose script, and whose command, was started last. */
export interface StartedMarks {
  script?: string;
  command?: string;
}

/**
 * Reads the marks.
 * @param text of their file, which is written as a whole: a damaged one was not written by us, and counts for nothing
 */
export function parseStartedMarks(text: string | undefined): StartedMarks {
  const { script, command } = parseJsonObject(text) ?? {};
  return {
    ...(typeof script === 'string' ? { script } : {}),
    ...(typeof command === 'string' ? { command } : {}),
  };
}

/** The marks with one more of them set, for their file. */
export function renderStartedMarks(marks: StartedMarks, started: StartedMarks): string {
  return `${JSON.stringify({ ...marks, ...started })}\n`;
}

export function renderPostBootOrder(order: PostBootOrder): string {
  return `${JSON.stringify(order)}\n`;
}

/** @returns undefined for a text that is no order */
export function parsePostBootOrder(text: string | undefined): PostBootOrder | undefined {
  const { digest, script, command, scripts, late, stopAutofs, look, asked } = parseJsonObject(text) ?? {};
  if (typeof digest !== 'string') return undefined;
  const [program, ...args] = Array.isArray(script) ? script.map(String) : [];
  return {
    digest,
    ...(program === undefined ? {} : { script: [program, ...args] }),
    ...(typeof command === 'string' ? { command } : {}),
    ...(Array.isArray(scripts) ? { scripts: scripts.flatMap((one) => parseOrderedScript(one) ?? []) } : {}),
    ...(isLateWork(late) ? { late } : {}),
    ...(stopAutofs === true ? { stopAutofs } : {}),
    ...(look === true ? { look } : {}),
    ...(isAsked(asked) ? { asked } : {}),
  };
}

/**
 * Digest of a configuration that the host gave. Any change of it counts: a guest made from a copy of this disk, with
 * the same script, has at least another name or address.
 * @param config the configuration in its normal form, so that a change of its layout in the archive is none
 * @param script text of the script
 */
export function configurationDigest(config: unknown, script: string | undefined): string {
  return digestOf({ config, script: script ?? null });
}
