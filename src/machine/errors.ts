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
