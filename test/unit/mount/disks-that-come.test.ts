import { chmodSync, rmSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { captureOutput } from '../captured-output.ts';
import { MIB, run, text, writeAt } from '../images.ts';
import { NO_CHECKSUMS } from './simulated-disks.ts';
import { main, rowsByName, simulatedGuest } from './simulated-run.ts';

const said = captureOutput();
const guest = simulatedGuest();

async function list() {
  said.stdout = '';
  expect(await main(['list', '--json'])).toBe(0);
  return rowsByName(said.stdout);
}

describe('usage', () => {
  it.each([
    [['attach'], "missing required argument 'device|mount-point'"],
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['rescan', '--old'], "unknown option '--old'"],
    [['eject', 'data', '--wait', 'forever'], 'Expected whole seconds from 0 to 86400'],
  ])('%j is wrong', async (args, expected) => {
    expect(await main(args)).toBe(2);
    expect(said.stderr).toContain(expected);
    expect(guest.disks.ran).toEqual([]);
  });

  it('is shown with each command', async () => {
    expect(await main(['--help'])).toBe(0);
    for (const command of ['attach', 'detach', 'eject', 'rescan', 'list', 'autofs', 'apply-mode'])
      expect(said.stdout).toContain(`  ${command} `);
  });
});

describe('disks that come', () => {
  it('are mounted under their labels, or the name of the device', async () => {
    const { disks } = guest;
    disks.attach({ name: 'sdb', label: 'data' });
    disks.attach({ name: 'sdc' });
    expect(await main(['rescan']), said.stderr).toBe(0);
    expect(disks.mounts()).toEqual(['/srv/data', expect.stringMatching(/^\/srv\/\S+sdc$/)]);
    expect(disks.ran.find((line) => line.startsWith('mount'))).toBe(
      'mount -t ext4 -o rw,nosuid,nodev,noatime,errors=remount-ro,barrier=1 -- /dev/sdb /srv/data',
    );
    expect(await list()).toMatchObject({
      sdb: { state: 'mounted', label: 'data', mountPoint: disks.mountPoint('data'), present: true },
      sdc: { state: 'mounted' },
    });
  });

  it('are mounted once, however often they are announced', async () => {
    guest.disks.attach({ name: 'sdb', label: 'data' });
    await main(['rescan', '--new']);
    const before = guest.disks.ran.length;
    expect(await main(['rescan', '--new'])).toBe(0);
    expect(await main(['rescan'])).toBe(0);
    expect(guest.disks.ran).toHaveLength(before);
  });

  it.each([
    ['another disk', 'b8:32', 2],
    ['what is no block device', 'c21:1', 1],
    ['a record that is being written', '.#b8:323f1c9a', 1],
  ])('are looked at again where udev comes to its end with %s meanwhile', async (_, record, looks) => {
    const { disks } = guest;
    disks.attach({ name: 'sdb', label: 'data' });
    disks.attach({ name: 'sdc', label: 'late' });
    rmSync(`${disks.files.root}/run/udev/data/b8:32`);
    disks.answer = (line) => {
      if (line.endsWith('/srv/data')) disks.write(`/run/udev/data/${record}`, '');
      return '';
    };
    const read = vi.spyOn(disks.files, 'readText');
    expect(await main(['rescan', '--new']), said.stderr).toBe(0);
    expect(read.mock.calls.filter(([path]) => path === '/proc/swaps')).toHaveLength(looks);
    read.mockRestore();
  });

  it('are only shown in a dry run', async () => {
    guest.disks.attach({ name: 'sdb', label: 'data' });
    expect(await main(['rescan', '--new', '--dry-run'])).toBe(0);
    expect(said.stdout).toContain(`would make directory ${guest.disks.mountPoint('data')}`);
    expect(said.stdout).toMatch(/^disks:\n {2}would make directory .*\n {2}would run mount /m);
    expect(guest.disks.mounts()).toEqual([]);
    expect(guest.disks.files.status('/run/gandi/disks.json')).toBeUndefined();
  });

  it('are grown to the size of their device', async () => {
    guest.disks.attach({ name: 'sdb', label: 'data', fileSystemBytes: 8 * MIB });
    await main(['rescan', '--new']);
    expect(guest.disks.ran.at(-1)).toMatch(/^resize2fs .*\/dev\/sdb$/);
    expect(said.stderr).toContain('/srv/data: grown to the size of');
  });

  it('are not grown over the hashes of dm-verity that begin behind their file system, which is told once', async () => {
    guest.disks.attach({ name: 'sdb', label: 'data', fileSystemBytes: 8 * MIB });
    writeAt(guest.disks.node('sdb'), 8 * MIB, text('verity\0\0\x01\0\0\0\x01\0\0\0'));
    await main(['rescan', '--new']);
    expect(guest.disks.mounts()).toEqual(['/srv/data']);
    expect(said.stderr).toContain('the hashes of dm-verity begin behind it');
    said.stderr = '';
    await main(['rescan', '--new']);
    expect(guest.disks.ran.filter((line) => line.startsWith('resize2fs'))).toEqual([]);
    expect(said.stderr).toBe('');
  });

  it('are not grown where they are mounted read-only', async () => {
    guest.disks.write('/etc/default/gandi', 'CONFIG_MOUNT_PARAMS=ro,noatime\n');
    guest.disks.attach({ name: 'sdb', label: 'data', fileSystemBytes: 8 * MIB });
    await main(['rescan', '--new']);
    expect(guest.disks.mounts()).toEqual(['/srv/data']);
    expect(guest.disks.ran.filter((line) => line.startsWith('resize2fs'))).toEqual([]);
  });

  it('are grown by the next run where growing failed', async () => {
    const { disks } = guest;
    disks.attach({ name: 'sdb', label: 'data', fileSystemBytes: 8 * MIB });
    disks.fail = (line) => (line.startsWith('resize2fs') ? 'resize2fs: was killed' : undefined);
    await main(['rescan', '--new']);
    expect(said.stderr).not.toContain('grown to the size');
    disks.ran.length = 0;
    await main(['rescan', '--new']);
    expect(disks.ran).toEqual([expect.stringMatching(/^resize2fs /)]);
    expect(said.stderr).not.toContain('grown to the size');
    disks.fail = () => undefined;
    await main(['rescan', '--new']);
    expect(said.stderr).toContain('/srv/data: grown to the size of');
    disks.ran.length = 0;
    await main(['rescan', '--new']);
    expect(disks.ran).toEqual([]);
  });

  const refusal = 'resize2fs: exit status 1: kernel does not support online resize with sparse_super2';
  it('are asked once, and told of once, where growing is refused', async () => {
    const { disks } = guest;
    disks.attach({ name: 'sdb', label: 'data', fileSystemBytes: 8 * MIB });
    disks.fail = (line) => (line.startsWith('resize2fs') ? refusal : undefined);
    expect(await main(['rescan', '--new'])).toBe(0);
    expect(said.stderr).toContain(`/srv/data has 8 MiB of the 16 MiB of ${disks.node('sdb')}: ${refusal}`);
    disks.ran.length = 0;
    said.stderr = '';
    await main(['rescan', '--new']);
    await main(['rescan']);
    expect(disks.ran).toEqual([]);
    expect(said.stderr).toBe('');
  });

  it('are grown by what is told where growing is refused', async () => {
    const { disks } = guest;
    disks.attach({
      name: 'sdb',
      label: 'data',
      fileSystemBytes: 8 * MIB,
      features: `${NO_CHECKSUMS},sparse_super2`,
    });
    disks.fail = (line) => (line.startsWith('resize2fs') ? refusal : undefined);
    await main(['rescan', '--new']);
    const [, told = ''] = /can be had while it is not mounted: (.*)$/m.exec(said.stderr) ?? [];
    const steps = told.split(', ').map((step) => step.split(' '));
    expect(steps.map((step) => step.slice(0, -1).join(' '))).toEqual([
      'gandi-mount eject',
      'e2fsck -f',
      'resize2fs',
      'gandi-mount attach',
    ]);
    disks.ran.length = 0;
    said.stderr = '';
    for (const [program = '', ...parameters] of steps) {
      if (program === 'gandi-mount') expect(await main(parameters), said.stderr).toBe(0);
      // Where there is no terminal, e2fsck(8) asks for what else it is to do.
      else run(program, program === 'e2fsck' ? ['-p', ...parameters] : parameters);
    }
    expect(run('dumpe2fs', ['-h', disks.node('sdb')])).toMatch(/^Block count: +16384$/m);
    expect(disks.mounts()).toEqual(['/srv/data']);
    expect(disks.ran.filter((line) => line.startsWith('resize2fs'))).toEqual([]);
    expect(said.stderr).not.toContain(refusal);
  });

  it('are grown as far as it goes', async () => {
    const { disks } = guest;
    // A block of 1 KiB describes 32 groups, of 384 blocks each behind the first block; there is no room for another.
    const features = `${NO_CHECKSUMS},^resize_inode,^64bit`;
    const options = ['-b', '1024', '-g', '384'];
    disks.attach({ name: 'sdb', label: 'data', fileSystemBytes: 4 * MIB, features, options });
    disks.fail = (line) => (/^resize2fs \S+$/.test(line) ? refusal : undefined);
    await main(['rescan', '--new']);
    expect(disks.ran.at(-1)).toMatch(/^resize2fs \S+ 12289K$/);
    expect(said.stderr).toContain('/srv/data has 12 MiB of the 16 MiB');
  });

  it('stay mounted when growing fails, which is told', async () => {
    const { disks } = guest;
    disks.attach({ name: 'sdb', label: 'data', fileSystemBytes: 8 * MIB });
    disks.fail = (line) => (line.startsWith('resize2fs') ? 'resize2fs: exit status 1: no memory' : undefined);
    expect(await main(['rescan', '--new'])).toBe(0);
    expect(said.stderr).toContain('resize2fs: exit status 1: no memory');
    expect(disks.mounts()).toEqual(['/srv/data']);
  });

  it('are mounted read-only where they cannot be written', async () => {
    guest.disks.attach({ name: 'sdb', label: 'data', readOnly: true, fileSystemBytes: 8 * MIB });
    await main(['rescan', '--new']);
    expect(guest.disks.ran).toEqual([
      'mount -t ext4 -o ro,nosuid,nodev,noatime,errors=remount-ro,barrier=1 -- /dev/sdb /srv/data',
    ]);
    expect(said.stderr).toMatch(/is mounted at .*, read-only$/m);
  });

  it('are the concern of the hook and of logged-in users', async () => {
    const { disks } = guest;
    disks.write('/etc/default/gandi', 'CONFIG_DISK_NOTIFY=1\n');
    disks.addHook('post-disk-attach');
    disks.attach({ name: 'sdb', label: 'data' });
    await main(['rescan', '--new']);
    expect(disks.ran.slice(1)).toEqual(['/etc/gandi/hooks/post-disk-attach /dev/sdb ext4 /srv/data', 'wall']);
  });

  it('have what the hook prints told, and kept', async () => {
    const { disks } = guest;
    disks.addHook('post-disk-attach');
    disks.attach({ name: 'sdb', label: 'data' });
    disks.answer = (line) => (line.startsWith('/etc/gandi/hooks/') ? 'first\nlast\n' : '');
    expect(await main(['rescan', '--new'])).toBe(0);
    expect(said.stderr).toMatch(/hook post-disk-attach: first\n.*hook post-disk-attach: last\n/);
    const records = JSON.parse(disks.files.readText('/run/gandi/disks.json') ?? '');
    expect(records.disks[0]).toMatchObject({ state: 'mounted', hookOutput: 'first\nlast' });
  });

  it('are mounted, and the run fails, where the hook does', async () => {
    const { disks } = guest;
    disks.addHook('post-disk-attach');
    disks.attach({ name: 'sdb', label: 'data' });
    disks.fail = (line) =>
      line.startsWith('/etc/gandi/hooks/') ? 'exit status 3: no such thing' : undefined;
    expect(await main(['rescan', '--new'])).toBe(1);
    expect(disks.mounts()).toEqual(['/srv/data']);
    expect(said.stderr).toMatch(/problem: .*post-disk-attach.*exit status 3: no such thing/);
    const records = JSON.parse(disks.files.readText('/run/gandi/disks.json') ?? '');
    expect(records.disks[0].hookFailure).toContain('exit status 3: no such thing');
    expect(await main(['rescan', '--new'])).toBe(0);
    expect(await main(['eject', 'data'])).toBe(0);
    expect(disks.files.readText('/run/gandi/disks.json')).not.toContain('hookFailure');
  });

  it('are mounted without a hook that others than root can write, which is told', async () => {
    const { disks } = guest;
    disks.addHook('post-disk-attach');
    chmodSync(`${disks.files.root}/etc/gandi/hooks/post-disk-attach`, 0o777);
    disks.attach({ name: 'sdb', label: 'data' });
    expect(await main(['rescan', '--new'])).toBe(1);
    expect(disks.ran).toEqual([expect.stringMatching(/^mount /)]);
    expect(said.stderr).toMatch(/problem: .*it is not run: .*post-disk-attach can be changed by everyone/);
  });

  it('are taken over when somebody mounts them that could not be mounted', async () => {
    const { disks } = guest;
    disks.attach({ name: 'sdb', label: 'data' });
    disks.fail = (line) => (line.startsWith('mount') ? 'mount: exit status 32: bad superblock' : undefined);
    expect(await main(['rescan', '--new'])).toBe(1);
    disks.mountElsewhere('sdb', disks.mountPoint('data'));
    expect(await main(['rescan', '--new'])).toBe(0);
    expect(await list()).toMatchObject({ sdb: { state: 'mounted', mountPoint: disks.mountPoint('data') } });
    const { disks: records } = JSON.parse(disks.files.readText('/run/gandi/disks.json') ?? '');
    expect(records).toMatchObject([{ state: 'mounted' }]);
    expect(records[0].why).toBeUndefined();
  });

  it.each(['tmpfs', 'overlay', 'fuse.sshfs'])(
    'are mounted though a %s is mounted whose source somebody called after them',
    async (type) => {
      const { disks } = guest;
      disks.attach({ name: 'sdb', label: 'data' });
      disks.mountAs(disks.node('sdb'), '/home/eve/mnt', type);
      disks.mountAs(disks.node('sdb'), '/var', type);
      expect(await main(['rescan', '--new']), said.stderr).toBe(0);
      expect(disks.mounts()).toEqual(['/home/eve/mnt', '/var', '/srv/data']);
    },
  );

  it('are mounted beside what is at their place already', async () => {
    guest.disks.write('/srv/data', 'a file');
    guest.disks.attach({ name: 'sdb', label: 'data' });
    await main(['rescan', '--new']);
    expect(guest.disks.mounts()).toEqual(['/srv/data_2']);
  });

  it('hide nothing of the admin’s: they get another name where something is in the directory', async () => {
    const { disks } = guest;
    disks.write('/srv/salt/top.sls', 'base:\n');
    disks.write('/srv/salt_2/.hidden', '');
    disks.attach({ name: 'sdb', label: 'salt' });
    await main(['rescan', '--new']);
    expect(disks.mounts()).toEqual(['/srv/salt_3']);
    await main(['eject', 'salt']);
    await main(['attach', disks.node('sdb')]);
    expect(disks.mounts()).toEqual(['/srv/salt_3']);
  });

  it('keep the name that they had, whatever was put into the directory meanwhile', async () => {
    const { disks } = guest;
    disks.attach({ name: 'sdb', label: 'salt' });
    await main(['rescan', '--new']);
    await main(['eject', 'salt']);
    disks.write('/srv/salt/left', '');
    disks.attach({ name: 'sdc', label: 'salt' });
    await main(['rescan', '--new']);
    await main(['attach', disks.node('sdb')]);
    expect(disks.mounts()).toEqual(['/srv/salt_2', '/srv/salt']);
  });

  it('take an empty directory that is there', async () => {
    const { disks } = guest;
    disks.write('/srv/data/x', '');
    rmSync(`${disks.files.root}/srv/data/x`);
    disks.attach({ name: 'sdb', label: 'data' });
    await main(['rescan', '--new']);
    expect(disks.mounts()).toEqual(['/srv/data']);
  });

  it('that cannot be mounted leave nothing behind, and say why', async () => {
    const { disks } = guest;
    disks.attach({ name: 'sdb', label: 'data' });
    disks.fail = (line) => (line.startsWith('mount') ? 'mount: exit status 32: bad superblock' : undefined);
    expect(await main(['rescan', '--new'])).toBe(1);
    expect(said.stderr).toMatch(
      /problem: .*sdb is not mounted: the kernel refuses it \(mount: exit status 32: bad superblock\)/,
    );
    expect(disks.files.status('/srv/data')).toBeUndefined();
    expect(await list()).toMatchObject({ sdb: { state: 'failed' } });
  });

  it('that go away while they are mounted are no failure', async () => {
    const { disks } = guest;
    disks.attach({ name: 'sdb', label: 'data' });
    disks.fail = (line) => {
      if (!line.startsWith('mount')) return undefined;
      disks.takeAway('sdb');
      return 'mount: exit status 32: no such device';
    };
    expect(await main(['rescan', '--new'])).toBe(0);
    expect(said.stderr).toContain('went away while it was being mounted');
  });

  it.each([
    ['of another make', { vendor: 'QEMU' }, 'not-ours', 'CONFIG_DISK_BUSES does not name its bus'],
    ['that are empty', { type: 'none' }, 'left-alone', 'no file system is known on it'],
    ['that are swap', { type: 'swap' }, 'not-ours', 'it is a swap area'],
  ] as const)('%s are left alone', async (_, disk, state, why) => {
    guest.disks.attach({ name: 'sdb', ...disk });
    expect(await main(['rescan'])).toBe(0);
    expect(guest.disks.ran).toEqual([]);
    const { sdb } = await list();
    expect(sdb).toMatchObject({ state, why: expect.stringContaining(why) });
  });

  it('that fstab names are left to it', async () => {
    guest.disks.attach({ name: 'sdb', label: 'data' });
    guest.disks.write('/etc/fstab', 'LABEL=data /data ext4 defaults 0 2\n');
    await main(['rescan']);
    expect(guest.disks.ran).toEqual([]);
    expect(said.stderr).toContain('is left alone: /etc/fstab or a mount unit names it (LABEL=data)');
  });

  it.each([
    [
      'the name of its partition, with a blank and a slash',
      'PARTLABEL=my\\040disk/1',
      'by-partlabel/my\\x20disk\\x2f1',
    ],
    ['the number of its partition, in capitals', 'PARTUUID=ABCD1234-01', 'by-partuuid/abcd1234-01'],
  ])('that fstab names by %s are left to it', async (_, source, link) => {
    const { disks } = guest;
    disks.attach({ name: 'sdb', label: 'data' });
    disks.link(`/dev/disk/${link}`, 'sdb');
    disks.write('/etc/fstab', `${source} /data ext4 defaults 0 2\n`);
    await main(['rescan']);
    expect(disks.ran).toEqual([]);
  });

  it('that fstab names by a path with a slash that is doubled are left to it', async () => {
    const { disks } = guest;
    disks.attach({ name: 'sdb', label: 'data' });
    disks.write('/etc/fstab', `${disks.node('sdb').replace('/dev/', '/dev//')} /data ext4 defaults 0 2\n`);
    await main(['rescan']);
    expect(disks.ran).toEqual([]);
  });

  it('that a mount unit of the admin names are left to it', async () => {
    const { disks } = guest;
    disks.attach({ name: 'sdb', label: 'data' });
    disks.write('/etc/systemd/system/data.mount', `[Mount]\nWhat=${disks.node('sdb')}\nWhere=/data\n`);
    disks.write('/etc/systemd/system/other.mount', '[Mount]\nWhere=/other\n');
    await main(['rescan']);
    expect(disks.ran).toEqual([]);
  });

  it('are not mounted where mounting is turned off', async () => {
    guest.disks.write('/etc/default/gandi', 'CONFIG_ALLOW_MOUNT=0\n');
    guest.disks.attach({ name: 'sdb', label: 'data' });
    expect(await main(['rescan'])).toBe(0);
    expect(guest.disks.ran).toEqual([]);
    expect(said.stderr).toContain('mounting is turned off in the settings');
  });

  it('belong to the group of the settings while they are new', async () => {
    guest.disks.write('/etc/default/gandi', 'CONFIG_DISK_GROUP=1001\n');
    guest.disks.attach({ name: 'sdb', label: 'data' });
    await main(['rescan', '--new']);
    expect(guest.disks.files.status('/srv/data')).toMatchObject({ gid: 1001, mode: 0o775 });
  });

  it('keep their owner where mkfs put something into them', async () => {
    guest.disks.write('/etc/default/gandi', 'CONFIG_DISK_GROUP=1001\n');
    guest.disks.attach({ name: 'sdb', label: 'data', options: ['-d', import.meta.dirname] });
    guest.disks.answer = (line) => {
      // Mounting is written down only: what a kernel would show is put there.
      if (/^mount .* \/srv\/data$/.test(line)) guest.disks.write('/srv/data/file', '');
      return '';
    };
    await main(['rescan', '--new']);
    expect(guest.disks.mounts()).toEqual(['/srv/data']);
    expect(guest.disks.files.status('/srv/data')).toMatchObject({ gid: 0 });
  });

  it('keep their owner where there is no such group', async () => {
    guest.disks.write('/etc/default/gandi', 'CONFIG_DISK_GROUP=nobodies\n');
    guest.disks.attach({ name: 'sdb', label: 'data' });
    await main(['rescan', '--new']);
    expect(said.stderr).toContain('CONFIG_DISK_GROUP: there is no group nobodies; owners stay as they are');
    expect(guest.disks.files.status('/srv/data')).toMatchObject({ gid: 0 });
  });
});

describe('attach', () => {
  it('mounts the one disk', async () => {
    guest.disks.attach({ name: 'sdb', label: 'data' });
    guest.disks.attach({ name: 'sdc', label: 'other' });
    expect(await main(['attach', guest.disks.node('sdc')])).toBe(0);
    expect(guest.disks.mounts()).toEqual(['/srv/other']);
  });

  it('says where a disk is that is mounted', async () => {
    guest.disks.attach({ name: 'sdb', label: 'data' });
    await main(['rescan', '--new']);
    expect(await main(['attach', guest.disks.node('sdb')])).toBe(0);
    expect(said.stdout).toContain(`is mounted at ${guest.disks.mountPoint('data')}`);
  });

  it('finds no disk of that name', async () => {
    expect(await main(['attach', '/dev/sdx'])).toBe(3);
    expect(said.stderr).toContain('there is no disk /dev/sdx that could be mounted');
  });

  it('fails for one that is no data disk, and says why', async () => {
    guest.disks.attach({ name: 'sdb', type: 'none' });
    expect(await main(['attach', guest.disks.node('sdb')])).toBe(1);
    expect(said.stderr).toContain('no file system is known on it');
  });
});
