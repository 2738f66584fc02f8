import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type KnownDisk, knownDisk, listedDisk, mountedByUuid, untilIdle } from './data-disks.ts';
import { copyDisk, type DiskFile } from './disk.ts';
import type { GuestDisk } from './machine.ts';
import { useGuest } from './use-guest.ts';

const minutes = 60_000;

const wwn = 0x5000c50000000000;

describe('copies of data disks, and disks by two paths', () => {
  const disks = new Map<string, DiskFile>();
  const known = new Map<string, KnownDisk>();
  const of = (name: string): DiskFile => {
    const disk = disks.get(name);
    if (disk === undefined) throw new Error(`no disk ${name}`);
    return disk;
  };
  const types = { ext4: 16, xfs: 320, btrfs: 128 } as const;
  /** All disks, originals first, or copies first with the places of the originals. */
  const inOrder = (first: 'original' | 'copy'): GuestDisk[] => {
    const second = first === 'original' ? 'copy' : 'original';
    const pairs = Object.keys(types).flatMap((type, index) =>
      [first, second].map((kind, which) => ({
        disk: of(`${type}-${kind}`),
        serial: `${type}-${kind}`,
        scsiId: 10 + 2 * index + which,
      })),
    );
    const paths = [50, 51].map((scsiId) => ({
      disk: of('lun'),
      serial: 'lun',
      wwn,
      isShared: true,
      scsiId,
    }));
    return [...pairs, ...paths];
  };
  const { guest, powerOn } = useGuest('copies', {
    root: { scsiId: 100 },
    machine: async (folder) => {
      for (const [fileSystem, mebibytes] of Object.entries(types)) {
        const type = fileSystem as keyof typeof types;
        const disk = await knownDisk(folder, fileSystem, { mebibytes, fileSystem: type, label: fileSystem });
        known.set(fileSystem, disk);
        disks.set(`${fileSystem}-original`, disk);
        disks.set(`${fileSystem}-copy`, await copyDisk(disk, join(folder, `${fileSystem}-copy.img`)));
      }
      const lun = await knownDisk(folder, 'lun', { mebibytes: 16, label: 'lun' });
      known.set('lun', lun);
      disks.set('lun', lun);
      return { disks: inOrder('original') };
    },
  });

  /** Serial number of the disk that is mounted at a path. */
  const serialAt = (path: string) =>
    guest.output(
      `udevadm info --query=property --property=ID_SCSI_SERIAL --value --name="$(findmnt -rno SOURCE ${path} | sed 's/\\[.*//')"`,
    );
  /** Whether the kernel mounts a btrfs beside its copy. */
  const canMountBoth = async () =>
    (await guest.run('test -e /sys/fs/btrfs/features/temp_fsid')).exitCode === 0;

  async function expectPlaces(): Promise<void> {
    await untilIdle(guest);
    for (const type of ['ext4', 'xfs']) {
      expect(await serialAt(`/srv/${type}`)).toBe(`${type}-original`);
      expect(await serialAt(`/srv/${type}_2`)).toBe(`${type}-copy`);
    }
    expect(await serialAt('/srv/btrfs')).toBe('btrfs-original');
    if (await canMountBoth()) expect(await serialAt('/srv/btrfs_2')).toBe('btrfs-copy');
    const list = await guest.output('gandi-mount list --json');
    expect(list.match(/it is a copy of \/dev\/sd[a-z]+ \((ext4|xfs|btrfs) /g)).toHaveLength(3);
  }

  beforeAll(async () => {
    await guest.waitFor('findmnt -rn /srv/ext4_2', 60);
  });

  it('has each copy mounted at a path of its own, as far as the kernel can, and told', async () => {
    await expectPlaces();
  });

  it('mounts one disk by two paths once, and ejects it on both', async () => {
    const places = [...(await mountedByUuid(guest))].filter(([uuid]) => uuid === known.get('lun')?.uuid);
    expect(places.map(([, path]) => path)).toEqual(['/srv/lun']);
    const left = await guest.output('gandi-mount list --json');
    expect(left).toMatch(/it is another path to the disk of \/dev\/sd[a-z]+ \(same serial number and WWN\)/);
    const node = await guest.output('findmnt -rno SOURCE /srv/lun');
    expect(await guest.output('gandi-mount eject lun')).toContain('it can be detached');
    await guest.output('gandi-mount rescan --new');
    expect(await guest.run('findmnt -rn /srv/lun')).toMatchObject({ exitCode: 1 });
    await guest.output(`gandi-mount attach ${node}`);
    expect(await guest.output('findmnt -rno TARGET /srv/lun')).toBe('/srv/lun');
  });

  it('ejects a btrfs, mounts its copy where that is asked for, and tells both apart', async () => {
    if (await canMountBoth()) return;
    const original = await guest.output('findmnt -rno SOURCE /srv/btrfs');
    const { disks: listed } = JSON.parse(await guest.output('gandi-mount list --json')) as {
      disks: { device: string; why?: string; type?: string; state: string }[];
    };
    const copy = listed.find(({ state, why }) => state === 'left-alone' && why?.includes('btrfs'))?.device;
    expect(copy).toMatch(/^\/dev\/sd/);
    await guest.output('gandi-mount eject btrfs');
    await guest.output('gandi-mount rescan --new');
    expect((await guest.run(`findmnt -rn -S ${copy}`)).exitCode).toBe(1);
    await guest.output(`gandi-mount attach ${copy}`);
    expect(await serialAt('/srv/btrfs_2')).toBe('btrfs-copy');
    // By now the copy is newer than its original.
    await guest.output('touch /srv/btrfs_2/new && sync -f /srv/btrfs_2 && gandi-mount eject btrfs_2');
    await guest.output(`gandi-mount attach ${original}`);
    expect(await serialAt('/srv/btrfs')).toBe('btrfs-original');
    expect(await listedDisk(guest, original)).toMatchObject({ state: 'mounted', mountPoint: '/srv/btrfs' });
  });

  it(
    'changes nothing over a boot in the other order',
    async () => {
      await guest.output('sync');
      await guest.powerOff();
      await powerOn(inOrder('copy'));
      await guest.waitForBoot();
      await guest.waitFor('findmnt -rn /srv/ext4_2', 60);
      await expectPlaces();
    },
    15 * minutes,
  );
});
