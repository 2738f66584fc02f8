import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { knownDisk, spoil, untilIdle, untilMounted } from './data-disks.ts';
import { type DiskFile, dataDisk } from './disk.ts';
import { answering } from './machine.ts';
import { installPrerequisites } from './prerequisites.ts';
import { toolkitImage } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

/** What fuse3 has for users: the one program that mounts for them. It needs the C library alone. */
async function fuseTree(folder: string): Promise<string> {
  await installPrerequisites();
  const tree = join(folder, 'fuse');
  await execa('install', ['-D', '-m', '4755', '/usr/bin/fusermount3', join(tree, 'usr/bin/fusermount3')]);
  return tree;
}

/**
 * A FUSE mount of a user's with a source of the user's choice (fuse(8), fsname). The descriptor that serves it stays in the
 * socket where fusermount3 has put it: like a daemon that does not answer.
 */
const FUSE_MOUNT = `$^F = 255;
socketpair(my $mine, my $its, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die;
$ENV{_FUSE_COMMFD} = fileno($its);
system('fusermount3', '-o', "fsname=$ARGV[0]", '--', $ARGV[1]) == 0 or exit 1;
sleep 3600;
`;

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
  const { guest, folder } = useGuest('harmful', {
    root: { scsiId: 100 },
    image: async (folder) => toolkitImage({ overlays: [await fuseTree(folder)] }),
  });

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

  it('mounts one whose node a user called a FUSE mount after, and takes the disk alone away', async () => {
    const disk = await knownDisk(folder, 'fused', { mebibytes: 16, label: 'fused' });
    const attached = await guest.attachDisk({ disk });
    await untilMounted(guest, '/srv/fused');
    await untilIdle(guest);
    const node = await guest.output('findmnt -rno SOURCE /srv/fused');
    await guest.output('gandi-mount eject fused');
    await guest.output('useradd --create-home eve && install -d -o eve /home/eve/mnt && modprobe fuse');
    await guest.output('cat > /usr/local/lib/fuse.pl', { input: FUSE_MOUNT });
    await guest.output(
      `systemd-run --quiet --unit=eve --uid=eve perl -MSocket /usr/local/lib/fuse.pl ${node} /home/eve/mnt`,
    );
    const isThere = `grep -q " /home/eve/mnt .* - fuse ${node} " /proc/self/mountinfo`;
    await guest.waitFor(isThere);
    expect(
      await guest.output(
        `gandi-mount attach ${node} && grep -c " /srv/fused .* - ext4 " /proc/self/mountinfo`,
      ),
    ).toMatch(/1$/);
    await guest.detach(attached);
    await guest.waitFor('! grep -q " /srv/fused " /proc/self/mountinfo', 60);
    await untilIdle(guest);
    await guest.output(isThere);
    expect(await guest.output('systemctl is-active eve.service')).toBe('active');
    await guest.output('systemctl stop eve.service; umount --lazy /home/eve/mnt');
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

  // The last one: QEMU lets what waits for such a disk wait on, whatever limit it gets.
  it('passes over one that stops answering, and serves the next', async () => {
    const stopping = await knownDisk(folder, 'stopping', { mebibytes: 64, label: 'stopping' });
    const attached = await guest.attachDisk({ disk: stopping, ...answering });
    await untilMounted(guest, '/srv/stopping');
    await untilIdle(guest);
    const node = await guest.output('findmnt -rno SOURCE /srv/stopping');
    await guest.output('gandi-mount eject stopping');
    await guest.silence(attached);
    const refused = await guest.run(`gandi-mount attach ${node}`, { seconds: 60 });
    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`${node} is passed over: no answer within 5 s`),
    });
    const next = await guest.attachDisk({
      disk: await knownDisk(folder, 'after', { mebibytes: 16, label: 'after' }),
    });
    await untilMounted(guest, '/srv/after');
    await guest.waitFor(
      'systemctl show -P ActiveState gandi-disks.service | grep -qx "inactive\\|failed"',
      60,
    );
    const { stdout } = await guest.run('gandi-guest status', { seconds: 60 });
    expect(stdout).toMatch(new RegExp(`${node}.*no answer within 5 s`));
    await guest.detach(next);
    await guest.waitFor('! findmnt -rn /srv/after', 60);
  });
});
