import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { systemCommands } from '../../../src/machine/commands/commands.ts';
import { SOURCE_FILE } from '../../../src/machine/files/paths.ts';
import {
  fromStored,
  readStored,
  type StoredConfiguration,
  storeConfiguration,
} from '../../../src/metadata/stored/store.ts';
import { makeFiles } from '../context.ts';
import { temporaryRoot } from '../temporary-root.ts';

const STORED: StoredConfiguration = {
  source: 'nocloud',
  attachment: '/sys/devices/pci0000:00/ata2/scsi/0:0:0',
  origin: '/dev/sr0 (NoCloud)',
  instanceId: 'iid-1',
  config: { hostName: 'web1' },
  refused: ['network'],
  problems: [{ group: 'network', path: 'network-config version', found: '3', expected: '1 or 2' }],
  origins: [{ setting: 'host name', value: 'web1', field: 'meta-data local-hostname' }],
};

const guest = () => {
  const files = temporaryRoot();
  return { files, machine: { files, commands: systemCommands, live: true } };
};

it('gives back what was stored, and as a configuration that counts', async () => {
  const { files, machine } = guest();
  await storeConfiguration(machine, STORED);
  const stored = readStored(files);
  expect(stored).toEqual(STORED);
  expect(stored && fromStored(stored)).toEqual({
    state: 'kept',
    source: 'nocloud',
    instanceId: 'iid-1',
    origin: 'what /dev/sr0 (NoCloud) said at an earlier boot',
    parsed: {
      config: STORED.config,
      refused: STORED.refused,
      problems: STORED.problems,
      origins: STORED.origins,
    },
  });
});

it('is for root alone: it may hold a password', async () => {
  const { files, machine } = guest();
  await storeConfiguration(machine, STORED);
  expect(statSync(files.locate(SOURCE_FILE)).mode & 0o777).toBe(0o600);
});

it('is not written again where nothing is new', async () => {
  const { files, machine } = guest();
  await storeConfiguration(machine, STORED);
  const path = files.locate(SOURCE_FILE);
  const { ino } = statSync(path);
  await storeConfiguration(machine, { ...STORED });
  expect(statSync(path).ino).toBe(ino);
  await storeConfiguration(machine, { ...STORED, instanceId: 'iid-2' });
  expect(statSync(path).ino).not.toBe(ino);
  expect(readStored(files)?.instanceId).toBe('iid-2');
});

it('keeps what was there where it cannot be written', async () => {
  const { files, machine } = guest();
  await storeConfiguration(machine, STORED);
  const failing = { ...machine, files: temporaryRoot({ '/var/lib/gandi': 'no directory' }) };
  await expect(storeConfiguration(failing, STORED)).rejects.toThrow();
  expect(readStored(files)).toEqual(STORED);
});

describe('a file that says nothing', () => {
  const whole = { layout: 1, ...STORED };
  const read = (value: unknown) =>
    readStored(makeFiles({ [SOURCE_FILE]: typeof value === 'string' ? value : JSON.stringify(value) }));

  it('is told from one that does', () => {
    expect(read(whole)).toEqual(STORED);
  });

  it.each([
    ['cut', JSON.stringify(whole).slice(0, -10)],
    ['empty', ''],
    ['a list', []],
    ['of another layout', { ...whole, layout: 2 }],
    ['without a layout', STORED],
    ['without a source', { ...whole, source: undefined }],
    ['without a place', { ...whole, attachment: 7 }],
    ['without a configuration', { ...whole, config: null }],
    ['with a list as configuration', { ...whole, config: [] }],
    ['with a text for a list', { ...whole, refused: 'network' }],
    ['without problems', { ...whole, problems: {} }],
    ['without origins', { ...whole, origins: undefined }],
  ])('%s', (_, value) => {
    expect(read(value)).toBeUndefined();
  });

  it('is none', () => {
    expect(readStored(makeFiles({}))).toBeUndefined();
  });
});
