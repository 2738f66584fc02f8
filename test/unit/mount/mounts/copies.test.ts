import { describe, expect, it } from 'vitest';
import { parseMountInfo } from '../../../../src/machine/formats/text/mounts.ts';
import { attachDisk } from '../../../../src/mount/attach/attach-disk.ts';
import { copyOptions, planForget, whyNotBeside } from '../../../../src/mount/mounts/copies.ts';
import { captureOutput } from '../../captured-output.ts';
import { MIB } from '../../images.ts';
import { SDB } from '../sdb.ts';
import { main, rowsByName, simulatedGuest } from '../simulated-run.ts';

const said = captureOutput();
const guest = simulatedGuest();

const UUID = '11111111-2222-3333-4444-555555555555';
const withSerial = (serial: string) => [`ID_SERIAL=QEMU_${serial}`, `ID_SERIAL_SHORT=${serial}`];
const copyOn = (name: string, ...udev: string[]) =>
  guest.disks.attach({ name, label: 'data', uuid: UUID, udev });

/** Where the disks are mounted, by their names. */
async function places() {
  said.stdout = '';
  await main(['list', '--json']);
  const rows = Object.entries(rowsByName(said.stdout)).filter(
    ([, { present, state }]) => present && state === 'mounted',
  );
  return Object.fromEntries(
    rows.map(([name, { mountPoint }]) => [name, mountPoint?.replace(guest.disks.files.root, '')]),
  );
}

describe('a copy of a data disk', () => {
  it('gets a path of its own, which it keeps over a boot in the other order, and is told', async () => {
    copyOn('sdb', ...withSerial('one'));
    copyOn('sdc', ...withSerial('two'));
    await main(['rescan', '--new']);
    expect(await places()).toEqual({ sdb: '/srv/data', sdc: '/srv/data_2' });
    expect(said.stderr).toMatch(
      new RegExp(`sdc is at \\S+/srv/data_2: it is a copy of \\S+sdb \\(ext4 ${UUID}\\)`),
    );
    said.stdout = '';
    await main(['list', '--json']);
    expect(rowsByName(said.stdout).sdc?.why).toMatch(/it is a copy of \S+sdb/);
    guest.disks.reboot(['sdb', 'sdc']);
    copyOn('sdb', ...withSerial('two'));
    copyOn('sdc', ...withSerial('one'));
    await main(['rescan', '--new']);
    expect(await places()).toEqual({ sdc: '/srv/data', sdb: '/srv/data_2' });
    expect(said.stderr).toMatch(/sdb is at \S+\/srv\/data_2: it is a copy of \S+sdc/);
  });

  it('is one that comes later, also where it has the first name by then', async () => {
    copyOn('sdc', ...withSerial('one'));
    await main(['rescan', '--new']);
    guest.disks.reboot(['sdc']);
    copyOn('sdb', ...withSerial('two'));
    copyOn('sdc', ...withSerial('one'));
    await main(['rescan', '--new']);
    expect(await places()).toEqual({ sdc: '/srv/data', sdb: '/srv/data_2' });
    // Without its original it keeps its own path.
    guest.disks.reboot(['sdb', 'sdc']);
    copyOn('sdb', ...withSerial('two'));
    await main(['rescan', '--new']);
    expect(await places()).toEqual({ sdb: '/srv/data_2' });
  });

  it('is told by its place where nothing has a serial number', async () => {
    copyOn('sdb', 'ID_PATH=pci-0000:00:04.0-scsi-0:0:1:0');
    copyOn('sdc', 'ID_PATH=pci-0000:00:04.0-scsi-0:0:2:0');
    await main(['rescan', '--new']);
    guest.disks.reboot(['sdb', 'sdc']);
    copyOn('sdb', 'ID_PATH=pci-0000:00:04.0-scsi-0:0:2:0');
    copyOn('sdc', 'ID_PATH=pci-0000:00:04.0-scsi-0:0:1:0');
    await main(['rescan', '--new']);
    expect(await places()).toEqual({ sdc: '/srv/data', sdb: '/srv/data_2' });
  });

  it('takes the path where it is there alone: it was restored', async () => {
    copyOn('sdb', ...withSerial('one'));
    await main(['rescan', '--new']);
    guest.disks.reboot(['sdb']);
    copyOn('sdb', ...withSerial('three'));
    await main(['rescan', '--new']);
    expect(await places()).toEqual({ sdb: '/srv/data' });
  });

  it('is told of what is no data disk, such as the root disk', async () => {
    guest.disks.attach({ name: 'sda', vendor: 'QEMU', udev: [`ID_FS_UUID=${UUID}`] });
    guest.disks.mountElsewhere('sda', '/usr');
    copyOn('sdb');
    await main(['rescan', '--new']);
    expect(said.stderr).toMatch(/it is a copy of \S+sda \(ext4/);
  });
});

describe('a copy of a copy', () => {
  it('has a path of its own as well; each keeps its path, in whichever order they come', async () => {
    const serials = ['one', 'two', 'three'];
    for (const [at, name] of ['sdb', 'sdc', 'sdd'].entries()) {
      copyOn(name, ...withSerial(serials[at] ?? ''));
      await main(['rescan', '--new']);
    }
    expect(await places()).toEqual({ sdb: '/srv/data', sdc: '/srv/data_2', sdd: '/srv/data_3' });
    guest.disks.reboot(['sdb', 'sdc', 'sdd']);
    for (const [at, name] of ['sdd', 'sdc', 'sdb'].entries()) copyOn(name, ...withSerial(serials[at] ?? ''));
    await main(['rescan', '--new']);
    expect(await places()).toEqual({ sdd: '/srv/data', sdc: '/srv/data_2', sdb: '/srv/data_3' });
    // Without the original, and without the first copy.
    guest.disks.reboot(['sdb', 'sdc', 'sdd']);
    copyOn('sdb', ...withSerial('three'));
    await main(['rescan', '--new']);
    expect(await places()).toEqual({ sdb: '/srv/data_3' });
  });

  it('that was enlarged before it came is one, and is grown', async () => {
    copyOn('sdb', ...withSerial('one'));
    await main(['rescan', '--new']);
    const grown = { label: 'data', uuid: UUID, udev: withSerial('two'), fileSystemBytes: 8 * MIB };
    guest.disks.attach({ name: 'sdc', ...grown });
    await main(['rescan', '--new']);
    expect(await places()).toEqual({ sdb: '/srv/data', sdc: '/srv/data_2' });
    expect(said.stderr).toMatch(/it is a copy of \S+sdb/);
    expect(guest.disks.ran.filter((line) => line.startsWith('resize2fs'))).toEqual(['resize2fs /dev/sdc']);
  });
});

describe('one disk by two paths', () => {
  const path = (place: string) => [...withSerial('lun'), 'ID_WWN=0x5000c50015ea71aa', `ID_PATH=${place}`];

  it('is mounted once, and by the other path where the first goes away', async () => {
    copyOn('sdb', ...path('a'));
    copyOn('sdc', ...path('b'));
    await main(['rescan', '--new']);
    expect(await places()).toEqual({ sdb: '/srv/data' });
    expect(said.stderr).toMatch(
      /sdc is left alone: it is another path to the disk of \S+sdb \(same serial number and WWN\)/,
    );
    expect(await main(['eject', guest.disks.node('sdc')])).toBe(3);
    expect(said.stderr).toMatch(/there is no data disk \S+: \S+sdc is left alone, it is another path/);
    guest.disks.takeAway('sdb');
    await main(['rescan', '--new']);
    expect(await places()).toEqual({ sdc: '/srv/data' });
    copyOn('sdb', ...path('a'));
    await main(['rescan', '--new']);
    expect(await places()).toEqual({ sdc: '/srv/data' });
  });

  it('is mounted once where there are three, beside a copy of it, and by the last one that is left', async () => {
    for (const [at, name] of ['sdb', 'sdc', 'sdd'].entries()) copyOn(name, ...path(`place${at}`));
    copyOn('sde', ...withSerial('copy'), 'ID_WWN=0x5000c50015ea7777');
    await main(['rescan', '--new']);
    expect(await places()).toEqual({ sdb: '/srv/data', sde: '/srv/data_2' });
    guest.disks.takeAway('sdc');
    await main(['rescan', '--new']);
    guest.disks.takeAway('sdb');
    await main(['rescan', '--new']);
    expect(await places()).toEqual({ sdd: '/srv/data', sde: '/srv/data_2' });
  });

  it('stays unmounted once it was ejected, whichever path goes first', async () => {
    copyOn('sdb', ...path('a'));
    copyOn('sdc', ...path('b'));
    await main(['rescan', '--new']);
    expect(await main(['eject', 'data'])).toBe(0);
    await main(['rescan', '--new']);
    guest.disks.takeAway('sdb');
    await main(['rescan', '--new']);
    expect(guest.disks.mounts()).toEqual([]);
    await main(['attach', guest.disks.node('sdc')]);
    expect(await places()).toEqual({ sdc: '/srv/data' });
  });

  it('is two disks where the WWNs differ, and left to multipathd where that has it', async () => {
    copyOn('sdb', ...withSerial('array'), 'ID_WWN=0x1');
    copyOn('sdc', ...withSerial('array'), 'ID_WWN=0x2');
    // As 60-multipath.rules has it.
    copyOn('sdd', ...withSerial('other'), 'DM_MULTIPATH_DEVICE_PATH=1', 'ID_FS_TYPE=mpath_member');
    await main(['rescan', '--new']);
    expect(await places()).toEqual({ sdb: '/srv/data', sdc: '/srv/data_2' });
    expect(said.stderr).toMatch(/sdd is left alone: it is a path that multipathd has/);
  });

  it('needs the same file system where there is no WWN', async () => {
    copyOn('sdb', ...withSerial('0'));
    copyOn('sdc', ...withSerial('0'));
    guest.disks.attach({ name: 'sdd', label: 'other', udev: withSerial('0') });
    await main(['rescan', '--new']);
    expect(await places()).toEqual({ sdb: '/srv/data', sdd: '/srv/other' });
  });
});

describe('what the kernel mounts once for each UUID', () => {
  const SDC = { ...SDB, name: 'sdc', node: '/dev/sdc', deviceNumber: '8:32' };
  const content = (type: string) => ({ type, uuid: 'A', usage: 'filesystem', title: '' }) as const;
  const copies = {
    originals: new Map([['sdc', SDB]]),
    twins: new Map([
      ['sdb', [SDC]],
      ['sdc', [SDB]],
    ]),
  };
  const mounted = '30 1 0:40 / /srv/data rw - btrfs /dev/sdb rw';
  const filesWith = (...paths: string[]) => ({
    status: (path: string) =>
      paths.includes(path) ? ({ kind: 'file', mode: 0o755, uid: 0, gid: 0, size: 0 } as const) : undefined,
    readText: (path: string) =>
      path === '/proc/self/mountinfo' && paths.includes(mounted) ? mounted : undefined,
  });

  it('is XFS, which is mounted all the same', () => {
    expect(copyOptions(content('xfs'), [SDB])).toEqual(['nouuid']);
    expect(copyOptions(content('xfs'), [])).toEqual([]);
    expect(copyOptions(content('ext4'), [SDB])).toEqual([]);
  });

  it.each<
    [string, { type?: string; here?: string[]; device?: typeof SDB; asked?: boolean }, RegExp | undefined]
  >([
    ['a copy beside its original', { here: [mounted] }, /^it is a copy of \/dev\/sdb .*: eject \/dev\/sdb/],
    ['a copy that is asked for beside it', { here: [mounted], asked: true }, /^it is a copy of/],
    ['a copy whose original is not mounted', {}, /^it is a copy of/],
    ['such a copy that is asked for', { asked: true }, undefined],
    ['the original', { device: SDB }, undefined],
    ['a copy in a kernel that can', { here: [mounted, '/sys/fs/btrfs/features/temp_fsid'] }, undefined],
    ['a copy of another type', { here: [mounted], type: 'ext4' }, undefined],
  ])('is btrfs: %s', (_, { type = 'btrfs', here = [], device = SDC, asked = false }, why) => {
    const state = { device, verdict: { kind: 'data', content: content(type) } } as const;
    const found = whyNotBeside(filesWith(...here), state, copies, asked);
    if (why === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(why);
  });

  it('is mounted at the second try, when the kernel has forgotten a copy that is newer', async () => {
    const { disks } = guest;
    const run = disks.run();
    disks.write('/usr/bin/btrfs', '');
    disks.fail = (line) =>
      line.startsWith('mount') && !disks.ran.some((one) => one.startsWith('btrfs'))
        ? 'File exists'
        : undefined;
    const attachment = { content: content('btrfs'), mountPoint: disks.mountPoint('data'), isNew: false };
    disks.attach({ name: 'sdb' });
    const device = { ...SDB, node: disks.node('sdb') };
    expect(await attachDisk(run, { ...attachment, device, twins: [SDC] })).toMatchObject({
      state: 'mounted',
    });
    expect(disks.ran.filter((line) => !line.startsWith('mount'))).toEqual([
      'btrfs device scan --forget /dev/sdc',
    ]);
    disks.ran.length = 0;
    disks.fail = (line) => (line.startsWith('mount') ? 'bad superblock' : undefined);
    await attachDisk(run, { ...attachment, content: content('ext4'), device, twins: [SDC] });
    expect(disks.ran).toHaveLength(1);
  });

  it('is forgotten where it is not mounted, so that an older original can be', () => {
    const tool = filesWith('/usr/bin/btrfs');
    expect(planForget(content('btrfs'), [SDC], [], tool)).toMatchObject([
      { argv: ['btrfs', 'device', 'scan', '--forget', '/dev/sdc'] },
    ]);
    expect(planForget(content('btrfs'), [SDB], parseMountInfo(mounted), tool)).toEqual([]);
    expect(planForget(content('btrfs'), [SDC], [], filesWith())).toEqual([]);
    expect(planForget(content('ext4'), [SDC], [], tool)).toEqual([]);
  });
});
