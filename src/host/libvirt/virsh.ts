import { randomBytes } from 'node:crypto';
import type { Argv, CommandResult, FollowedCommand, HostCommands } from '../commands/commands.ts';

/** libvirtd may be started by its socket, and an SSH connection takes its time. */
const QUERY_SECONDS = 60;

/** Words that virsh takes for one word each in a line of several commands. */
export const PLAIN_WORD = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** A line of commands is one argument, of which the kernel takes 128 KiB (execve(2), MAX_ARG_STRLEN). */
const LINE_LIMIT = 100_000;

/** A query that libvirt did not answer. Its message is one line for an admin. */
export class LibvirtError extends Error {
  override readonly name = 'LibvirtError';
}

/** What `virsh` said last behind `error:`, in one line; libvirt's own words, for people alone. */
export function saidBy({ stderr, failure }: Pick<CommandResult, 'stderr' | 'failure'>): string {
  const errors = stderr.split('\n').filter((line) => line.startsWith('error: '));
  const last = errors.at(-1)?.slice('error: '.length).trim();
  return last === undefined || last === '' ? (failure ?? 'virsh gave no reason') : last;
}

/**
 * A connection to a libvirt, by virsh(1). This and src/host/libvirt/apply.ts are its only callers. What is decided is
 * decided by exit statuses and further queries, never by the texts of messages.
 */
export class Virsh {
  /**
   * @param commands runs virsh, with messages that are not translated
   * @param uri of the connection, such as `qemu+ssh://host/system`; absent: libvirt's own choice
   */
  constructor(
    readonly commands: HostCommands,
    readonly uri?: string,
  ) {}

  /** The command line of a virsh command. */
  argv(...args: readonly string[]): Argv {
    const connect = this.uri === undefined ? [] : ['--connect', this.uri];
    return ['virsh', ...connect, '--quiet', ...args];
  }

  /** Runs a query. @returns how it ended, for those whose failure is an answer */
  ask(...args: readonly string[]): Promise<CommandResult> {
    return this.commands.run(this.argv(...args), { timeoutSeconds: QUERY_SECONDS });
  }

  /**
   * Runs a query.
   * @returns what it printed
   * @throws LibvirtError with libvirt's reason
   */
  async query(...args: readonly string[]): Promise<string> {
    const result = await this.ask(...args);
    if (result.failure !== undefined) throw this.#failed(args.slice(0, 1), result);
    return result.stdout;
  }

  /**
   * Runs several queries by few processes: over SSH each connection costs a second. A query that fails prints nothing, and
   * the others go on: who asks looks at what came.
   * @param queries of plain words, such as options and UUIDs
   * @returns what each printed
   * @throws LibvirtError if there is no connection
   */
  queryAll(queries: readonly (readonly string[])[]): Promise<string[]> {
    return this.#queryLines(queries, false);
  }

  /**
   * The same of what has no part that may be gone, such as lists: an empty one of which nobody knows whether it is one would
   * be taken for the truth.
   * @throws LibvirtError if any query fails
   */
  queryWhole(queries: readonly (readonly string[])[]): Promise<string[]> {
    return this.#queryLines(queries, true);
  }

  async #queryLines(queries: readonly (readonly string[])[], isWhole: boolean): Promise<string[]> {
    const unsafe = queries.flat().find((word) => !PLAIN_WORD.test(word));
    if (unsafe !== undefined) throw new Error(`not a plain word in a line for virsh: ${unsafe}`);
    const answers: string[] = [];
    let rest = queries;
    while (rest.length > 0) {
      const count = this.#howMany(rest);
      answers.push(...(await this.#queryLine(rest.slice(0, count), isWhole)));
      rest = rest.slice(count);
    }
    return answers;
  }

  #howMany(queries: readonly (readonly string[])[]): number {
    let length = 0;
    const over = queries.findIndex((query) => {
      length += query.join(' ').length + 40;
      return length > LINE_LIMIT;
    });
    return over === -1 ? queries.length : Math.max(1, over);
  }

  async #queryLine(queries: readonly (readonly string[])[], isWhole: boolean): Promise<string[]> {
    // Nothing that a domain's definition may hold.
    const mark = `end-${randomBytes(8).toString('hex')}`;
    const line = queries.map((query) => `${query.join(' ')}; echo ${mark}`).join('; ');
    const result = await this.ask(line);
    // Its quiet form of echo ends with no newline.
    const parts = result.stdout.split(mark);
    // Its exit status is that of the last command.
    const hasFailed = isWhole && (result.failure !== undefined || /^error: /m.test(result.stderr));
    if (parts.length !== queries.length + 1 || hasFailed)
      throw this.#failed(
        queries.map(([name = '']) => name),
        result,
      );
    return parts.slice(0, -1);
  }

  #failed(names: readonly string[], result: CommandResult): LibvirtError {
    const where = this.uri === undefined ? 'libvirt' : `libvirt at ${this.uri}`;
    const what = [...new Set(names)].join(', ');
    const isUnreachable = /^error: failed to connect/m.test(result.stderr);
    const hint = isUnreachable ? '; is libvirtd up, and the URI right?' : '';
    return new LibvirtError(`${where} did not answer ${what}: ${saidBy(result)}${hint}`);
  }

  /**
   * Follows what happens to all domains. An event is a hint to look again, and no more.
   * @param onEvent is given each line that virsh prints
   */
  events(onEvent: (line: string) => void): FollowedCommand {
    return this.commands.follow(this.argv('event', '--all', '--loop'), onEvent);
  }
}
