import { beforeAll, describe, expect, it } from 'vitest';
import { errorsInJournal, knownDisk, listedDisk, mountedByUuid, untilMounted } from './data-disks.ts';
import { contentOf, type ForeignDisk, foreignDisks } from './foreign-disks.ts';
import type { Attached } from './hot-plug.ts';
import { useGuest } from './use-guest.ts';

describe('disks that are to stay as they are', () => {
  const { guest, folder } = useGuest('left-alone');
  let foreign: Map<string, ForeignDisk>;

  /** The device at a SCSI target. */
  const nodeAt = async (scsiId: number) => {
    const link = `/dev/disk/by-path/*-scsi-0:0:${scsiId}:0`;
    await guest.waitFor(`test -b ${link}`);
    return guest.output(`readlink -f ${link}`);
  };

  beforeAll(async () => {
    foreign = await foreignDisks(folder);
  });

  it('starts no executable in a boot without data disks', async () => {
    expect(
      await guest.output('systemctl show -P Result -P ExecMainStartTimestampMonotonic gandi-mount.service'),
    ).toBe('exec-condition\n0');
    expect(await guest.output('ls /run/gandi')).not.toContain('disks.json');
  });

  it('leaves alone, to the byte, what is no sound file system, and says why, whatever else is amiss', async () => {
    await guest.output('cd /etc/systemd/system && mkdir odd.mount && ln -s self.mount self.mount');
    await guest.output("echo '[]' > /run/gandi/gandi-mount-memory.json");
    const before = new Map([...foreign].map(([name, { disk }]) => [name, contentOf(disk)]));
    const attached: Attached[] = [];
    for (const [name, { disk, why }] of foreign) {
      const scsiId = 100 + attached.length;
      attached.push(await guest.attachDisk({ disk, scsiId, readOnly: name === 'to be replayed' }));
      const node = await nodeAt(scsiId);
      // Swap starts no process of ours: who asks is told.
      if (name !== 'swap') await guest.waitFor(`grep -q '"${node}"' /run/gandi/disks.json`, 60);
      await guest.waitFor(`gandi-mount list | grep -q '^${node}.*\\(left-alone\\|failed\\|not-ours\\)'`, 60);
      expect((await listedDisk(guest, node))?.why, name).toMatch(why);
    }
    await guest.output('gandi-mount rescan || true');
    expect(await mountedByUuid(guest)).toEqual(new Map());
    expect(await guest.output('ls /srv')).toBe('');
    for (const one of attached) await guest.detach(one);
    for (const [name, { disk }] of foreign)
      expect(contentOf(disk).equals(before.get(name) ?? Buffer.alloc(0)), name).toBe(true);
    await guest.waitFor('! grep -q \'"state": "\\(left-alone\\|failed\\)"\' /run/gandi/disks.json', 60);
    await guest.output('systemctl reset-failed');
  });

  it('mounts a disk that cannot be written to read-only', async () => {
    const disk = await knownDisk(folder, 'sealed', { mebibytes: 16, label: 'sealed', diskMebibytes: 32 });
    const before = contentOf(disk);
    const attached = await guest.attachDisk({ disk, readOnly: true });
    await untilMounted(guest, '/srv/sealed');
    expect(await guest.output('findmnt -rno OPTIONS /srv/sealed')).toMatch(/^ro,nosuid,nodev,noatime/);
    await guest.waitFor(
      'journalctl -b -o cat -u gandi-disks.service | grep -q "mounted at /srv/sealed, read-only"',
    );
    expect(await guest.output('gandi-mount eject sealed')).toContain('it can be detached');
    await guest.detach(attached);
    expect(contentOf(disk).equals(before)).toBe(true);
  });

  it('replays the journal of one that can', async () => {
    const disk = foreign.get('to be replayed')?.disk;
    if (disk === undefined) throw new Error('the disk was made');
    const attached = await guest.attachDisk({ disk });
    await untilMounted(guest, '/srv/replay');
    await guest.output('touch /srv/replay/file');
    await guest.waitFor('gandi-mount eject replay', 30);
    await guest.detach(attached);
  });

  it('does nothing to any disk where the disk it is, or its place, belongs to somebody else', async () => {
    await guest.output('mkdir /srv/taken && mount -t tmpfs none /srv/taken && touch /srv/taken/mine');
    const disk = await knownDisk(folder, 'taken', { mebibytes: 16, label: 'taken' });
    const attached = await guest.attachDisk({ disk });
    await untilMounted(guest, '/srv/taken_2');
    expect(await guest.output('ls /srv/taken')).toBe('mine');
    await guest.waitFor('gandi-mount eject /srv/taken_2', 30);
    const node = await guest.output(`readlink -f /dev/disk/by-uuid/${disk.uuid}`);
    await guest.output(`mount ${node} /mnt`);
    const refused = await guest.run('gandi-mount eject taken');
    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('mounted at /mnt by somebody else'),
    });
    await guest.output('umount /mnt /srv/taken && rmdir /srv/taken');
    await guest.detach(attached);
  });

  it('left no errors of its own in the journal', async () => {
    // What was refused is told as an error; nothing else is.
    const others = (await errorsInJournal(guest))
      .split('\n')
      .filter((line) => !/is not mounted: /.test(line));
    expect(others.join('\n')).not.toMatch(/gandi/);
  });
});
