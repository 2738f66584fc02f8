import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeLargeExt4 } from '../foreign-content.ts';
import { archiveHeader } from '../unit/images.ts';
import { listedDisk, spoil, untilIdle, untilMounted } from './data-disks.ts';
import { blankDisk, type DiskFile, dataDisk } from './disk.ts';
import { rootFileSystem } from './rootfs.ts';
import { toolkitImage } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

const mebibytes = 64;

/** What an admin runs in the guest to make a member of something, with the device in $1; and what is told of it. */
const members: [string, string, RegExp][] = [
  ['LVM', 'pvcreate -q "$1" && vgcreate -q group0 "$1"', /LVM physical volume/],
  ['LUKS1', luksFormat('luks1'), /LUKS1 encryption/],
  ['LUKS2', luksFormat('luks2'), /LUKS2 encryption/],
  ['MD 1.1', mirror('1.1'), /no file system, but RAID member \(md 1\.1\)/],
  ['MD 1.2', mirror('1.2'), /no file system, but RAID member \(md 1\.2\)/],
  [
    // What was there before still lies in front of the superblock and behind it.
    'MD 1.2 over an ext4',
    `mkfs.ext4 -q -F -L before "$1" && ${mirror('1.2')}`,
    /RAID member \(md 1\.2\)/,
  ],
  // Its metadata is at the end: what the array holds looks like the disk's own.
  ['MD 1.0', mirror('1.0'), /ambiguous.*RAID member \(md 1\.0\)/],
  ['MD 0.90', mirror('0.90'), /ambiguous.*RAID member \(md 0\.90\)/],
  [
    'DRBD',
    'yes yes | drbdmeta --force 0 v08 "$1" internal create-md && mkfs.ext4 -q -F -L replicated "$1" 48M',
    /ambiguous.*DRBD device/,
  ],
];

function luksFormat(type: string): string {
  const fast = '--pbkdf pbkdf2 --pbkdf-force-iterations 1000';
  return `echo secret | cryptsetup luksFormat --batch-mode --type ${type} ${fast} "$1" -`;
}

/** Half of a mirror, with an ext4 in it. */
function mirror(metadata: string): string {
  const create = `mdadm --create /dev/md7 --run --level=1 --raid-devices=2 --metadata=${metadata} "$1" missing`;
  return `${create} && mkfs.ext4 -q -L half /dev/md7 && udevadm settle && mdadm --stop /dev/md7`;
}

async function digest({ file }: DiskFile): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

describe('members that their own tools made', () => {
  const { guest, folder } = useGuest('members', {
    image: async () =>
      toolkitImage({
        rootfs: await rootFileSystem('bookworm', ['cryptsetup-bin', 'drbd-utils', 'lvm2', 'mdadm']),
      }),
    minutes: 25,
  });

  const nodeAt = async (scsiId: number) => {
    const link = `/dev/disk/by-path/*-scsi-0:0:${scsiId}:0`;
    await guest.waitFor(`test -b ${link}`);
    return guest.output(`readlink -f ${link}`);
  };

  it.each(members.map((member, index) => [...member, 100 + index] as const))(
    'leaves a member of %s alone, to the byte, and says what it is',
    async (name, make, why, scsiId) => {
      // Nothing is put together by itself: it is the disk alone that is looked at.
      await guest.output(
        'modprobe -a raid1 dm_mod; ln -sf /dev/null /etc/udev/rules.d/64-md-raid-assembly.rules && udevadm control --reload',
      );
      const disk = await blankDisk(join(folder, `member-${scsiId}.img`), mebibytes);
      const blank = await guest.attachDisk({ disk, scsiId });
      const node = await nodeAt(scsiId);
      await guest.output(`set -- ${node}; { ${make}; } 2>&1 && sync && udevadm settle`);
      await untilIdle(guest);
      await guest.detach(blank);
      const before = await digest(disk);
      const attached = await guest.attachDisk({ disk, scsiId });
      const again = await nodeAt(scsiId);
      await guest.waitFor(`gandi-mount list | grep -q '^${again}.*left-alone'`, 60);
      expect((await listedDisk(guest, again))?.why, name).toMatch(why);
      await guest.output('gandi-mount rescan');
      expect(await guest.output('ls /srv')).toBe('');
      await guest.detach(attached);
      expect(await digest(disk), name).toBe(before);
    },
  );

  it('mounts an ext4 of 3341 GiB, whose size has the number of NILFS2 in it', async () => {
    const disk: DiskFile = { file: join(folder, 'large.img'), format: 'raw' };
    makeLargeExt4(disk.file);
    const attached = await guest.attachDisk({ disk });
    await untilMounted(guest, '/srv/large');
    await untilIdle(guest);
    await guest.output('echo 1 > /srv/large/file && gandi-mount eject large');
    await guest.detach(attached);
  });

  it('mounts a disk with a file that looks like an archive of the host', async () => {
    const disk = await dataDisk(join(folder, 'file.img'), {
      mebibytes: 64,
      fileSystem: 'vfat',
      label: 'FILES',
    });
    await spoil(disk, 524288, archiveHeader());
    const attached = await guest.attachDisk({ disk });
    await untilMounted(guest, '/srv/FILES');
    await untilIdle(guest);
    await guest.output('gandi-mount eject FILES');
    await guest.detach(attached);
  });
});
