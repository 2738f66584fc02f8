import type { Argv } from './commands.ts';

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** A command as one can type it in a shell: for people alone, no shell of ours ever reads it. */
export function shownCommand(argv: Argv): string {
  return argv.map((word) => (PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
