import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemCommands } from '../../../../src/machine/commands/commands.ts';
import { attachmentOf } from '../../../../src/machine/devices/attachment.ts';
import { listBlockDevices } from '../../../../src/machine/devices/block-devices.ts';
import { HOST_DISK_FILE } from '../../../../src/machine/files/paths.ts';
import { renderSwapHeader } from '../../../../src/machine/formats/swap-header.ts';
import { loadHostConfiguration } from '../../../../src/metadata/choose.ts';
import { packArchive } from '../../../../src/metadata/gandi/seed-disk.ts';
import { storeReport } from '../../../../src/state/records.ts';
import type { Report } from '../../../../src/state/report.ts';
import { rememberHostDisk } from '../../../../src/storage/remember-disk.ts';
import { MIB, run, writeAt } from '../../images.ts';
import { type FakeDisk, makeSysfs } from '../../sysfs.ts';
import { temporaryRoot } from '../../temporary-root.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gandi-guest-source-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** What is learned from a seed with this configuration, in a guest that an earlier one was stored in. */
async function load(config: string) {
  const seed = join(folder, 'seed.tar');
  writeFileSync(seed, await packArchive({ config: Buffer.from(config), script: Buffer.from('#!/bin/sh\n') }));
  const files = temporaryRoot({ '/gandi/config': '{"vm_hostname":"earlier"}' });
  return await loadHostConfiguration({
    files,
    commands: systemCommands,
    live: false,
    hypervisor: 'kvm',
    sources: ['all'],
    waitSeconds: 0,
    seed,
  });
}

describe('a new archive', () => {
  it('takes the place of the earlier one, without what was refused', async () => {
    const host = await load('{"vm_hostname":"web1","vif":7}');
    expect(host).toMatchObject({
      state: 'new',
      parsed: { config: { hostName: 'web1' }, refused: ['network'] },
    });
    expect(host.gandi?.archive?.members.map(({ name }) => name)).toEqual(['script', 'config']);
  });

  it.each(['{"vm_hostname":', '[]', '"web1"', ''])(
    'takes the place of nothing where its configuration cannot be read: %j',
    async (config) => {
      const host = await load(config);
      expect(host).toMatchObject({
        state: 'broken',
        parsed: { config: { hostName: 'earlier' }, refused: [] },
      });
      expect(host.parsed.problems).toHaveLength(1);
      expect(host.parsed.problems[0]).toMatchObject({ group: 'archive', path: '' });
      expect(host.gandi?.archive).toBeUndefined();
    },
  );
});

describe('a blank disk where the swap disk is expected', () => {
  let disks: string;

  beforeAll(() => {
    // The kernel's name of a disk may hold a slash: so these files can have names of devices.
    disks = mkdtempSync('/dev/shm/gandi-guest-');
  });

  afterAll(() => rmSync(disks, { recursive: true }));

  const LIVE = {
    '/proc/swaps': 'headings\n',
    '/proc/self/mountinfo': '1 0 8:0 / / rw - ext4 /dev/root rw\n',
  };
  const files = () => temporaryRoot(LIVE);
  const NOTHING_FOUND: Omit<Report, 'bootId'> = {
    program: 'gandi-bootstrap',
    version: '3',
    startedAt: '2026-01-01T00:00:00Z',
    status: 'nothing-found',
    source: 'no configuration found',
    problems: [],
    steps: [],
  };

  /** What the kernel says of a disk. */
  function putSysfs({ root }: { root: string }, disk: FakeDisk): void {
    for (const [name, entry] of Object.entries(makeSysfs([disk]))) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      if (typeof entry === 'string') writeFileSync(join(root, name), entry);
      else if ('link' in entry) symlinkSync(entry.link, join(root, name));
    }
  }

  /** Has a disk appear in a guest. */
  async function attach({ root }: { root: string }, disk: string, target: number, config?: string) {
    const path = join(disks, disk);
    rmSync(path, { force: true });
    writeFileSync(path, '');
    truncateSync(path, 4 * MIB);
    if (config !== undefined) writeAt(path, 524_288, await packArchive({ config: Buffer.from(config) }));
    putSysfs(
      { root },
      {
        name: `shm!${basename(disks)}!${disk}`,
        number: `8:${target * 16}`,
        size: 4 * MIB,
        attached: { scsi: `2:0:${target}:0`, vendor: 'gandi.ne' },
      },
    );
    return path;
  }

  const look = (guest: ReturnType<typeof files>) =>
    loadHostConfiguration({
      files: guest,
      commands: systemCommands,
      live: true,
      hypervisor: 'kvm',
      sources: ['all'],
      waitSeconds: 10,
    });

  it('is not taken before one that comes later and is proven to be it', async () => {
    const guest = files();
    await attach(guest, 'sda', 0);
    await attach(guest, 'sdb', 2);
    const loading = look(guest);
    const late = await attach(guest, 'sdc', 1, '{"vm_hostname":"web1"}');
    expect(await loading).toMatchObject({
      state: 'new',
      gandi: { swap: { node: late } },
      parsed: { config: { hostName: 'web1' } },
    });
  });

  it('is taken once no other comes', async () => {
    const guest = files();
    await attach(guest, 'sda', 0);
    const blank = await attach(guest, 'sdb', 1);
    expect(await look(guest)).toMatchObject({
      state: 'none',
      gandi: { swap: { node: blank, state: 'empty' } },
    });
  });

  /** Makes the disk a swap area. */
  function makeSwap(path: string, badPages: number[]) {
    const area = {
      deviceBytes: 4 * MIB,
      pageBytes: 4096,
      uuid: crypto.randomUUID(),
      label: 'swap',
      badPages,
    };
    for (const { offset, bytes } of renderSwapHeader(area)) writeAt(path, offset, bytes);
  }

  it.each([
    ['that excludes its page', [128], 'new', 'web1'],
    ['of version 2', [], 'kept', 'earlier'],
  ])('an archive in a swap area %s', async (_, badPages, state, hostName) => {
    const guest = temporaryRoot({ ...LIVE, '/gandi/config': '{"vm_hostname":"earlier"}' });
    await attach(guest, 'sda', 0);
    makeSwap(await attach(guest, 'sdb', 1, '{"vm_hostname":"web1"}'), badPages);
    const host = await look(guest);
    expect(host).toMatchObject({
      state,
      parsed: { config: { hostName } },
      gandi: { swap: { state: 'swap' } },
    });
    expect(host.parsed.problems).toHaveLength(badPages.length === 0 ? 1 : 0);
    expect(host.gandi?.archive === undefined).toBe(badPages.length === 0);
  });

  it.each([
    ['before any boot', undefined, 'new', 'web1'],
    ['after a run on the image', '', 'new', 'web1'],
    ['once a boot has gone by', 'eba2', 'none', undefined],
  ])(
    'an archive in an unsafe swap area of a guest that never was configured, %s',
    async (_, bootId, state, hostName) => {
      const guest = files();
      const report = { ...NOTHING_FOUND, bootId: bootId ?? '' };
      if (bootId !== undefined)
        await storeReport({ files: guest, commands: systemCommands, live: bootId !== '' }, report);
      await attach(guest, 'sda', 0);
      makeSwap(await attach(guest, 'sdb', 1, '{"vm_hostname":"web1"}'), []);
      const host = await look(guest);
      expect(host).toMatchObject({ state });
      expect(host.parsed.config.hostName).toBe(hostName);
      expect(host.parsed.problems.map(({ found }) => found)).toEqual(
        state === 'new' ? [] : [expect.stringContaining('where any process can write')],
      );
    },
  );

  it('an archive in an unsafe swap area of a guest that keeps nothing over a reboot: each of its boots looks like the first', async () => {
    const guest = temporaryRoot({
      ...LIVE,
      '/proc/self/mountinfo': `${LIVE['/proc/self/mountinfo']}2 1 0:9 / /gandi rw - tmpfs tmpfs rw\n`,
    });
    await attach(guest, 'sda', 0);
    const path = await attach(guest, 'sdb', 1, '{"vm_hostname":"web1"}');
    // A disk without a swap area was in no process's reach.
    expect(await look(guest)).toMatchObject({ state: 'new' });
    makeSwap(path, []);
    const host = await look(guest);
    expect(host).toMatchObject({ state: 'none' });
    expect(host.parsed.problems[0]?.found).toContain('where any process can write');
  });

  it('an archive in an unsafe swap area where the report of a boot is damaged', async () => {
    const guest = temporaryRoot({ ...LIVE, '/var/lib/gandi/gandi-bootstrap.json': '{' });
    await attach(guest, 'sda', 0);
    makeSwap(await attach(guest, 'sdb', 1, '{"vm_hostname":"web1"}'), []);
    expect(await look(guest)).toMatchObject({ state: 'none' });
  });

  it('is not asked twice for an archive that stayed in its swap area and is longer than its page', async () => {
    const guest = temporaryRoot({
      ...LIVE,
      '/etc/fstab': 'LABEL=swap none swap sw 0 0\n',
      '/gandi/config': '{"vm_hostname":"earlier"}',
    });
    await attach(guest, 'sda', 0);
    const config = (name: string) =>
      JSON.stringify({ vm_hostname: name, vm_conf: { run: ': '.repeat(4000) } });
    const path = await attach(guest, 'sdb', 1, config('web1'));
    makeSwap(path, [128]);
    const first = await look(guest);
    expect(first).toMatchObject({ state: 'new', gandi: { archive: { length: expect.any(Number) } } });
    await rememberHostDisk({ files: guest, commands: systemCommands, live: true }, first.gandi ?? {});
    const second = await look(guest);
    expect(second).toMatchObject({ state: 'kept', parsed: { config: { hostName: 'earlier' } } });
    expect(second.parsed.problems[0]?.found).toContain('an earlier boot left');
    // Another first page was written by the host since.
    writeAt(path, 524_288, await packArchive({ config: Buffer.from(config('web23')) }));
    expect(await look(guest)).toMatchObject({ state: 'new', parsed: { config: { hostName: 'web23' } } });
  });

  it('is erased where an earlier boot stored it: the host’s script of the first boot need not be there still', async () => {
    const config = Buffer.from(`{"vm_hostname":"earlier"}${' '.repeat(8192)}`);
    const guest = temporaryRoot({ ...LIVE, '/gandi/config': config.toString() });
    await attach(guest, 'sda', 0);
    const path = await attach(guest, 'sdb', 1);
    makeSwap(path, [128]);
    writeAt(path, 524_288, await packArchive({ config, init: Buffer.from('pass\n') }));
    const first = await look(guest);
    expect(first).toMatchObject({ state: 'new', gandi: { hasInit: true } });
    await rememberHostDisk({ files: guest, commands: systemCommands, live: true }, first.gandi ?? {});
    const second = await look(guest);
    expect(second).toMatchObject({
      state: 'kept',
      gandi: {
        hasInit: false,
        swap: { pendingErase: { device: path, offset: 524_288, length: first.gandi?.archive?.length } },
      },
      parsed: { problems: [] },
    });
    expect(second.gandi?.archive).toBeUndefined();
  });

  /** Has a partitioned disk of the host's appear: its node, and that of its partition, a swap area. */
  async function attachPartitioned(guest: ReturnType<typeof files>, disk: string, target: number) {
    const path = join(disks, disk);
    const [start, size] = [MIB, 2 * MIB];
    writeFileSync(path, '');
    truncateSync(path, 4 * MIB);
    run(
      'sfdisk',
      ['--quiet', path],
      `label: gpt\nstart=${start / 512}, size=${size / 512}, name="gandiswap"\n`,
    );
    const partition = `${path}1`;
    writeFileSync(partition, '');
    truncateSync(partition, 4 * MIB);
    makeSwap(partition, [128]);
    truncateSync(partition, size);
    const kernelName = `shm!${basename(disks)}!${disk}`;
    putSysfs(guest, {
      name: kernelName,
      number: `8:${target * 16}`,
      size: 4 * MIB,
      attached: { scsi: `2:0:${target}:0`, vendor: 'gandi.ne' },
      partitions: [{ name: `${kernelName}1`, number: 1, start, size, label: 'gandiswap' }],
    });
    return partition;
  }

  it('keeps its GUIDs in a run by hand beside active swap', async () => {
    const guest = temporaryRoot({ ...LIVE, '/gandi/config': '{"vm_hostname":"earlier"}' });
    const machine = { files: guest, commands: systemCommands, live: true };
    await attach(guest, 'sda', 0);
    const node = await attachPartitioned(guest, 'sdb', 1);
    const first = await look(guest);
    const identifiers = { diskId: expect.any(String), partitionGuid: expect.any(String) };
    expect(first).toMatchObject({ gandi: { swap: { node }, disk: identifiers } });
    await rememberHostDisk(machine, first.gandi ?? {});
    const remembered = readFileSync(guest.locate(HOST_DISK_FILE), 'utf8');
    expect(JSON.parse(remembered)).toMatchObject({ swapUuid: expect.any(String), ...identifiers });
    writeFileSync(guest.locate('/proc/swaps'), `headings\n${node} partition 2044 0 -2\n`);
    const second = await look(guest);
    const disk = second.gandi?.disk;
    expect(disk).toEqual({ ...first.gandi?.disk, swapUuid: disk?.swapUuid });
    await rememberHostDisk(machine, second.gandi ?? {});
    expect(readFileSync(guest.locate(HOST_DISK_FILE), 'utf8')).toBe(remembered);
  });

  /** Has a disk appear that never answers a read. */
  async function attachSilent(guest: ReturnType<typeof files>, disk: string, target: number) {
    const path = await attach(guest, disk, target);
    rmSync(path);
    run('mkfifo', [path]);
    return path;
  }

  it.each([
    ['where the host’s is expected', 1, 'sdb'],
    ['behind that of the host', 3, 'sdd'],
  ])(
    'a disk that does not answer is passed over and named: %s',
    async (_, target, name) => {
      const guest = files();
      await attach(guest, 'sda', 0);
      const silent = await attachSilent(guest, name, target);
      const path = await attach(guest, 'sdc', 2, '{"vm_hostname":"web1"}');
      const host = await look(guest);
      expect(host).toMatchObject({ state: 'new', gandi: { swap: { node: path } } });
      expect(host.parsed.problems).toMatchObject([{ group: 'archive', path: silent }]);
    },
    30_000,
  );

  it('the remembered disk is not waited for either: the last configuration counts, and the line says so', async () => {
    const guest = temporaryRoot({ ...LIVE, '/gandi/config': '{"vm_hostname":"earlier"}' });
    await attach(guest, 'sda', 0);
    const silent = await attachSilent(guest, 'sdb', 1);
    const device = listBlockDevices(guest).find(({ node }) => node === silent);
    if (device === undefined) throw new Error('the disk was attached');
    mkdirSync(guest.locate('/var/lib/gandi'), { recursive: true });
    writeFileSync(guest.locate(HOST_DISK_FILE), JSON.stringify({ place: attachmentOf(device) }));
    const host = await look(guest);
    expect(host).toMatchObject({ state: 'kept', parsed: { config: { hostName: 'earlier' } } });
    expect(host.parsed.problems).toMatchObject([
      { path: silent, expected: expect.stringContaining('what an earlier boot stored counts') },
    ]);
  }, 30_000);

  it('a disk that does not answer costs no configuration that is known', async () => {
    const guest = temporaryRoot({ ...LIVE, '/gandi/config': '{"vm_hostname":"earlier"}' });
    await attach(guest, 'sda', 0);
    const silent = await attachSilent(guest, 'sdb', 1);
    const host = await look(guest);
    expect(host).toMatchObject({ state: 'kept', parsed: { config: { hostName: 'earlier' }, refused: [] } });
    expect(host.parsed.problems).toMatchObject([{ group: 'archive', path: silent }]);
  }, 30_000);
});
