/** Variables of the process: environ(7). */
export type Environment = Readonly<Record<string, string | undefined>>;
