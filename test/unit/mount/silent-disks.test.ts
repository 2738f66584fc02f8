import { rmSync, utimesSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listBlockDevices } from '../../../src/machine/devices/block-devices.ts';
import { attach, eject } from '../../../src/mount/commands.ts';
import { rescan } from '../../../src/mount/rescan.ts';
import { readDiskRecords } from '../../../src/state/disk-records.ts';
import { SimulatedDisks } from './simulated-disks.ts';

let disks: SimulatedDisks;

beforeEach(() => {
  disks = new SimulatedDisks();
});

afterEach(() => disks.remove());

const ASKED = 'dd if=/dev/sdb of=/dev/null bs=64k count=9';
const asked = () => disks.ran.filter((line) => line.startsWith('dd '));
const recordOf = (name: string) => readDiskRecords(disks.files).find(({ node }) => node.endsWith(`/${name}`));

/** Has what udev noted of a disk be an hour old. */
function age(number: string): void {
  const before = Date.now() / 1000 - 3600;
  utimesSync(`${disks.files.root}/run/udev/data/b${number}`, before, before);
}

/** Two disks, of which the first has stopped answering. */
function attachBoth(): void {
  disks.attach({ name: 'sdb', label: 'silent' });
  disks.attach({ name: 'sdc', label: 'data' });
  disks.fail = (line) => (line === ASKED ? 'it did not end' : undefined);
}

describe('a disk that does not answer', () => {
  it.each([
    ['since the boot', () => rmSync(`${disks.files.root}/run/udev/data/b8:16`)],
    ['since udev has read it', () => age('8:16')],
  ])('%s is asked once, named and passed over; the next one is mounted', async (_, stop) => {
    attachBoth();
    stop();
    expect(await rescan(disks.run(), false)).toBe(0);
    expect(asked()).toEqual([ASKED]);
    expect(disks.mounts()).toEqual(['/srv/data']);
    const why = 'it cannot be read: no answer within 5 s';
    expect(recordOf('sdb')).toMatchObject({ state: 'left-alone', why });
  });

  it('is served when it answers again', async () => {
    attachBoth();
    age('8:16');
    await rescan(disks.run(), false);
    disks.write('/run/udev/data/b8:16', '');
    disks.fail = () => undefined;
    await rescan(disks.run(), true);
    expect(disks.mounts().sort()).toEqual(['/srv/data', '/srv/silent']);
  });

  it('is not unmounted in order, which would not come to its end; its hook and its services are not asked', async () => {
    disks.attach({ name: 'sdb', label: 'silent' });
    await rescan(disks.run(), true);
    disks.fail = (line) => (line === ASKED ? 'it did not end' : undefined);
    age('8:16');
    disks.ran.splice(0);
    expect(await eject(disks.run(), 'silent', { force: false, waitSeconds: 0 })).toBe(1);
    expect(disks.ran).toEqual([ASKED]);
    expect(recordOf('sdb')).toMatchObject({ state: 'mounted' });
  });

  it('is not mounted where somebody asks for it', async () => {
    attachBoth();
    age('8:16');
    expect(await attach(disks.run(), disks.node('sdb'))).not.toBe(0);
    expect(disks.mounts()).toEqual([]);
  });
});

it.each([
  ['names services', ASKED, undefined],
  ['names them, and only was slow', 'none', ['mydb.service']],
])(
  'one that stops answering as soon as it is mounted and %s holds nothing up',
  async (_, silentLine, services) => {
    disks.attach({ name: 'sdb', label: 'data' });
    const device = listBlockDevices(disks.files).find(({ name }) => name.endsWith('sdb'));
    if (device === undefined) throw new Error('the disk was attached');
    disks.fail = (line) => {
      if (line.startsWith('mount ')) {
        disks.write('/srv/data/.gandi/services', 'mydb\n');
        disks.write(`${device.path}/inflight`, '1 0\n');
      }
      return line === silentLine ? 'it did not end' : undefined;
    };
    await rescan(disks.run(), true);
    expect(asked()).toHaveLength(1);
    expect(recordOf('sdb')?.state).toBe('mounted');
    expect(recordOf('sdb')?.services).toEqual(services);
  },
);

it('no process asks a disk that has just come', async () => {
  disks.attach({ name: 'sdb', label: 'data' });
  await rescan(disks.run(), true);
  expect(disks.mounts()).toEqual(['/srv/data']);
  expect(asked()).toEqual([]);
});

it('programs that work on a disk are given up when it stops answering', async () => {
  disks.attach({ name: 'sdb', label: 'data' });
  const given: string[] = [];
  const { commands } = disks;
  const watched = {
    run: (...[argv, options]: Parameters<typeof commands.run>) => {
      if (options.givesUpFor !== undefined) given.push(argv[0]);
      return commands.run(argv, options);
    },
  };
  await rescan(disks.run(false, watched), true);
  expect(given).toEqual(['mount']);
});
