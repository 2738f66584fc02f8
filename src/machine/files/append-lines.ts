import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Files } from './files.ts';
import { openParent, replaceFile, type Target, writeFully } from './write.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

const CHUNK_BYTES = 256 * 1024;

/** Opens a regular file as `replaceFile` would replace it. */
function openFile(files: Files, target: Target): number {
  const { directory, name } = openParent(files, target);
  try {
    const descriptor = openSync(`${directory.path}/${name}`, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (fstatSync(descriptor).isFile()) return descriptor;
    closeSync(descriptor);
    throw new Error(`${target.path} is no file; remove it to go on`);
  } finally {
    closeSync(directory.descriptor);
  }
}

function* chunksOf(descriptor: number): Generator<Buffer> {
  for (let at = 0; ; ) {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const count = readSync(descriptor, chunk, 0, CHUNK_BYTES, at);
    if (count === 0) return;
    at += count;
    yield chunk.subarray(0, count);
  }
}

/** Lines that the file does not have, as they are to the byte. */
function missingLines(descriptor: number, lines: readonly string[]): string[] {
  const missing = new Map(lines.map((line) => [line, Buffer.from(`\n${line}\n`)]));
  const longest = Math.max(0, ...[...missing.values()].map((bytes) => bytes.length));
  const look = (bytes: Buffer) => {
    for (const [line, wanted] of missing) if (bytes.includes(wanted)) missing.delete(line);
  };
  // What may be the beginning of a line that goes on in the next chunk.
  let end = Buffer.from('\n');
  for (const chunk of chunksOf(descriptor)) {
    const both = Buffer.concat([end, chunk]);
    look(both);
    end = both.subarray(Math.max(0, both.length - longest));
  }
  look(Buffer.concat([end, Buffer.from('\n')]));
  return [...missing.keys()];
}

/**
 * Puts lines behind those of a file that may be too large to be held in memory, as atomically as `replaceFile`; those that
 * it has already are left out.
 * @throws the system's error if there is no file, or no room for a second one; the file is as it was then
 */
export function appendLines(files: Files, target: Target, lines: readonly string[]): void {
  const descriptor = openFile(files, target);
  try {
    const missing = missingLines(descriptor, lines);
    if (missing.length === 0) return;
    replaceFile(files, target, (to) => {
      let last = '\n'.charCodeAt(0);
      for (const chunk of chunksOf(descriptor)) {
        writeFully(to, chunk);
        last = chunk.at(-1) ?? last;
      }
      const gap = last === '\n'.charCodeAt(0) ? '' : '\n';
      writeFully(to, Buffer.from(`${gap}${missing.join('\n')}\n`));
    });
  } finally {
    closeSync(descriptor);
  }
}
