import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { knownDisk } from './data-disks.ts';
import { overlayDisk } from './disk.ts';
import { Guest } from './guest.ts';
import { toolkitImage } from './toolkit.ts';

const minutes = 60_000;

/** Whether a disk's own file system, not autofs itself, is mounted at a path. */
const isMounted = (path: string) => `findmnt -rn -t ext4 ${path}`;

describe('data disks on first access', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gandi-guest-autofs-'));
  let guest: Guest;

  const set = (name: string, value: string) =>
    guest.output(`sed -i 's|^${name}=.*|${name}=${value}|' /etc/default/gandi`);

  beforeAll(async () => {
    const image = await toolkitImage();
    guest = await Guest.boot({
      name: 'autofs',
      image,
      disks: [{ disk: await overlayDisk(image, join(folder, 'root.qcow2')), scsiId: 100 }],
    });
    expect(await guest.waitForBoot()).toBe('running');
    const disk = await knownDisk(folder, 'data', { mebibytes: 32, label: 'data', diskMebibytes: 64 });
    await guest.attachDisk({ disk });
    await guest.waitFor(isMounted('/srv/data'), 60);
  }, 15 * minutes);

  afterAll(async () => {
    await guest?.powerCut();
    rmSync(folder, { recursive: true });
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

  it('gives equal labels paths of their own', async () => {
    const second = await guest.attachDisk({
      disk: await knownDisk(folder, 'second', { mebibytes: 16, label: 'data' }),
    });
    await guest.waitFor('ls -d /srv/data_2/lost+found', 60);
    await guest.detach(second);
    await guest.waitFor(`! ${isMounted('/srv/data_2')}`, 60);
  });

  it('follows CONFIG_DISK_ROOT', async () => {
    await set('CONFIG_DISK_ROOT', '/data');
    expect(await guest.run('gandi-mount apply-mode')).toMatchObject({ exitCode: 0 });
    await guest.waitFor('ls -d /data/data/lost+found', 60);
    expect((await guest.run('findmnt -rn -t autofs /srv')).exitCode).toBe(1);
  });
});
