/** The program itself, for a newer version may do more: the executable, or what Node.js runs. */
export const programFile = (): string =>
  process.versions.bun === undefined ? (process.argv[1] ?? '') : process.execPath;
