const ASK_MILLISECONDS = 10_000;
const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What a program printed; `failure` is empty if it did all right, else what it said of that. */
export interface ProgramAnswer {
  stdout: string;
  failure: string;
}

function whyNot(program: string, error: NodeJS.ErrnoException, milliseconds: number): string {
  if (error.code === 'ENOENT') return `${program} is not installed`;
  if (error.code === 'ETIMEDOUT') return `${program} did not answer within ${milliseconds / 1000} s`;
  return `${program}: ${error.message}`;
}

/**
 * What a program prints that only tells something, in the locale C. It is waited for: a caller cannot go on without its
 * answer.
 * @param argv program and arguments
 * @param milliseconds after which it is killed
 */
export function askProgram(
  [program, ...args]: readonly [string, ...string[]],
  milliseconds = ASK_MILLISECONDS,
): ProgramAnswer {
  // Loaded here alone: a guest that leaves no doubt does not pay for it.
  const { spawnSync } = require('node:child_process') as typeof import('node:child_process');
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    cwd: '/',
    env: { PATH: SEARCH_PATH, LC_ALL: 'C', HOME: '/' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: milliseconds,
    killSignal: 'SIGKILL',
  });
  if (error !== undefined) return { stdout: '', failure: whyNot(program, error, milliseconds) };
  return { stdout, failure: status === 0 ? '' : stderr || `${program} failed without a word` };
}
