export interface FileStatus {
  kind: 'file' | 'directory' | 'link' | 'block' | 'other';
  /** Permission bits with setuid, setgid and sticky, such as 0o755. */
  mode: number;
  uid: number;
  gid: number;
  size: number;
}

/** Reading the guest's files, below the root prefix where there is one. Paths are absolute, without the prefix. */
export interface FileView {
  /** The text of a file of at most 16 MiB, decoded as UTF-8; undefined if there is none. Throws on any other failure. */
  readText(path: string): string | undefined;
  /** What is at a path, without following a link there; undefined if nothing is. */
  status(path: string): FileStatus | undefined;
  /** Target of a symbolic link as it is written; undefined if there is no link at that path. */
  linkTarget(path: string): string | undefined;
  /** Names in a directory, sorted; empty if there is no such directory. */
  list(path: string): string[];
}
