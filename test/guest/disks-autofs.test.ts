import { beforeAll, describe, expect, it } from 'vitest';
import { knownDisk } from './data-disks.ts';
import { mebibyte } from './disk.ts';
import type { Attached } from './hot-plug.ts';
import { useGuest } from './use-guest.ts';

/** Whether a disk's own file system, not autofs itself, is mounted at a path. Naming the path to findmnt would use it. */
const isMounted = (path: string) => `findmnt -rno TARGET -t ext4 | grep -qx ${path}`;

describe('data disks on first access', () => {
  const { guest, folder } = useGuest('autofs', { root: { scsiId: 100 } });
  let attached: Attached;

  const set = (name: string, value: string) =>
    guest.output(`sed -i 's|^${name}=.*|${name}=${value}|' /etc/default/gandi`);

  beforeAll(async () => {
    const disk = await knownDisk(folder, 'data', { mebibytes: 32, label: 'data', diskMebibytes: 64 });
    attached = await guest.attachDisk({ disk });
    await guest.waitFor(isMounted('/srv/data'), 60);
  });

  it('takes over from udev when the settings say so, and mounts on access', async () => {
    await set('CONFIG_MOUNT_MODE', 'autofs');
    await guest.output('sed -i "s/--timeout=[0-9]*/--timeout=3/" /etc/auto.master.d/gandi.autofs');
    expect(await guest.run('gandi-mount apply-mode')).toMatchObject({ exitCode: 0 });
    await guest.waitFor('findmnt -rn -t autofs /srv');
    expect((await guest.run(isMounted('/srv/data'))).exitCode).toBe(1);
    await guest.waitFor('ls -d /srv/data/lost+found', 30);
    expect(await guest.output('findmnt -rno OPTIONS -t ext4 /srv/data')).toMatch(/^rw,nosuid,nodev,noatime/);
  });

  it('answers for no other key, without starting the executable', async () => {
    expect((await guest.run('ls /srv/nothing')).exitCode).not.toBe(0);
    const trace = await guest.run(
      'mv /usr/lib/gandi/gandi-launcher /tmp/l; /etc/auto.gandi nothing; echo $?; mv /tmp/l /usr/lib/gandi/gandi-launcher',
    );
    expect(trace.stdout).toBe('1\n');
  });

  it('lets go of it after a while, and mounts it again, grown when the disk was', async () => {
    await guest.waitFor(`! ${isMounted('/srv/data')}`, 60);
    await guest.qmp.execute('block_resize', { 'node-name': attached.backend, size: 128 * mebibyte });
    await guest.waitFor('[ "$(cat /sys/class/block/sdb/size)" = 262144 ]', 30);
    const size = "df -BM --output=size /srv/data | tail -1 | tr -dc '0-9'";
    expect(Number(await guest.output(size))).toBeGreaterThan(100);
    await guest.waitFor(`! ${isMounted('/srv/data')}`, 60);
  });

  it('gives equal labels paths of their own', async () => {
    const second = await guest.attachDisk({
      disk: await knownDisk(folder, 'second', { mebibytes: 16, label: 'data' }),
    });
    await guest.waitFor('ls -d /srv/data_2/lost+found', 60);
    await guest.detach(second);
    await guest.waitFor(`! ${isMounted('/srv/data_2')}`, 60);
  });

  it('keeps a disk that is ejected from its next access, until somebody attaches it', async () => {
    const other = await guest.attachDisk({
      disk: await knownDisk(folder, 'other', { mebibytes: 16, label: 'other' }),
    });
    await guest.waitFor('ls -d /srv/other/lost+found', 60);
    await guest.waitFor(`! ${isMounted('/srv/other')}`, 60);
    expect(await guest.output('gandi-mount eject other')).toContain('it can be detached');
    expect((await guest.run('ls /srv/other')).exitCode).not.toBe(0);
    expect((await guest.run(isMounted('/srv/other'))).exitCode).toBe(1);
    // What a preparation leaves that is cut off, such as by a restart of autofs, is in nobody's way.
    const node = await guest.output('readlink -f /dev/disk/by-label/other');
    await guest.output(`gandi-mount attach ${node}`);
    await guest.output(`mkdir -p /run/gandi/mounted/other && mount ${node} /run/gandi/mounted/other`);
    await guest.waitFor('ls -d /srv/other/lost+found', 60);
    expect((await guest.run('findmnt -rn /run/gandi/mounted/other')).exitCode).toBe(1);
    await guest.waitFor(`! ${isMounted('/srv/other')}`, 60);
    await guest.detach(other);
    await guest.waitFor('! test -e /run/gandi/autofs/other', 60);
  });

  it('follows CONFIG_DISK_ROOT', async () => {
    await set('CONFIG_DISK_ROOT', '/data');
    expect(await guest.run('gandi-mount apply-mode')).toMatchObject({ exitCode: 0 });
    await guest.waitFor('ls -d /data/data/lost+found', 60);
    expect((await guest.run('findmnt -rn -t autofs /srv')).exitCode).toBe(1);
  });

  it('waits for who uses a disk before it gives the directory up', async () => {
    await guest.output('(setsid sh -c "cd /data/data; sleep 1000" > /dev/null 2>&1 &)');
    await guest.waitFor('ls -l /proc/*/cwd 2> /dev/null | grep -q /data/data');
    await set('CONFIG_MOUNT_MODE', 'udev');
    await set('CONFIG_DISK_ROOT', '/srv');
    const held = await guest.run('gandi-mount apply-mode');
    expect(held).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('autofs still holds /data') });
    await guest.output('pkill -f "sleep 1000"');
  });

  it('goes back to udev', async () => {
    expect(await guest.run('gandi-mount apply-mode')).toMatchObject({ exitCode: 0 });
    await guest.waitFor(isMounted('/srv/data'), 60);
    expect((await guest.run('findmnt -rn -t autofs /data')).exitCode).toBe(1);
    expect(await guest.output('ls -A /run/gandi/autofs')).toBe('');
  });

  it('mounts nothing when it is turned off, and takes care of what is mounted', async () => {
    await set('CONFIG_MOUNT_MODE', 'off');
    expect(await guest.run('gandi-mount apply-mode')).toMatchObject({ exitCode: 0 });
    const again = await guest.attachDisk({
      disk: await knownDisk(folder, 'again', { mebibytes: 16, label: 'again' }),
    });
    await guest.waitFor('gandi-mount list | grep -q "turned off in the settings"', 60);
    expect((await guest.run(isMounted('/srv/again'))).exitCode).toBe(1);
    await guest.output(isMounted('/srv/data'));
    await guest.detach(attached);
    await guest.waitFor(`! ${isMounted('/srv/data')}`, 60);
    await guest.detach(again);
  });
});
