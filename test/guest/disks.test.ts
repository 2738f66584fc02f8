import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  errorsInJournal,
  hookCalls,
  type KnownDisk,
  knownDisk,
  listedDisk,
  mountedByUuid,
  partitionedDataDisk,
  recordHooks,
  untilIdle,
  untilMounted,
} from './data-disks.ts';
import { blankDisk, type DiskFile, mebibyte } from './disk.ts';
import type { Attached } from './hot-plug.ts';
import type { GuestDisk } from './machine.ts';
import { useGuest } from './use-guest.ts';

const minutes = 60_000;

describe('data disks mounted as they come', () => {
  let equal: KnownDisk[];
  const inOrder = (disks: readonly DiskFile[]) =>
    disks.map((disk, index): GuestDisk => ({ disk, scsiId: 200 + index }));
  const { guest, folder, powerOn } = useGuest('disks', {
    root: { scsiId: 100 },
    machine: async (folder) => {
      equal = [];
      for (const name of ['one', 'two', 'three']) {
        equal.push(await knownDisk(folder, name, { mebibytes: 16, label: 'equal' }));
      }
      return { hotplugPorts: 1, disks: inOrder(equal) };
    },
  });
  const attach = (disk: DiskFile, options: Partial<GuestDisk> = {}) => guest.attachDisk({ disk, ...options });

  beforeAll(async () => {
    await recordHooks(guest);
  });

  it('mounts what is there at boot, each of three equal labels at a path of its own', async () => {
    const places = await mountedByUuid(guest);
    expect(equal.map(({ uuid }) => places.get(uuid)).sort()).toEqual([
      '/srv/equal',
      '/srv/equal_2',
      '/srv/equal_3',
    ]);
  });

  it('mounts an ext4 disk by its label, gives it to the group once, and runs the hook once', async () => {
    const disk = await knownDisk(folder, 'data', { mebibytes: 32, label: 'data' });
    const attached = await attach(disk);
    await untilMounted(guest, '/srv/data');
    expect(await guest.output('findmnt -rno OPTIONS /srv/data')).toMatch(/^rw,nosuid,nodev,noatime/);
    await guest.waitFor('[ "$(stat -c "%a %u %g" /srv/data)" = "775 0 1001" ]');
    const node = await guest.output('findmnt -rno SOURCE /srv/data');
    await guest.output('chmod 700 /srv/data && sync -f /srv/data');
    await guest.detach(attached);
    await guest.waitFor('! findmnt -rn /srv/data');
    await untilIdle(guest);
    await guest.detach(await attachAgain(disk));
    await untilIdle(guest);
    expect(await hookCalls(guest)).toEqual([
      `post-disk-attach ${node} ext4 /srv/data`,
      `pre-disk-detach ${node} /srv/data`,
      `post-disk-attach ${node} ext4 /srv/data`,
      `pre-disk-detach ${node} /srv/data`,
    ]);
  });

  async function attachAgain(disk: DiskFile): Promise<Attached> {
    const attached = await attach(disk);
    await untilMounted(guest, '/srv/data');
    await untilIdle(guest);
    expect(await guest.output('stat -c %a /srv/data')).toBe('700');
    return attached;
  }

  it('mounts XFS, btrfs, vfat, partitions and a file system without label, and grows them', async () => {
    const disks = {
      xfs: await knownDisk(folder, 'x', {
        mebibytes: 320,
        fileSystem: 'xfs',
        label: 'x',
        diskMebibytes: 384,
      }),
      btrfs: await knownDisk(folder, 'b', { mebibytes: 128, fileSystem: 'btrfs', label: 'b' }),
      vfat: await knownDisk(folder, 'v', { mebibytes: 16, fileSystem: 'vfat', label: 'V' }),
      plain: await knownDisk(folder, 'plain', { mebibytes: 32, diskMebibytes: 64 }),
      parts: await partitionedDataDisk(folder, 'parts', [
        { fileSystem: 'ext4', label: 'p1' },
        { fileSystem: 'vfat', label: 'P2' },
      ]),
    };
    const attached = new Map<string, Attached>();
    for (const [name, disk] of Object.entries(disks)) attached.set(name, await attach(disk));
    for (const name of ['x', 'b', 'V', 'p1', 'P2']) await untilMounted(guest, `/srv/${name}`);
    await guest.waitFor(`findmnt -rn UUID=${disks.plain.uuid}`);
    await untilIdle(guest);
    const plain = await guest.output(`findmnt -rno TARGET UUID=${disks.plain.uuid}`);
    expect(plain).toMatch(/^\/srv\/sd[a-z]+$/);
    const size = async (path: string) =>
      Number(await guest.output(`df -BM --output=size ${path} | tail -1 | tr -dc 0-9`));
    expect(await size(plain)).toBeGreaterThan(50);
    expect(await size('/srv/x')).toBeGreaterThan(300);
    expect(await guest.output('stat -c "%a %g" /srv/x /srv/b /srv/V')).toBe('775 1001\n775 1001\n775 1001');
    for (const [name, path, mebibytes, least] of [
      ['xfs', '/srv/x', 512, 420],
      ['btrfs', '/srv/b', 256, 250],
      ['plain', plain, 128, 100],
    ] as const) {
      await guest.qmp.execute('block_resize', {
        'node-name': attached.get(name)?.backend,
        size: mebibytes * mebibyte,
      });
      await guest.waitFor(`[ "$(df -BM --output=size ${path} | tail -1 | tr -dc 0-9)" -gt ${least} ]`, 60);
    }
    await untilIdle(guest);
    for (const one of attached.values()) await guest.detach(one);
    await guest.waitFor('! findmnt -rn /srv/x && ! findmnt -rn /srv/p1 && ! findmnt -rn /srv/P2', 60);
    await untilIdle(guest);
    expect(await guest.output('ls /srv')).toBe('equal\nequal_2\nequal_3');
  });

  it('leaves virtio-blk alone until the settings name it', async () => {
    const disk = await knownDisk(folder, 'virtio', { mebibytes: 16, label: 'virtio' });
    const first = await attach(disk, { bus: 'virtio-blk' });
    await guest.waitFor('test -b /dev/vda');
    await untilIdle(guest);
    expect(await listedDisk(guest, '/dev/vda')).toMatchObject({ state: 'not-ours' });
    await guest.detach(first);
    await guest.output(
      'sed -i "s/^CONFIG_DISK_BUSES=.*/export\\tCONFIG_DISK_BUSES = \\"gandi xen VirtIO\\" # more/" /etc/default/gandi',
    );
    const second = await attach(disk, { bus: 'virtio-blk' });
    await untilMounted(guest, '/srv/virtio');
    await untilIdle(guest);
    await guest.detach(second);
    await guest.waitFor('! findmnt -rn /srv/virtio');
  });

  it('mounts what is formatted in the guest: a blank disk, one that was wiped, one that was ejected', async () => {
    const scsiId = 90;
    const attached = await attach(await blankDisk(join(folder, 'blank.img'), 32), { scsiId });
    const link = `/dev/disk/by-path/*-scsi-0:0:${scsiId}:0`;
    await guest.waitFor(`test -b ${link}`);
    await untilIdle(guest);
    const node = await guest.output(`readlink -f ${link}`);
    for (const [label, before] of [
      ['blank', 'true'],
      ['wiped', `wipefs --quiet --all ${node}`],
      ['over', 'true'],
    ] as const) {
      await guest.output(`${before} && udevadm settle && mkfs.ext4 -Fq -L ${label} ${node}`);
      await untilMounted(guest, `/srv/${label}`);
      await untilIdle(guest);
      expect(await guest.output(`gandi-mount eject ${label}`)).toContain('it can be detached');
    }
    await guest.detach(attached);
    await untilIdle(guest);
    expect(await guest.output('ls /srv')).toBe('equal\nequal_2\nequal_3');
  });

  it.each([
    ['..', '_.'],
    ['-rf', '_rf'],
    ['a/b c', 'a_b_c'],
    ['\\x20%"', '_x20__'],
    ['c++', 'c++'],
    ['é\u001b[2J', 'é__2J'],
  ])('mounts the label %j at /srv/%s and finds it again', async (label, name) => {
    const disk = await knownDisk(folder, 'hostile', { mebibytes: 16, label });
    const attached = await attach(disk);
    await untilMounted(guest, `'/srv/${name}'`);
    await untilIdle(guest);
    const ejected = await guest.run('gandi-mount eject -- "$(cat)"', { input: label });
    expect(ejected.stdout).toContain('it can be detached');
    await guest.detach(attached);
    await guest.waitFor(`! test -e '/srv/${name}'`);
  });

  it('does not follow a link, and hides no directory that is not empty', async () => {
    await guest.output(
      'mkdir -p /var/elsewhere /srv/full; ln -s /var/elsewhere /srv/link; touch /srv/full/mine',
    );
    const link = await attach(await knownDisk(folder, 'link', { mebibytes: 16, label: 'link' }));
    await untilMounted(guest, '/srv/link_2');
    const full = await attach(await knownDisk(folder, 'full', { mebibytes: 16, label: 'full' }));
    await untilMounted(guest, '/srv/full_2');
    await untilIdle(guest);
    expect(await guest.output('ls /srv/full')).toBe('mine');
    await guest.detach(link);
    await guest.detach(full);
    await guest.waitFor('! findmnt -rn /srv/full_2');
    await untilIdle(guest);
    expect(await guest.output('ls /srv/full; ls /var/elsewhere; rm -r /srv/link /srv/full')).toBe('mine');
  });

  it('leaves a disk of /etc/fstab to fstab', async () => {
    const disk = await knownDisk(folder, 'fstab', { mebibytes: 16, label: 'fstab' });
    await guest.output(`echo 'UUID=${disk.uuid} /opt/own ext4 noauto 0 0' >> /etc/fstab`);
    const attached = await attach(disk);
    await guest.waitFor(`test -b /dev/disk/by-uuid/${disk.uuid}`);
    await untilIdle(guest);
    const node = await guest.output(`readlink -f /dev/disk/by-uuid/${disk.uuid}`);
    expect(await listedDisk(guest, node)).toMatchObject({
      state: 'left-alone',
      why: expect.stringContaining('fstab'),
    });
    await guest.detach(attached);
  });

  it('refuses to eject a disk in use and names its user, then stops its services and ejects it', async () => {
    const attached = await attach(await knownDisk(folder, 'busy', { mebibytes: 16, label: 'busy' }));
    await untilMounted(guest, '/srv/busy');
    await untilIdle(guest);
    await guest.output(
      'rm /etc/gandi/hooks/pre-disk-detach; systemd-run --unit writer sh -c "exec 3>/srv/busy/file; sleep 1000"',
    );
    const refused = await guest.run('gandi-mount eject busy');
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/in use by process \d+ \((sh|sleep)\) with \/srv\/busy\/file/);
    await guest.output('mkdir /srv/busy/.gandi; echo writer > /srv/busy/.gandi/services');
    const safe = await guest.run('gandi-mount eject busy');
    expect(safe).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('it can be detached') });
    expect((await guest.run('systemctl is-active writer; ls -d /srv/busy')).stdout).toBe('inactive\n');
    await guest.output('gandi-mount rescan');
    expect((await guest.run('findmnt -rn /srv/busy')).exitCode).toBe(1);
    await guest.detach(attached);
    await untilIdle(guest);
    await recordHooks(guest);
  });

  it('cleans up after a disk that went away while a process wrote to it', async () => {
    const attached = await attach(await knownDisk(folder, 'gone', { mebibytes: 16, label: 'gone' }));
    await untilMounted(guest, '/srv/gone');
    await untilIdle(guest);
    await guest.output(
      'systemd-run --unit filler sh -c "while :; do echo x; sleep 0.05; done > /srv/gone/file"',
    );
    await guest.detach(attached);
    await guest.waitFor('! findmnt -rn /srv/gone && ! test -e /srv/gone', 30);
    await untilIdle(guest);
    expect(
      await guest.output(
        'journalctl -b -o cat -u gandi-disks.service | grep -c "went away while it was mounted at /srv/gone"',
      ),
    ).toBe('1');
    expect((await hookCalls(guest)).filter((line) => line.endsWith('/srv/gone')).length).toBe(2);
    await guest.output('systemctl stop filler');
  });

  it(
    'keeps the paths of equal labels when the guest boots with the disks in another order',
    async () => {
      const before = await mountedByUuid(guest);
      await guest.powerOff();
      const [one, two, three] = equal;
      if (!one || !two || !three) throw new Error('three disks were made');
      await powerOn(inOrder([three, one, two]));
      expect(await guest.waitForBoot()).toBe('running');
      expect(await mountedByUuid(guest)).toEqual(before);
      expect(await errorsInJournal(guest)).not.toMatch(/gandi/);
    },
    5 * minutes,
  );
});
