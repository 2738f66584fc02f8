/** A command that failed: what is told of it, and all that it printed, which may say more. */
export class CommandError extends Error {
  constructor(
    message: string,
    readonly output: string,
  ) {
    super(message);
  }
}

/**
 * A program said by its exit status that it does not do what it was to do: it had its time, was not killed, and says the same
 * when it is asked again.
 */
export class Refused extends CommandError {}

/**
 * What went wrong, in one line for an admin.
 * @param error a system error of Node, such as `ENOSPC: no space left on device, write`, or any other
 * @returns the reason without code, system call and internal paths, such as `no space left on device`
 */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const line = message.split('\n')[0] ?? message;
  return /^E[A-Z0-9]+: (.+?), \w+/.exec(line)?.[1] ?? line;
}

/**
 * What ended a program, in one line for an admin: the file where a system call failed, the reason, and what to do
 * where only the right to do it is missing.
 * @param error as for {@link reasonOf}
 * @param isRoot whether the program has all rights already
 * @returns such as `/gandi/config: permission denied; run it as root`
 */
export function describeFailure(error: unknown, isRoot: boolean): string {
  const { code, path } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  const reason = path === undefined ? reasonOf(error) : `${path}: ${reasonOf(error)}`;
  const lacksRights = !isRoot && (code === 'EACCES' || code === 'EPERM');
  return lacksRights ? `${reason}; run it as root` : reason;
}
