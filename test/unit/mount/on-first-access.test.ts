import { mkdirSync, rmSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { captureOutput } from '../captured-output.ts';
import { MIB } from '../images.ts';
import { EDITOR, main, simulatedGuest } from './simulated-run.ts';

const said = captureOutput();
const guest = simulatedGuest('CONFIG_MOUNT_MODE=autofs\n');
const AUTOMOUNT = '/usr/sbin/automount';

beforeEach(() => guest.disks.write(AUTOMOUNT, ''));

describe('on first access', () => {
  it('autofs is told once where it watches', async () => {
    const { disks } = guest;
    expect(await main(['apply-mode']), said.stderr).toBe(0);
    expect(disks.files.readText('/etc/auto.master.d/gandi.autofs')).toContain('/srv /etc/auto.gandi');
    expect(disks.ran).toEqual([
      'systemctl enable autofs.service',
      'systemctl --no-block reload-or-restart autofs.service',
    ]);
  });

  it('a warning says what will be out of sight below the directory that autofs watches', async () => {
    const { disks } = guest;
    disks.write('/srv/www/index.html', 'mine');
    disks.write('/srv/notes', 'mine');
    mkdirSync(disks.mountPoint('empty'), { recursive: true });
    expect(await main(['apply-mode'])).toBe(0);
    expect(said.stderr).toMatch(
      /warning: \S*\/srv has files of its own, which autofs hides \(notes, www\): move them/,
    );
    said.stderr = '';
    disks.mountAs('/etc/auto.gandi', disks.mountPoint('').replace(/\/$/, ''), 'autofs');
    expect(await main(['apply-mode'])).toBe(0);
    expect(said.stderr).toBe('');
  });

  it('a disk is offered, and its entry printed for its key alone', async () => {
    const { disks } = guest;
    await main(['apply-mode']);
    disks.attach({ name: 'sdb', label: 'data' });
    expect(await main(['rescan', '--new'])).toBe(0);
    expect(disks.mounts()).toEqual([]);
    expect(disks.files.list('/run/gandi/autofs')).toEqual(['data']);
    said.stdout = '';
    expect(await main(['autofs', 'data']), said.stderr).toBe(0);
    expect(said.stdout).toBe(
      `-fstype=ext4,rw,nosuid,nodev,noatime,errors=remount-ro,barrier=1 :${disks.node('sdb')}\n`,
    );
    said.stdout = '';
    for (const key of ['other', '..', '']) expect(await main(['autofs', key])).toBe(1);
    expect(said.stdout).toBe('');
  });

  it('a new disk is mounted for a moment to be grown, before its entry is printed', async () => {
    const { disks } = guest;
    disks.attach({ name: 'sdb', label: 'data', fileSystemBytes: 8 * MIB });
    await main(['rescan', '--new']);
    expect(await main(['autofs', 'data'])).toBe(0);
    expect(disks.ran).toEqual([
      'mount -t ext4 -o rw,nosuid,nodev,noatime,errors=remount-ro,barrier=1 -- /dev/sdb /run/gandi/mounted/data',
      expect.stringMatching(/^resize2fs /),
      'umount -- /run/gandi/mounted/data',
    ]);
    expect(disks.files.status('/run/gandi/mounted/data')).toBeUndefined();
  });

  it('a copy is offered under a key of its own, and a second path to a disk not at all', async () => {
    const { disks } = guest;
    const copy = { label: 'data', uuid: '11111111-2222-3333-4444-555555555555' };
    disks.attach({ name: 'sdb', ...copy, udev: ['ID_SERIAL=one', 'ID_WWN=1'] });
    disks.attach({ name: 'sdc', ...copy, udev: ['ID_SERIAL=two', 'ID_WWN=2'] });
    disks.attach({ name: 'sdd', ...copy, udev: ['ID_SERIAL=two', 'ID_WWN=2'] });
    await main(['rescan', '--new']);
    expect(disks.files.list('/run/gandi/autofs')).toEqual(['data', 'data_2']);
    expect(said.stderr).toMatch(/sdc is at \S+\/srv\/data_2: it is a copy of \S+sdb/);
    expect(said.stderr).toMatch(/sdd is left alone: it is another path to the disk of \S+sdc/);
    said.stdout = '';
    expect(await main(['autofs', 'data_2']), said.stderr).toBe(0);
    expect(said.stdout).toContain(`:${disks.node('sdc')}\n`);
  });

  it('a disk that is gone is offered no more', async () => {
    guest.disks.attach({ name: 'sdb', label: 'data' });
    await main(['rescan', '--new']);
    guest.disks.takeAway('sdb');
    await main(['rescan', '--new']);
    expect(guest.disks.files.list('/run/gandi/autofs')).toEqual([]);
    expect(await main(['autofs', 'data'])).toBe(1);
  });

  it('a disk that is ejected before it was accessed is offered no more', async () => {
    const { disks } = guest;
    disks.attach({ name: 'sdb', label: 'data' });
    await main(['rescan', '--new']);
    said.stdout = '';
    expect(await main(['eject', 'data'])).toBe(0);
    expect(said.stdout).toMatch(/sdb is not mounted: it can be detached\n/);
    expect(disks.files.list('/run/gandi/autofs')).toEqual([]);
    expect(await main(['autofs', 'data'])).toBe(1);
    await main(['rescan']);
    expect(disks.files.list('/run/gandi/autofs')).toEqual([]);
    expect(await main(['attach', disks.node('sdb')])).toBe(0);
    expect(disks.files.list('/run/gandi/autofs')).toEqual(['data']);
  });

  it.each([
    ['a lookup', async () => expect(await main(['autofs', 'data'])).toBe(0)],
    ['a rescan', async () => expect(await main(['rescan', '--new'])).toBe(0)],
    ['an eject', async () => expect(await main(['eject', 'data'])).toBe(0)],
  ])('%s takes away what a preparation that was cut off has left', async (_, work) => {
    const { disks } = guest;
    disks.attach({ name: 'sdb', label: 'data' });
    await main(['rescan', '--new']);
    disks.mountElsewhere('sdb', '/run/gandi/mounted/data');
    await work();
    expect(disks.ran[0]).toBe('umount -- /run/gandi/mounted/data');
    expect(disks.mounts()).toEqual([]);
  });

  it('a disk that goes in the middle of its preparation leaves nothing', async () => {
    const { disks } = guest;
    disks.attach({ name: 'sdb', label: 'data' });
    await main(['rescan', '--new']);
    disks.mountElsewhere('sdb', '/run/gandi/mounted/data');
    disks.takeAway('sdb');
    expect(await main(['rescan', '--new'])).toBe(0);
    expect(disks.ran).toEqual(['umount --lazy --no-canonicalize -- /run/gandi/mounted/data']);
    expect(disks.mounts()).toEqual([]);
  });

  it('a disk that comes where autofs is missing has failed', async () => {
    rmSync(`${guest.disks.files.root}${AUTOMOUNT}`);
    guest.disks.attach({ name: 'sdb', label: 'data' });
    expect(await main(['rescan', '--new'])).toBe(1);
    expect(said.stderr).toMatch(/sdb is not mounted: autofs is not installed: install it/);
    expect(guest.disks.files.readText('/run/gandi/disks.json')).toContain('"state": "failed"');
    expect(guest.disks.files.list('/run/gandi/autofs')).toEqual([]);
  });

  it('nothing is mounted without autofs, and what to do is told', async () => {
    rmSync(`${guest.disks.files.root}${AUTOMOUNT}`);
    guest.disks.attach({ name: 'sdb', label: 'data' });
    expect(await main(['rescan'])).toBe(1);
    expect(said.stderr).toContain('autofs is not installed: install it, or set CONFIG_MOUNT_MODE=udev');
  });

  it('what is mounted is taken over, unless it is in use', async () => {
    const { disks } = guest;
    disks.write('/etc/default/gandi', '');
    disks.attach({ name: 'sdb', label: 'data' });
    await main(['rescan', '--new']);
    disks.write('/etc/default/gandi', 'CONFIG_MOUNT_MODE=autofs\n');
    guest.holders = [EDITOR];
    expect(await main(['apply-mode'])).toBe(1);
    expect(said.stderr).toContain('end its use and run gandi-mount apply-mode');
    expect(disks.mounts()).toEqual(['/srv/data']);
    guest.holders = [];
    expect(await main(['apply-mode'])).toBe(0);
    expect(disks.mounts()).toEqual([]);
    expect(disks.files.list('/run/gandi/autofs')).toEqual(['data']);
  });

  describe('of two disks that are mounted', () => {
    beforeEach(async () => {
      const { disks } = guest;
      disks.write('/etc/default/gandi', '');
      disks.attach({ name: 'sdb', label: 'idle' });
      disks.attach({ name: 'sdc', label: 'busy' });
      await main(['rescan', '--new']);
      disks.ran.length = 0;
      disks.write('/etc/default/gandi', 'CONFIG_MOUNT_MODE=autofs\n');
    });

    it('none is ejected where one is in use', async () => {
      const { disks } = guest;
      guest.holders = [EDITOR];
      guest.usedMountPoint = disks.mountPoint('busy');
      expect(await main(['apply-mode'])).toBe(1);
      expect(said.stderr).toMatch(/sdc stays mounted at \S+: it is in use by .*; end its use and run/);
      expect(disks.ran).toEqual([]);
    });

    it('the first is mounted again where the second turns out to be in use', async () => {
      const { disks } = guest;
      disks.fail = (line) => (line === 'umount -- /srv/busy' ? 'umount: exit status 32: busy' : undefined);
      expect(await main(['apply-mode'])).toBe(1);
      expect(disks.mounts().sort()).toEqual(['/srv/busy', '/srv/idle']);
      const { disks: records } = JSON.parse(disks.files.readText('/run/gandi/disks.json') ?? '');
      expect(records).toMatchObject([{ state: 'mounted' }, { state: 'mounted' }]);
    });
  });

  it('no lookup is answered in another mode', async () => {
    guest.disks.write('/etc/default/gandi', 'CONFIG_MOUNT_MODE=udev\n');
    expect(await main(['autofs', 'data'])).toBe(1);
  });
});
