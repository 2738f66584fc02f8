import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { askProgram, type ProgramAnswer } from '../commands/ask-program.ts';
import type { FileView } from '../files/files.ts';
import { RUNTIME_DIRECTORY } from '../files/paths.ts';
import { hasSshd, readSshdConfig } from './sshd-config.ts';

/**
 * The text behind each keyword, which is in lower case, as sshd prints it; what is on several lines, such as AllowUsers, with
 * blanks between them; or in one line why it says nothing.
 */
export type SshdAnswer = { settings: ReadonlyMap<string, string> } | { failure: string };

/** For all starts of programs that an answer takes. */
const ASK_MILLISECONDS = 10_000;

/** From where the login is that sshd is asked about: an address that nobody has (RFC 5737), for any from elsewhere. */
const STRANGER = '192.0.2.1';

/** Where sshd lives while it has no rights: what a unit makes below /run is not there before that unit starts. */
const NO_DIRECTORY = /^Missing privilege separation directory: (\/(?:var\/)?run\/[^/\s]+)$/m;
const NO_HOST_KEYS = /no hostkeys available/;

const LONGEST_FAILURE = 200;

/** Runs programs one after the other, up to one deadline. */
class Programs {
  readonly #deadline = Date.now() + ASK_MILLISECONDS;

  run(program: string, args: readonly string[]): ProgramAnswer {
    return askProgram([program, ...args], Math.max(1, this.#deadline - Date.now()));
  }
}

/** A host key for one question, readable for root alone, in a directory of its own below `parent`. */
function withHostKey<T>(programs: Programs, parent: string, use: (key: string | undefined) => T): T {
  mkdirSync(parent, { recursive: true, mode: 0o755 });
  const directory = mkdtempSync(`${parent}/host-key-`);
  try {
    const key = `${directory}/key`;
    const { failure } = programs.run('ssh-keygen', ['-q', '-t', 'ecdsa', '-N', '', '-f', key]);
    return use(failure === '' ? key : undefined);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/**
 * Asks sshd to print its configuration, and gives it what it wants for that before it has ever run: the directory, which
 * stays as its unit would have it, and a host key, which it does not keep.
 */
function print(programs: Programs, program: string, connection: string, runtime: string) {
  const options = ['-T', '-C', connection];
  // From OpenSSH 9.3 on: it prints before it looks for anything else.
  const early = programs.run(program, ['-G', ...options]);
  if (early.failure === '') return early;
  const ask = (others: readonly string[]) => {
    const answer = programs.run(program, [...options, ...others]);
    const directory = NO_DIRECTORY.exec(answer.failure)?.[1];
    if (directory === undefined) return answer;
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    return programs.run(program, [...options, ...others]);
  };
  const answer = ask([]);
  if (!NO_HOST_KEYS.test(answer.failure)) return answer;
  return withHostKey(programs, runtime, (key) => (key === undefined ? answer : ask(['-h', key])));
}

/** The first line that says something; warnings about keys are framed. */
const firstLine = (failure: string) => (/^[^@\s].*/m.exec(failure)?.[0] ?? failure).slice(0, LONGEST_FAILURE);

/**
 * Asks sshd itself what is in force for a login of a user from somewhere else (sshd(8), -T and -C).
 * @param program its name, or another's path
 * @param runtime directory for what sshd needs once, root's alone to write in
 */
export function askSshd(
  files: FileView,
  user: string,
  program = 'sshd',
  runtime = RUNTIME_DIRECTORY,
): SshdAnswer {
  if (!hasSshd(files)) return { failure: 'there is no sshd' };
  const port = readSshdConfig(files).values.get('port')?.value ?? '22';
  const connection = `user=${user},host=${STRANGER},addr=${STRANGER},lport=${port}`;
  try {
    const { stdout, failure } = print(new Programs(), program, connection, runtime);
    if (failure !== '') return { failure: firstLine(failure) };
    const settings = new Map<string, string>();
    for (const line of stdout.split('\n')) {
      const [, keyword = '', text = ''] = /^(\S+) ?(.*)$/.exec(line) ?? [];
      const before = settings.get(keyword);
      settings.set(keyword, before === undefined ? text : `${before} ${text}`);
    }
    return { settings };
  } catch (error) {
    // A directory or a key that cannot be made, such as on a root without room.
    return { failure: (error as Error).message };
  }
}
