/** What was read of a guest: by it one can tell later whether a reading would come out the same. */
export class ReadTrace {
  /** Every path that was looked at, whether anything was there or not. */
  readonly paths = new Set<string>();
  /** The texts of files that the kernel makes up, by path; undefined where there was none. */
  readonly kernelTexts = new Map<string, string | undefined>();

  looked(path: string): void {
    this.paths.add(path);
  }

  read(path: string, text: string | undefined): void {
    this.paths.add(path);
    if (path.startsWith('/proc/') || path.startsWith('/sys/')) this.kernelTexts.set(path, text);
  }
}
