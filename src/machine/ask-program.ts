const ASK_MILLISECONDS = 10_000;
const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * What a program prints that only tells something, in the locale C. It is waited for: a caller cannot go on without its
 * answer.
 * @param argv program and arguments
 * @returns its standard output; undefined if it is not installed, fails, or does not end within 10 s
 */
export function askProgram([program, ...args]: readonly [string, ...string[]]): string | undefined {
  // Loaded here alone: a guest that leaves no doubt does not pay for it.
  const { spawnSync } = require('node:child_process') as typeof import('node:child_process');
  const { status, stdout } = spawnSync(program, args, {
    cwd: '/',
    env: { PATH: SEARCH_PATH, LC_ALL: 'C', HOME: '/' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: ASK_MILLISECONDS,
    killSignal: 'SIGKILL',
  });
  return status === 0 ? stdout : undefined;
}
