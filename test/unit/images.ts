import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { OpenDevice } from '../../src/machine/files/device-reader.ts';

export const MIB = 1024 * 1024;

let directory: string | undefined;
let count = 0;

afterAll(() => {
  if (directory !== undefined) rmSync(directory, { recursive: true });
  directory = undefined;
});

/** A sparse file that stands for a disk; removed after the test file. */
export function makeImage(bytes: number): string {
  directory ??= mkdtempSync(join(tmpdir(), 'gandi-guest-image-'));
  const path = join(directory, `disk${++count}`);
  closeSync(openSync(path, 'w'));
  truncateSync(path, bytes);
  return path;
}

/**
 * Runs a tool of the development machine; throws with its output if it fails or is not installed. The input is a file,
 * not a pipe: a tool that ends without reading it would break the pipe (EPIPE), now and then.
 */
export function run(tool: string, parameters: readonly string[], input = ''): string {
  const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
  const stdin = openSync(makeImage(0), 'r+');
  try {
    writeSync(stdin, input, 0);
    return execFileSync(tool, parameters, {
      encoding: 'utf8',
      env: { ...process.env, PATH },
      stdio: [stdin, 'pipe', 'pipe'],
    });
  } finally {
    closeSync(stdin);
  }
}

/** What libblkid says, as udev asks it. */
export function blkid(path: string): Record<string, string> {
  const lines = run('blkid', ['--probe', '--output', 'export', path]).trim().split('\n');
  return Object.fromEntries(lines.map((line) => [line.split('=', 1)[0], line.replace(/^[^=]*=/, '')]));
}

export function writeAt(path: string, offset: number, bytes: Uint8Array): void {
  const descriptor = openSync(path, 'r+');
  writeSync(descriptor, bytes, 0, bytes.length, offset);
  closeSync(descriptor);
}

/** A device of which all bytes are zero but those given. Reads are recorded. */
export function memoryDevice(
  size: number,
  content: Readonly<Record<number, Uint8Array>> = {},
): OpenDevice & { reads: [number, number][] } {
  const reads: [number, number][] = [];
  return {
    path: 'memory',
    size,
    reads,
    read(offset, length) {
      reads.push([offset, length]);
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      for (const [key, part] of Object.entries(content)) {
        const at = Number(key) - offset;
        if (at >= bytes.length || at + part.length <= 0) continue;
        bytes.set(part.subarray(Math.max(0, -at), bytes.length - at), Math.max(0, at));
      }
      return bytes;
    },
    close: () => undefined,
  };
}

export const text = (content: string) => Uint8Array.from(content, (character) => character.charCodeAt(0));

/** First sector of an archive as the host writes it. */
export function archiveHeader(name = 'gandi/config'): Uint8Array {
  const sector = new Uint8Array(512);
  sector.set(text(name));
  sector.set(text('ustar\x0000'), 257);
  return sector;
}
