/** What was read of a guest: by it one can tell later whether a reading would come out the same. */
export class ReadTrace {
  /** Every path that was looked at, whether anything was there or not. */
  readonly paths = new Set<string>();
  /** Those of them whose content counted: of a directory its names, of a link where it leads. */
  readonly contents = new Set<string>();
  /** The texts of files that the kernel makes up, by path; undefined where there was none. */
  readonly kernelTexts = new Map<string, string | undefined>();

  /** Only what is at the path was asked for. */
  looked(path: string): void {
    this.paths.add(path);
  }

  /** @param text what was read; left out for directories, links and what is not kept */
  read(path: string, text?: string): void {
    this.paths.add(path);
    this.contents.add(path);
    if (path.startsWith('/proc/') || path.startsWith('/sys/')) this.kernelTexts.set(path, text);
  }
}
