import { describe, expect, it } from 'vitest';
import { knownDisk, listedDisk, untilIdle, untilMounted } from './data-disks.ts';
import { useGuest } from './use-guest.ts';

describe('disks that somebody else has still', () => {
  const { guest, folder } = useGuest('held', { root: { scsiId: 100 } });

  /** Attaches a disk and waits until it is mounted. */
  async function mounted(label: string, fileSystem: 'ext4' | 'btrfs' = 'ext4') {
    const mebibytes = fileSystem === 'btrfs' ? 128 : 16;
    const attached = await guest.attachDisk({
      disk: await knownDisk(folder, label, { mebibytes, label, fileSystem }),
    });
    await untilMounted(guest, `/srv/${label}`);
    await untilIdle(guest);
    return { attached, node: await guest.output(`findmnt -rno SOURCE /srv/${label} | sed 's/\\[.*//'`) };
  }

  /** Starts what a container would be: a service in a mount namespace of its own. */
  async function contain(unit: string, script: string): Promise<void> {
    await guest.output(
      `systemd-run --quiet --unit=${unit} unshare -m --propagation private sh -c '${script}; touch /run/${unit}.up; exec sleep 1000'`,
    );
    await guest.waitFor(`test -e /run/${unit}.up`, 60);
  }

  it.each([
    [
      'bound',
      'mount --bind /srv/bound /mnt',
      /still in use by process \d+ \(sleep\) in a mount namespace of its own \(bound\.service\), which has it mounted at \/(mnt|srv\/bound)/,
    ],
    [
      'open',
      'exec 3>/srv/open/file',
      /stays mounted at \/srv\/open: it is in use by process \d+ \(sleep\) in a mount namespace of its own \(open\.service\) with \/srv\/open\/file/,
    ],
    [
      'plain',
      ':',
      /still in use by process \d+ \(sleep\) in a mount namespace of its own \(plain\.service\), which has it mounted at \/srv\/plain/,
    ],
  ])('says that a container has it: %s', async (label, script, text) => {
    const { attached, node } = await mounted(label);
    await contain(label, script);
    const refused = await guest.run(`gandi-mount eject ${label}`);
    expect(refused.exitCode).toBe(1);
    expect(refused.stdout).not.toContain('can be detached');
    expect(refused.stderr).toMatch(text);
    // It can be had again, although it is not clean on the disk as long as it is mounted anywhere.
    await guest.output(`gandi-mount attach ${node}`);
    expect(await guest.output(`findmnt -rno TARGET /srv/${label}`)).toBe(`/srv/${label}`);
    await guest.output(`systemctl stop ${label}.service`);
    expect(await guest.output(`gandi-mount eject ${node}`)).toContain('it can be detached');
    await guest.detach(attached);
  });

  it('says that nothing but a namespace has it', async () => {
    const { attached, node } = await mounted('empty');
    await guest.output(`mkdir /run/kept && mount --bind /run/kept /run/kept && mount --make-private /run/kept &&
      touch /run/kept/mnt && unshare --propagation private --mount=/run/kept/mnt true`);
    const refused = await guest.run('gandi-mount eject empty');
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('a mount namespace in which nothing runs, kept by /run/kept/mnt');
    await guest.output('umount /run/kept/mnt');
    expect(await guest.output(`gandi-mount eject ${node}`)).toContain('it can be detached');
    await guest.output('umount /run/kept');
    await guest.detach(attached);
  });

  it('lets a service go whose namespace follows ours', async () => {
    const { attached } = await mounted('follows');
    await guest.output('systemd-run --quiet --unit=follower -p PrivateTmp=yes sleep 1000');
    expect(await guest.output('gandi-mount eject follows')).toContain('it can be detached');
    await guest.output('systemctl stop follower.service');
    await guest.detach(attached);
  });

  it('names a swap file and a loop device', async () => {
    const { attached } = await mounted('kernel');
    await guest.output(
      `cd /srv/kernel && dd if=/dev/zero of=swap bs=1M count=4 status=none && chmod 600 swap && mkswap -q swap && swapon swap`,
    );
    const swap = await guest.run('gandi-mount eject kernel');
    expect(swap.stderr).toContain('the swap file /srv/kernel/swap (swapoff /srv/kernel/swap)');
    await guest.output('swapoff /srv/kernel/swap');
    const loop = await guest.output('modprobe loop && losetup --find --show /srv/kernel/swap');
    const refused = await guest.run('gandi-mount eject kernel');
    expect(refused.stderr).toContain(`the loop device ${loop} on /srv/kernel/swap`);
    await guest.output(`losetup -d ${loop}`);
    expect(await guest.output('gandi-mount eject kernel')).toContain('it can be detached');
    await guest.detach(attached);
  });

  it('names an overlay that has its files there', async () => {
    const { attached, node } = await mounted('layers');
    await guest.output('mkdir /srv/layers/{up,work} /run/merged && modprobe overlay');
    const layers = 'lowerdir=/etc,upperdir=/srv/layers/up,workdir=/srv/layers/work';
    await guest.output(`mount -t overlay -o ${layers} overlay /run/merged`);
    const refused = await guest.run('gandi-mount eject layers');
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain(
      'the overlay at /run/merged, which has files in /srv/layers/up (umount /run/merged)',
    );
    await guest.output('umount /run/merged');
    expect(await guest.output(`gandi-mount eject ${node}`)).toContain('it can be detached');
    await guest.detach(attached);
  });

  it('tells of a container that has a disk which the host took, and leaves a tmpfs over it alone', async () => {
    const { attached } = await mounted('taken');
    await contain('taker', ':');
    await guest.output('mount -t tmpfs admin /srv/taken && touch /srv/taken/mine');
    await guest.detach(attached);
    await guest.waitFor('journalctl -b -t gandi-mount | grep -q "has mounted something over /srv/taken"', 60);
    await untilIdle(guest);
    expect(await guest.output('ls /srv/taken')).toBe('mine');
    expect(await guest.output('journalctl -b -o cat -t gandi-mount')).toMatch(
      /is gone, and still in use by process \d+ \(sleep\) in a mount namespace of its own \(taker\.service\)/,
    );
    await guest.output('umount /srv/taken && gandi-mount rescan');
    await guest.waitFor('! findmnt -rn /srv/taken', 30);
    await guest.output('systemctl stop taker.service');
  });

  it('has a btrfs with a default subvolume mounted, ejected and cleaned up after like any other', async () => {
    const { attached, node } = await mounted('sub', 'btrfs');
    await guest.output('btrfs subvolume create /srv/sub/@data && btrfs subvolume set-default /srv/sub/@data');
    expect(await guest.output('gandi-mount eject sub')).toContain('it can be detached');
    await guest.output(`gandi-mount attach ${node}`);
    expect(await guest.output('findmnt -rno FSROOT /srv/sub')).toBe('/@data');
    await guest.output('gandi-mount rescan');
    expect(await listedDisk(guest, 'sub')).toMatchObject({ state: 'mounted', mountPoint: '/srv/sub' });
    await guest.output('btrfs subvolume create /srv/sub/inner');
    await guest.output('systemd-run --quiet --unit=inner sh -c "exec sleep 1000 3>/srv/sub/inner/file"');
    await guest.waitFor('test -e /srv/sub/inner/file', 30);
    const refused = await guest.run('gandi-mount eject sub');
    expect(refused.stderr).toMatch(/in use by process \d+ \(sleep\) with \/srv\/sub\/inner\/file/);
    await guest.output('systemctl stop inner.service');
    expect(await guest.output('gandi-mount eject sub')).toContain('it can be detached');
    await guest.output(`gandi-mount attach ${node}`);
    await guest.detach(attached);
    await guest.waitFor('! findmnt -rn /srv/sub', 60);
    await untilIdle(guest);
  });
});
