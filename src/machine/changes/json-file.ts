import { applyChange } from './apply.ts';
import type { Machine } from './machine.ts';

/**
 * Reads a JSON file of ours. One that was damaged costs what it said: that is found out again.
 * @param text undefined where there is no file
 * @returns undefined for anything but an object
 */
export function parseJsonObject(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Writes a JSON file of ours, with its directory; nothing where it says so already.
 * @throws Error if it cannot be written; the old file is there then
 */
export async function storeJson(
  machine: Machine,
  directory: string,
  file: { path: string; mode: number },
  value: unknown,
): Promise<void> {
  const content = `${JSON.stringify(value, null, 1)}\n`;
  if (machine.files.readText(file.path) === content) return;
  if (machine.files.status(directory) === undefined) {
    await applyChange({ kind: 'make-directory', path: directory, mode: 0o755 }, machine);
  }
  await applyChange({ kind: 'write-file', ...file, content }, machine);
}
