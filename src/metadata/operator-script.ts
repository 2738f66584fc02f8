import { interpreterBehindBlanks, isBinary, whyNotAsMeant } from '../machine/formats/text/script-start.ts';
import { decodeText } from '../machine/formats/text/text-bytes.ts';

/** What becomes of the guest once an operator script has ended, whatever it came to. */
export type AfterOperator = 'poweroff' | 'reboot' | 'continue';

/** A script of whoever runs the host: it runs before any service, and nothing else is applied first. */
export interface OperatorScript {
  content: Uint8Array;
  /** Where it was found, for people: `sdc:operator-script`. */
  field: string;
  /** It runs at each boot at which the host has it; absent: once for the instance and its content. */
  eachBoot?: true;
  /** Where the script does not say; absent: the guest is powered off. */
  after?: AfterOperator;
}

/** How an operator script is run, or why it is not. */
export type OperatorRun =
  | { argv: readonly [string, ...string[]]; after: AfterOperator; timeoutSeconds?: number }
  /** In words that follow on the script's name. */
  | { refused: string };

/** Bytes of the longest script that is run. */
export const OPERATOR_BYTES_LIMIT = 4 * 1024 * 1024;

/** The word that stands for our own way to make an image of a guest, and what it stands for. */
const SEAL = 'seal';
const SEAL_ARGV = ['gandi-guest', 'seal', '--now', '--yes'] as const;

const AFTER: readonly AfterOperator[] = ['poweroff', 'reboot', 'continue'];
/** A comment among the first lines: `# gandi-operator: after=reboot timeout=60`. */
const WORDS = /^#[ \t]*gandi-operator:[ \t]*(.*)$/;
const MOST_LINES = 20;
/** What units/gandi-operator.service leaves for the script: the rest is for a host that is slow to answer. */
export const MOST_SECONDS = 180;

/** What the comment says. */
interface Said {
  after?: AfterOperator;
  timeoutSeconds?: number;
  /** A word that means nothing. */
  wrong?: string;
}

function readWord(word: string, said: Said): void {
  const after = AFTER.find((name) => word === `after=${name}`);
  const seconds = Number(/^timeout=([1-9]\d{0,3})$/.exec(word)?.[1]);
  if (after !== undefined) said.after = after;
  else if (seconds <= MOST_SECONDS) said.timeoutSeconds = seconds;
  else said.wrong ??= word;
}

function readWords(text: string): Said {
  const said: Said = {};
  for (const line of text.split('\n', MOST_LINES))
    for (const word of WORDS.exec(line)?.[1]?.split(/\s+/) ?? []) if (word !== '') readWord(word, said);
  return said;
}

/** What the kernel makes of the first line (execve(2)); a text without one is given to sh, as execvp(3) does. */
function interpreterOf(text: string): readonly [string, ...string[]] {
  const [, program, argument] = /^#![ \t]*(\S+)(?:[ \t]+([^\n]*\S))?/.exec(text) ?? [];
  if (program === undefined) return interpreterBehindBlanks(text) ?? ['/bin/sh'];
  return argument === undefined ? [program] : [program, argument];
}

/**
 * Says how an operator script is to be run. It is given to its interpreter, for its directory may be mounted without leave to
 * execute (noexec), as Debian mounts /run. Never throws, whatever the bytes are.
 * @param path where it will be
 * @returns undefined for a script without text: that asks for nothing
 */
export function operatorRun(
  { content, after = 'poweroff' }: OperatorScript,
  path: string,
): OperatorRun | undefined {
  if (content.length > OPERATOR_BYTES_LIMIT)
    return { refused: `it has ${content.length} bytes; make it at most ${OPERATOR_BYTES_LIMIT}` };
  const text = decodeText(Buffer.from(content));
  const word = text.trim();
  if (word === '') return undefined;
  // What is sealed is off: so the next boot is that of an image.
  if (word === SEAL) return { argv: SEAL_ARGV, after: 'poweroff' };
  if (isBinary(text))
    return { refused: 'it is a compiled program; make it a script that brings or calls one' };
  const why = text.includes('\0') ? 'it is no text; make it a script' : whyNotAsMeant(text);
  if (why !== undefined) return { refused: why };
  const { wrong, timeoutSeconds, after: said = after } = readWords(text);
  if (wrong !== undefined)
    return {
      refused: `"gandi-operator:" says ${JSON.stringify(wrong.slice(0, 40))}; make it after=poweroff, after=reboot, after=continue, or timeout=1 to timeout=${MOST_SECONDS}`,
    };
  return {
    argv: [...interpreterOf(text), path],
    after: said,
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
  };
}
