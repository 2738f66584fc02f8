import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { knownDisk, spoil, untilIdle, untilMounted } from './data-disks.ts';
import { type DiskFile, dataDisk } from './disk.ts';
import { useGuest } from './use-guest.ts';

/** An ext4 whose superblock asks for a panic at the first error, and whose root directory is one; it looks clean. */
async function panickingDisk(folder: string): Promise<DiskFile> {
  const disk = await dataDisk(join(folder, 'panic.img'), { mebibytes: 32, label: 'panic' });
  await execa('tune2fs', ['-e', 'panic', '-o', 'nobarrier', disk.file]);
  const ask = async (request: string) => (await execa('debugfs', ['-R', request, disk.file])).stdout;
  const block = Number(await ask('bmap <2> 0'));
  const blockBytes = Number(/^Block size:\s+(\d+)/m.exec(await ask('stats'))?.[1]);
  expect(block * blockBytes).toBeGreaterThan(0);
  await spoil(disk, block * blockBytes, Buffer.alloc(blockBytes, 0xff));
  return disk;
}

describe('disks that were made to harm the guest', () => {
  const { guest, folder } = useGuest('harmful', { root: { scsiId: 100 } });

  it('survives the errors of one whose superblock asks for a panic, and serves the next', async () => {
    const before = await guest.output('cat /proc/sys/kernel/random/boot_id');
    const attached = await guest.attachDisk({ disk: await panickingDisk(folder) });
    await guest.waitFor('grep -q \'"label": "panic"\' /run/gandi/disks.json', 60);
    await untilIdle(guest);
    await guest.run('ls /srv/panic');
    const next = await guest.attachDisk({
      disk: await knownDisk(folder, 'next', { mebibytes: 16, label: 'next' }),
    });
    await untilMounted(guest, '/srv/next');
    await untilIdle(guest);
    expect(await guest.output('cat /proc/sys/kernel/random/boot_id')).toBe(before);
    expect(await guest.output('findmnt -rno OPTIONS /srv/next')).not.toContain('nobarrier');
    for (const one of [attached, next]) await guest.detach(one);
    await guest.waitFor('! findmnt -rn /srv/next', 60);
    await untilIdle(guest);
    await guest.output('systemctl reset-failed');
  });

  it('mounts one whose node somebody called a tmpfs after, and takes no mount of that name away', async () => {
    await guest.output('gandi-mount rescan; mkdir -p /mnt/eve /etc/eve');
    // Which name it will have is known by the disk that comes first.
    const disk = await knownDisk(folder, 'named', { mebibytes: 16, label: 'named' });
    const first = await guest.attachDisk({ disk });
    await untilMounted(guest, '/srv/named');
    const node = await guest.output('findmnt -rno SOURCE /srv/named');
    await untilIdle(guest);
    expect(await guest.output('gandi-mount eject named')).toContain('it can be detached');
    await guest.output(`mount -t tmpfs ${node} /mnt/eve && mount -t tmpfs ${node} /etc/eve`);
    expect(await guest.output(`gandi-mount attach ${node} && findmnt -rno FSTYPE /srv/named`)).toContain(
      'ext4',
    );
    await guest.detach(first);
    await guest.waitFor('! findmnt -rn /srv/named', 60);
    await untilIdle(guest);
    expect(await guest.output('findmnt -rno FSTYPE /mnt/eve; findmnt -rno FSTYPE /etc/eve')).toBe(
      'tmpfs\ntmpfs',
    );
    await guest.output('umount /mnt/eve /etc/eve');
  });

  it('unmounts nothing that somebody mounted over a disk', async () => {
    const disk = await knownDisk(folder, 'covered', { mebibytes: 16, label: 'covered' });
    const attached = await guest.attachDisk({ disk });
    await untilMounted(guest, '/srv/covered');
    await untilIdle(guest);
    await guest.output('mount -t tmpfs eve /srv/covered');
    const refused = await guest.run('gandi-mount eject covered');
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('somebody else has mounted something over /srv/covered');
    expect(await guest.output('grep -c " /srv/covered " /proc/self/mountinfo')).toBe('2');
    await guest.output('umount /srv/covered');
    expect(await guest.output('gandi-mount eject covered')).toContain('it can be detached');
    await guest.detach(attached);
  });
});
