import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { captureOutput } from '../captured-output.ts';
import { writeAt } from '../images.ts';
import { EDITOR, main, rowsByName, simulatedGuest } from './simulated-run.ts';

const said = captureOutput();
const guest = simulatedGuest();

const DOCKER = `/system.slice/docker-${'ab'.repeat(32)}.scope`;

beforeEach(async () => {
  guest.disks.attach({ name: 'sdb', label: 'data' });
  await main(['rescan', '--new']);
  guest.disks.ran.length = 0;
  said.stdout = '';
  said.stderr = '';
});

/** What `gandi-mount list` says of the disk. */
async function listed() {
  said.stdout = '';
  await main(['list', '--json']);
  return rowsByName(said.stdout).sdb;
}

describe('a disk that is unmounted here is not free', () => {
  it('where a container has it mounted, which is named', async () => {
    const { disks } = guest;
    disks.claimed.add('sdb');
    disks.runContainer(815, 'sdb', { mountPoint: '/var/lib/db', group: DOCKER });
    expect(await main(['eject', 'data'])).toBe(1);
    expect(disks.mounts()).toEqual([]);
    expect(said.stdout).toBe('');
    expect(said.stderr).toMatch(
      /sdb was unmounted from \S+, and is still in use by process 815 \(sleep\) in Docker container abababababab, which has it mounted at \/var\/lib\/db; what is written/,
    );
    expect(await listed()).toMatchObject({ state: 'ejected', why: expect.stringContaining('process 815') });
    // It says so again, as long as that is so.
    expect(await main(['eject', disks.node('sdb')])).toBe(1);
    // To remove the directory would take the container's mount away.
    expect(disks.files.status('/srv/data')).toBeDefined();
    disks.claimed.clear();
    expect(await main(['eject', 'data'])).toBe(0);
    expect(disks.files.status('/srv/data')).toBeUndefined();
    expect((await listed())?.mountPoint).toBeUndefined();
  });

  it('until the container is stopped, where it is waited for', async () => {
    const { disks } = guest;
    disks.claimed.add('sdb');
    setTimeout(() => disks.claimed.clear(), 2000);
    expect(await main(['eject', 'data', '--wait', '20'])).toBe(0);
    expect(said.stdout).toContain('it can be detached');
  });

  it('where a program writes to the device itself, which the kernel counts as free', async () => {
    guest.writers = [{ pid: 77, command: 'qemu-system-x86' }];
    expect(await main(['eject', 'data'])).toBe(1);
    expect(said.stderr).toMatch(
      /is still in use by process 77 \(qemu-system-x86\), which has \S+\/sdb open for writing/,
    );
    guest.writers = [];
    expect(await main(['eject', 'data'])).toBe(0);
  });

  it('where the device cannot be asked: it was unmounted all the same', async () => {
    const { disks } = guest;
    disks.claimed.add('sdb');
    disks.answer = (line) => {
      // The next that looks at it finds a link that leads to itself.
      if (line.startsWith('umount')) {
        rmSync(`${disks.files.root}/proc/swaps`);
        symlinkSync('swaps', `${disks.files.root}/proc/swaps`);
      }
      return '';
    };
    expect(await main(['eject', 'data'])).toBe(1);
    expect(said.stderr).toMatch(
      /was unmounted from .* in use by somebody, perhaps, for it could not be asked: /,
    );
    rmSync(`${disks.files.root}/proc/swaps`);
    expect(await listed()).toMatchObject({ state: 'ejected' });
  });

  it('asks each namespace once, and not those whose copy went with ours', async () => {
    const { disks } = guest;
    disks.claimed.add('sdb');
    disks.runContainer(815, 'sdb', { mountPoint: '/one', group: '/system.slice/mydb.service' });
    disks.runContainer(816, 'sdb', { mountPoint: '/two', group: '/lxc.payload.web/init.scope' });
    disks.runContainer(9, 'none', { mountPoint: '/three', group: '/' });
    await main(['eject', 'data']);
    expect(said.stderr).toContain('in a mount namespace of its own (mydb.service)');
    expect(said.stderr).toContain('process 816 (sleep) in LXC container web');
    expect(said.stderr).not.toContain('process 9 ');
  });

  it('where nothing but a namespace has it, or a file on what was unmounted lazily', async () => {
    const { disks } = guest;
    disks.claimed.add('sdb');
    const mounts = disks.files.readText('/proc/self/mountinfo') ?? '';
    disks.write('/proc/self/mountinfo', `${mounts}77 21 0:4 mnt:[4026539999] /run/kept rw - nsfs nsfs rw\n`);
    await main(['eject', 'data']);
    expect(said.stderr).toContain('a mount namespace in which nothing runs, kept by /run/kept');
    guest.holders = [EDITOR];
    await main(['eject', disks.node('sdb')]);
    expect(said.stderr).toContain('is not mounted, but in use by process 4711 (vim)');
  });

  it('where a process keeps a namespace open that nothing runs in', async () => {
    const { disks } = guest;
    disks.claimed.add('sdb');
    disks.write('/proc/50/comm', 'runner\n');
    mkdirSync(`${disks.files.root}/proc/50/fd`);
    symlinkSync('mnt:[4026539998]', `${disks.files.root}/proc/50/fd/3`);
    await main(['eject', 'data']);
    expect(said.stderr).toContain('in which nothing runs, which process 50 (runner) keeps open');
  });

  it('where an overlay has its files there, as of a container, which shows no mount of the disk', async () => {
    const { disks } = guest;
    disks.claimed.add('sdb');
    const below = disks.mountPoint('data');
    const mounts = disks.files.readText('/proc/self/mountinfo') ?? '';
    const overlays = [
      `77 21 0:41 / /var/a rw - overlay overlay rw,lowerdir=/usr:${below}/my\\040base`,
      `78 21 0:42 / /var/b rw - overlay overlay rw,lowerdir=/usr,upperdir=${below}-2/up,workdir=/var/w`,
    ];
    disks.write('/proc/self/mountinfo', `${mounts}${overlays.join('\n')}\n`);
    expect(await main(['eject', 'data'])).toBe(1);
    expect(said.stderr).toContain(
      `still in use by the overlay at /var/a, which has files in ${below}/my base (umount /var/a); what`,
    );
    // It is named as well where it is asked again.
    await main(['eject', disks.node('sdb')]);
    expect(said.stderr).toMatch(/is not mounted, but in use by the overlay at \/var\/a/);
  });

  it.each<[string, (node: string) => void, RegExp]>([
    [
      'swap',
      (node) => guest.disks.write('/proc/swaps', `headings\n${node} partition 1 0 -2\n`),
      /still in use by swap \(swapoff \S+sdb\)/,
    ],
    [
      'a loop device',
      (node) => guest.disks.write('/sys/class/block/loop7/loop/backing_file', `${node}\n`),
      /the loop device \/dev\/loop7 \(losetup -d \/dev\/loop7\)/,
    ],
  ])('where it is used as %s', async (_, use, text) => {
    const { disks } = guest;
    disks.answer = (line) => {
      if (line.startsWith('umount')) use(disks.node('sdb'));
      return '';
    };
    disks.claimed.add('sdb');
    expect(await main(['eject', disks.node('sdb')])).toBe(1);
    expect(said.stderr).toMatch(text);
  });
});

describe('a disk that somebody else has', () => {
  const dirty = () => {
    // Its state says that it was not unmounted in order (s_state, Documentation/filesystems/ext4/super.rst).
    writeAt(guest.disks.node('sdb'), 1024 + 58, new Uint8Array([0, 0]));
  };

  it('is mounted again without a check: it is not clean for it is mounted', async () => {
    const { disks } = guest;
    await main(['eject', 'data']);
    dirty();
    disks.claimed.add('sdb');
    disks.ran.length = 0;
    expect(await main(['attach', disks.node('sdb')]), said.stderr).toBe(0);
    expect(disks.ran.filter((line) => line.startsWith('e2fsck'))).toEqual([]);
    expect(disks.mounts()).toEqual(['/srv/data']);
  });

  it('is checked where nobody has it', async () => {
    const { disks } = guest;
    await main(['eject', 'data']);
    dirty();
    disks.ran.length = 0;
    await main(['attach', disks.node('sdb')]);
    expect(disks.ran.some((line) => line.startsWith('e2fsck -p'))).toBe(true);
  });

  it('is named with him where it cannot be mounted', async () => {
    const { disks } = guest;
    await main(['eject', 'data']);
    disks.claimed.add('sdb');
    disks.runContainer(815, 'sdb', { mountPoint: '/var/lib/db', group: DOCKER });
    disks.fail = (line) =>
      line.startsWith('mount') ? 'mount: exit status 32: already mounted or busy' : undefined;
    expect(await main(['attach', disks.node('sdb')])).toBe(1);
    expect(said.stderr).toMatch(
      /is not mounted: it is in use by process 815 \(sleep\) in Docker container .*busy\)/,
    );
  });
});

describe('a mounted disk is in use by', () => {
  it.each<[string, () => void, RegExp]>([
    [
      'a swap file',
      () =>
        guest.disks.write('/proc/swaps', `headings\n${guest.disks.mountPoint('data')}/swap file 1 0 -2\n`),
      /the swap file \S+\/srv\/data\/swap \(swapoff /,
    ],
    [
      'a loop device',
      () =>
        guest.disks.write(
          '/sys/class/block/loop0/loop/backing_file',
          `${guest.disks.mountPoint('data')}/image (deleted)\n`,
        ),
      /the loop device \/dev\/loop0 on \S+\/srv\/data\/image/,
    ],
    [
      'the NFS server',
      () =>
        guest.disks.write(
          '/proc/fs/nfsd/exports',
          `# Version 1.1\n# Path Client(Flags)\n${guest.disks.mountPoint('data')}/www\t*(rw)\n`,
        ),
      /the NFS server, which exports \S+\/srv\/data\/www \(exportfs\)/,
    ],
    [
      'the NFS server, whose own list is not there',
      () =>
        guest.disks.write(
          '/proc/net/rpc/nfsd.export/content',
          `#path domain(flags)\n# expiry\n* ${guest.disks.mountPoint('data')}(rw)\n`.replace('(rw)', ' (rw)'),
        ),
      /the NFS server, which exports \S+\/srv\/data \(exportfs\)/,
    ],
  ])('%s', async (_, use, text) => {
    use();
    expect(await main(['eject', 'data'])).toBe(1);
    expect(said.stderr).toMatch(text);
    expect(guest.disks.ran).toEqual([]);
    expect(guest.disks.mounts()).toEqual(['/srv/data']);
  });

  it('nobody where a mount below its path lies under it', async () => {
    const { disks } = guest;
    disks.mountAs('tmpfs', `${disks.mountPoint('data')}/sub`, 'tmpfs');
    expect(await main(['eject', 'data']), said.stderr).toBe(0);
  });

  it('a mount that was made on it, also by another path', async () => {
    const { disks } = guest;
    disks.mountAs('tmpfs', `${disks.mountPoint('data')}/sub`, 'tmpfs', disks.mountPoint('data'));
    expect(await main(['eject', 'data'])).toBe(1);
    expect(said.stderr).toMatch(/in use by the mount at \S+\/sub/);
  });
});

describe('btrfs with a default subvolume', () => {
  const asSubvolume = (root: string, subvolume: string) => {
    const text = guest.disks.files.readText('/proc/self/mountinfo') ?? '';
    const changed = text.replace(/ \/ (\S+\/srv\/data) rw,relatime - ext4 (\S+) rw/, (_, place, node) =>
      [' ', root, ' ', place, ' rw - btrfs ', node, ` rw,subvolid=256,subvol=${subvolume}`].join(''),
    );
    expect(changed).not.toBe(text);
    guest.disks.write('/proc/self/mountinfo', changed);
  };

  it('is mounted as any other, and ejected', async () => {
    asSubvolume('/@data', '/@data');
    await main(['rescan', '--new']);
    expect(said.stderr).not.toContain('unmounted by hand');
    expect(await main(['eject', 'data']), said.stderr).toBe(0);
    expect(guest.disks.mounts()).toEqual([]);
  });

  it('is taken over where it was mounted by hand, and a directory of it is not', async () => {
    const { disks } = guest;
    await main(['eject', 'data']);
    disks.mountElsewhere('sdb', disks.mountPoint('data'));
    asSubvolume('/@data', '/@data');
    await main(['attach', disks.node('sdb')]);
    expect(said.stderr).toMatch(/sdb was mounted at \S+\/srv\/data by hand/);
    await main(['eject', 'data']);
    disks.mountElsewhere('sdb', disks.mountPoint('data'));
    asSubvolume('/@data/www', '/@data');
    expect(await main(['eject', disks.node('sdb')])).toBe(1);
    expect(said.stderr).toContain('by somebody else');
  });
});

it('leaves no directory of a disk that a container had, when it is gone', async () => {
  const { disks } = guest;
  disks.claimed.add('sdb');
  await main(['eject', 'data']);
  expect(disks.files.status('/srv/data')).toBeDefined();
  disks.takeAway('sdb');
  await main(['rescan', '--new']);
  expect(disks.files.status('/srv/data')).toBeUndefined();
});

it('tells which container has a disk that is gone', async () => {
  const { disks } = guest;
  disks.runContainer(815, 'sdb', { mountPoint: '/mnt', group: '/machine.slice/machine-my\\x2dweb.scope' });
  disks.takeAway('sdb');
  await main(['rescan', '--new']);
  expect(disks.mounts()).toEqual([]);
  expect(said.stderr).toMatch(/sdb is gone, and still in use by process 815 \(sleep\) in machine my-web/);
});
