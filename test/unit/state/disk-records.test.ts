import { describe, expect, it } from 'vitest';
import type { Commands } from '../../../src/machine/commands/commands.ts';
import type { BlockDevice } from '../../../src/machine/devices/block-devices.ts';
import {
  type DiskRecord,
  isAbout,
  readDiskRecords,
  readPathMemory,
  storeDiskRecords,
  storePathMemory,
} from '../../../src/state/disk-records.ts';
import { makeFiles } from '../context.ts';
import { temporaryRoot } from '../temporary-root.ts';

const noCommands: Commands = {
  run: ([program]) => Promise.reject(new Error(`unexpected command ${program}`)),
};
const record = (name: string, state: DiskRecord['state'], sequence?: number): DiskRecord => ({
  node: `/dev/${name}`,
  name,
  deviceNumber: '8:16',
  state,
  since: '2026-01-01T00:00:00.000Z',
  ...(sequence === undefined ? {} : { sequence }),
});

describe('records of disks', () => {
  it('are read as they were stored', async () => {
    const machine = { files: temporaryRoot(), commands: noCommands, live: true };
    const disks = [record('sdb', 'mounted', 4), record('sdc', 'gone', 5)];
    await storeDiskRecords(machine, disks);
    expect(readDiskRecords(machine.files)).toEqual(disks);
    const memory = [{ uuid: 'A', name: 'data', type: 'ext4', label: 'data' }];
    await storePathMemory(machine, memory);
    expect(readPathMemory(machine.files)).toEqual(memory);
  });

  it('leave nothing behind on a guest without data disks', async () => {
    const machine = { files: temporaryRoot({ '/etc/x': '' }), commands: noCommands, live: true };
    await storePathMemory(machine, []);
    expect(machine.files.list('/')).toEqual(['etc']);
  });

  it('forget what went away long ago', async () => {
    const machine = { files: temporaryRoot(), commands: noCommands, live: true };
    const gone = Array.from({ length: 250 }, (_, number) => record(`sd${number}`, 'gone', number));
    await storeDiskRecords(machine, [record('sda', 'mounted', 999), ...gone]);
    const kept = readDiskRecords(machine.files);
    expect(kept.length).toBe(201);
    expect([kept[0]?.name, kept[1]?.name, kept.at(-1)?.name]).toEqual(['sda', 'sd50', 'sd249']);
  });

  it.each<Record<string, unknown>>([
    { mountPoint: '/srv/../etc' },
    { mountPoint: '/srv/..' },
    { mountPoint: '..' },
    { mountPoint: '/' },
    { mountPoint: 'srv/data' },
    { mountPoint: 7 },
    { node: '/dev/../etc/passwd' },
    { node: '--all' },
    { name: '..' },
    { name: '../../etc' },
    { deviceNumber: 'x' },
    { sequence: '4' },
    { ownMount: { id: '4', deviceNumber: '8:16' } },
    { services: 'ssh.service' },
    { services: [1] },
    { label: {} },
  ])('are left out where they name another place or make no sense: %j', (damage) => {
    const good = { ...record('sdb', 'mounted', 4), mountPoint: '/srv/data' };
    const text = JSON.stringify({ disks: [{ ...good, ...damage }, good] });
    expect(readDiskRecords(makeFiles({ '/run/gandi/disks.json': text }))).toEqual([good]);
  });

  it.each(['..', '.', '', 'a/b', 'a\0b', 7])('remember no name that is none: %j', (name) => {
    const text = JSON.stringify({ fileSystems: [{ uuid: 'A', type: 'ext4', name }] });
    expect(readPathMemory(makeFiles({ '/var/lib/gandi/disks.json': text }))).toEqual([]);
  });

  it.each(['', '{"disks": 1}', '{"disks": [null, {"name": "sdb"}]}', '[]', '{"disks": [{'])(
    'are none in a damaged file: %j',
    (text) => {
      const files = makeFiles({ '/run/gandi/disks.json': text, '/var/lib/gandi/disks.json': text });
      expect(readDiskRecords(files)).toEqual([]);
      expect(readPathMemory(files)).toEqual([]);
    },
  );

  it('do not take a path for a name', () => {
    const text = JSON.stringify({ fileSystems: [{ uuid: 'A', type: 'ext4', name: '../etc' }] });
    expect(readPathMemory(makeFiles({ '/var/lib/gandi/disks.json': text }))).toEqual([]);
  });
});

it('tells a disk from the one that had its name before', () => {
  const device = { name: 'sdb', sequence: 7 } as Partial<BlockDevice> as BlockDevice;
  expect(isAbout(record('sdb', 'mounted', 7), device)).toBe(true);
  expect(isAbout(record('sdb', 'mounted', 6), device)).toBe(false);
  expect(isAbout(record('sdb', 'gone', 7), device)).toBe(false);
});
