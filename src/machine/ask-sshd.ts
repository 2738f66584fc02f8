import type { FileView } from './files.ts';
import { hasSshd } from './sshd-config.ts';

const ASK_MILLISECONDS = 10_000;
const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

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
  // Loaded here alone: a guest that leaves no doubt does not pay for it.
  const { spawnSync } = require('node:child_process') as typeof import('node:child_process');
  for (const mode of ['-T', '-G']) {
    const { status, stdout } = spawnSync(
      program,
      [mode, '-C', `user=${user},host=localhost,addr=127.0.0.1`],
      {
        cwd: '/',
        env: { PATH: SEARCH_PATH, LC_ALL: 'C', HOME: '/' },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        timeout: ASK_MILLISECONDS,
        killSignal: 'SIGKILL',
      },
    );
    if (status !== 0) continue;
    const lines = stdout.split('\n').map((line) => line.trim().split(/ +/));
    return new Map(lines.map(([keyword = '', ...values]) => [keyword, values]));
  }
  return undefined;
}
