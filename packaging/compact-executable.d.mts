export function compactExecutable(file: Buffer): Buffer;
