import { askProgram } from './ask-program.ts';
import type { FileView } from './files.ts';
import { hasSshd } from './sshd-config.ts';

/**
 * Asks sshd itself what is in force for a login of a user (sshd(8), -T). Where it lacks what it needs to serve, such as
 * host keys before the first start, `-G` answers as well; OpenSSH has it from 9.3 on.
 * @param program its name, or another's path
 * @returns arguments by keyword in lower case; undefined if there is no answer
 */
export function askSshd(
  files: FileView,
  user: string,
  program = 'sshd',
): ReadonlyMap<string, readonly string[]> | undefined {
  if (!hasSshd(files)) return undefined;
  for (const mode of ['-T', '-G']) {
    const stdout = askProgram([program, mode, '-C', `user=${user},host=localhost,addr=127.0.0.1`]);
    if (stdout === undefined) continue;
    const lines = stdout.split('\n').map((line) => line.trim().split(/ +/));
    return new Map(lines.map(([keyword = '', ...values]) => [keyword, values]));
  }
  return undefined;
}
