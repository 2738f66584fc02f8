import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseJsonObject, storeJson } from '../../../../src/machine/changes/json-file.ts';
import { systemCommands } from '../../../../src/machine/commands/commands.ts';
import { Files } from '../../../../src/machine/files/files.ts';

it.each([
  [undefined, undefined],
  ['', undefined],
  ['{"a": 1', undefined],
  ['[1]', undefined],
  ['null', undefined],
  ['"a"', undefined],
  ['{"a": 1}', { a: 1 }],
])('reads of %j what is an object', (text, value) => {
  expect(parseJsonObject(text)).toEqual(value);
});

it('writes a file with its directory, and only if it has news', async () => {
  const root = mkdtempSync(join(tmpdir(), 'gandi-guest-json-'));
  try {
    const machine = { files: new Files(root), commands: systemCommands, live: true };
    const file = { path: '/state/a.json', mode: 0o600 };
    const inode = () => statSync(join(root, file.path)).ino;
    await storeJson(machine, '/state', file, { a: 1 });
    expect(machine.files.readText(file.path)).toBe('{\n "a": 1\n}\n');
    expect(machine.files.status(file.path)?.mode).toBe(0o600);
    const first = inode();
    await storeJson(machine, '/state', file, { a: 1 });
    expect(inode()).toBe(first);
    await storeJson(machine, '/state', file, { a: 2 });
    expect(parseJsonObject(machine.files.readText(file.path))).toEqual({ a: 2 });
  } finally {
    rmSync(root, { recursive: true });
  }
});
