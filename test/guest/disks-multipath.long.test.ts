import { describe, expect, it } from 'vitest';
import { type KnownDisk, knownDisk, listedDisk, untilIdle, untilMounted } from './data-disks.ts';
import { rootFileSystem } from './rootfs.ts';
import { toolkitImage } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

/** Two paths are a reason to take them, one is none (multipath.conf(5)). */
const SETTINGS = `defaults {
  find_multipaths yes
  user_friendly_names yes
}
`;

const MAP = '/dev/mapper/mpatha';

describe('a disk with two paths, in a guest with multipath-tools', () => {
  let lun: KnownDisk;
  let late: KnownDisk;
  const path = (disk: KnownDisk, serial: string, wwn: number, scsiId: number) => ({
    disk,
    serial,
    wwn,
    scsiId,
    isShared: true,
  });
  const { guest } = useGuest('multipath', {
    image: async () =>
      toolkitImage({
        rootfs: await rootFileSystem('bookworm', ['multipath-tools']),
        files: { '/etc/multipath.conf': SETTINGS },
      }),
    root: { scsiId: 100 },
    machine: async (folder) => {
      lun = await knownDisk(folder, 'lun', { mebibytes: 16, label: 'lun' });
      late = await knownDisk(folder, 'late', { mebibytes: 16, label: 'late' });
      return {
        disks: [50, 51].map((scsiId) => path(lun, 'lun', 0x5000c50000100000, scsiId)),
      };
    },
    minutes: 25,
  });

  /** The nodes of a disk's paths, by its UUID as it is on them. */
  const nodes = async ({ uuid }: KnownDisk) =>
    (
      await guest.output(
        `for node in /dev/sd*; do [ "$(blkid -p -s UUID -o value $node)" != ${uuid} ] || echo $node; done`,
      )
    ).split('\n');

  it('is left to multipathd', async () => {
    await guest.waitFor(`test -b ${MAP}`, 60);
    await untilIdle(guest);
    await guest.output('gandi-mount rescan');
    const paths = await nodes(lun);
    expect(paths).toHaveLength(2);
    for (const node of paths) {
      expect(await listedDisk(guest, node)).toMatchObject({
        state: 'left-alone',
        why: 'it is a path that multipathd has',
      });
    }
    expect((await guest.run('findmnt -rn /srv/lun')).exitCode).toBe(1);
  });

  it('is mounted once, where the admin mounts what multipathd makes of it', async () => {
    await guest.output(`mkdir -p /srv/lun && echo '${MAP} /srv/lun ext4 nofail 0 0' >> /etc/fstab`);
    await guest.output('systemctl daemon-reload && mount /srv/lun && echo kept > /srv/lun/file');
    expect(await guest.output('gandi-mount rescan; gandi-mount rescan --new')).toBe('');
    expect(
      await guest.output('findmnt -rno SOURCE /srv/lun; grep -c " ext4 /dev/sd" /proc/self/mountinfo'),
    ).toBe(`${MAP}\n1`);
    expect((await guest.run('gandi-mount eject lun')).exitCode).not.toBe(0);
    expect(await guest.output('cat /srv/lun/file')).toBe('kept');
    await guest.output('umount /srv/lun');
  });

  // What has the second path come to is known when it comes: by then the first may be mounted.
  it('is mounted from one path, or left to multipathd, where its paths come one after the other', async () => {
    for (const scsiId of [60, 61]) {
      await guest.attachDisk(path(late, 'late', 0x5000c50000200000, scsiId));
      await untilIdle(guest);
    }
    await guest.output('gandi-mount rescan');
    // By the kernel's own list: udev's link for the UUID leads to either path.
    const mounts = await guest.output(`grep -c ' /srv/late ' /proc/self/mountinfo || true`);
    const hasMap = (await guest.run('test -b /dev/mapper/mpathb')).exitCode === 0;
    expect(mounts).toBe(hasMap ? '0' : '1');
    if (!hasMap) {
      await untilMounted(guest, '/srv/late');
      const listed = await guest.output('gandi-mount list --json');
      expect(listed).toMatch(/it is (another path to the disk of \/dev\/sd|a path that multipathd has)/);
    }
  });
});
