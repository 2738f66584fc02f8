import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { escapePath } from '../../../../src/machine/formats/text/unit-names.ts';
import { mountUnits } from '../../../../src/machine/system/mount-units.ts';
import { renderDropIn, renderMountUnit } from '../../../../src/mount/mounts/disk-units.ts';
import { captureOutput } from '../../captured-output.ts';
import { makeFiles } from '../../context.ts';
import { main, simulatedGuest } from '../simulated-run.ts';

const said = captureOutput();
const guest = simulatedGuest();

const UUID = '11111111-2222-4333-8444-555555555555';
const OTHER = '99999999-2222-4333-8444-555555555555';
const UNITS = '/etc/systemd/system';

/** The guest is run by systemd. */
const withSystemd = () => {
  guest.disks.write('/run/systemd/system/.keep', '');
  guest.disks.write('/etc/default/gandi', 'CONFIG_DISK_UNITS=1\n');
};
const units = () => guest.disks.files.list(UNITS).toSorted();
/** The texts of all units that are there, by the ends of their names. */
const unitOf = (name: string) => {
  const file = units().find((one) => one.endsWith(`-srv-${name}.mount`));
  return file === undefined ? undefined : guest.disks.files.readText(`${UNITS}/${file}`);
};
const serveNew = () => main(['rescan', '--new']);

describe('the mount unit of a disk', () => {
  it('orders others behind who mounts it, and is in nobody’s way', () => {
    const text = renderMountUnit({ uuid: UUID, mountPoint: '/srv/my-100%' });
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines).toEqual([
      '[Unit]',
      'Description=Data disk at /srv/my-100%%',
      'Documentation=man:gandi-mount(8)',
      'DefaultDependencies=no',
      'Requires=gandi-attach@srv-my\\x2d100\\x25.service',
      'After=gandi-attach@srv-my\\x2d100\\x25.service',
      'Wants=gandi-detach@srv-my\\x2d100\\x25.service',
      '[Mount]',
      `What=UUID=${UUID}`,
      'Where=/srv/my-100%%',
      'Type=gandi',
      'Options=nofail',
      '[X-Gandi]',
      `UUID=${UUID}`,
    ]);
  });

  it('has the disk waited for without a process', () => {
    const text = renderDropIn({ uuid: UUID, mountPoint: '/srv/my data' });
    const device = `dev-disk-by\\x2duuid-${UUID.replaceAll('-', '\\x2d')}.device`;
    expect(text).toContain(`\nWants=${device}\nAfter=${device}\nRequiresMountsFor="/srv"\n`);
  });

  it('does not count as one of the admin’s', () => {
    const text = renderMountUnit({ uuid: UUID, mountPoint: '/srv/data' });
    const files = makeFiles({
      [`${UNITS}/srv-data.mount`]: text,
      [`${UNITS}/srv-own.mount`]: `[Mount]\nWhat=UUID=${UUID}\nWhere=/srv/own\n`,
    });
    expect(mountUnits(files).map(({ mountPoint }) => mountPoint)).toEqual(['/srv/own']);
  });
});

describe('units of disks', () => {
  it('are there before the disk is mounted for the first time, and are written once', async () => {
    withSystemd();
    guest.disks.attach({ name: 'sdb', label: 'data', uuid: UUID });
    let atMount: string | undefined;
    guest.disks.fail = (line) => {
      if (line.startsWith('mount ')) atMount = unitOf('data');
      return undefined;
    };
    expect(await serveNew(), said.stderr).toBe(0);
    expect(atMount).toContain(`UUID=${UUID}`);
    expect(units()).toHaveLength(2);
    const text = unitOf('data');
    guest.disks.reboot(['sdb']);
    guest.disks.attach({ name: 'sdb', label: 'data', uuid: UUID });
    expect(await main(['rescan', '--boot'])).toBe(0);
    expect(unitOf('data')).toBe(text);
    // The disk is not left alone for its unit.
    expect(guest.disks.mounts()).toEqual(['/srv/data']);
  });

  it('are not made where systemd does not run', async () => {
    guest.disks.attach({ name: 'sdb', label: 'data', uuid: UUID });
    expect(await serveNew()).toBe(0);
    expect(units()).toEqual([]);
  });

  it('are made anew where somebody removed them, as with the package', async () => {
    withSystemd();
    guest.disks.attach({ name: 'sdb', label: 'data', uuid: UUID });
    await serveNew();
    const [directory = '', unit = ''] = units();
    for (const name of [directory, unit])
      rmSync(`${guest.disks.files.root}${UNITS}/${name}`, { recursive: true });
    await main(['rescan']);
    expect(units()).toEqual([directory, unit]);
  });

  it.each([UNITS, '/run/systemd/generator', '/usr/lib/systemd/system'])(
    'leave an admin’s unit of that name in %s as it is',
    async (place) => {
      withSystemd();
      const path = `${place}/${escapePath(guest.disks.mountPoint('data'))}.mount`;
      const own = '[Mount]\nWhat=/dev/sdq\nWhere=/srv/data\n';
      guest.disks.write(path, own);
      guest.disks.attach({ name: 'sdb', label: 'data', uuid: UUID });
      expect(await serveNew(), said.stderr).toBe(0);
      expect(guest.disks.files.readText(path)).toBe(own);
      expect(units()).toEqual(place === UNITS ? [path.split('/').at(-1)] : []);
    },
  );

  it('are about the disk that was named last where two had one name', async () => {
    withSystemd();
    guest.disks.attach({ name: 'sdb', label: 'data', uuid: UUID });
    await serveNew();
    guest.disks.takeAway('sdb');
    await serveNew();
    guest.disks.attach({ name: 'sdc', label: 'data', uuid: OTHER });
    await serveNew();
    expect(unitOf('data')).toContain(`UUID=${OTHER}`);
    expect(units()).toHaveLength(2);
  });

  it('are not made of what is no UUID: it stands on a disk, and would be read as a part of the unit', async () => {
    withSystemd();
    const fileSystems = ['a\n[Unit]\nOnFailure=x', UUID].map((uuid, index) => ({
      uuid,
      name: `old-${index}`,
      type: 'ext4',
    }));
    guest.disks.write('/var/lib/gandi/disks.json', JSON.stringify({ fileSystems }));
    guest.disks.attach({ name: 'sdb', label: 'data', uuid: OTHER });
    await serveNew();
    const mounts = units().filter((name) => name.endsWith('.mount'));
    expect(mounts.map((name) => name.replace(/.*-root-srv-/, ''))).toEqual(['data.mount', 'old\\x2d1.mount']);
  });

  it('go where disks are not mounted as they come any more', async () => {
    withSystemd();
    guest.disks.attach({ name: 'sdb', label: 'data', uuid: UUID });
    await serveNew();
    guest.disks.write('/etc/default/gandi', 'CONFIG_MOUNT_MODE=off\n');
    await main(['rescan']);
    expect(units()).toEqual([]);
  });

  it.each([
    [
      'goes',
      async () => {
        guest.disks.takeAway('sdb');
        await serveNew();
      },
    ],
    [
      'is ejected',
      async () => {
        await main(['eject', 'data']);
      },
    ],
  ])('are stopped, with what requires them, behind the unmounting when the disk %s', async (_, leave) => {
    withSystemd();
    guest.disks.attach({ name: 'sdb', label: 'data', uuid: UUID });
    await serveNew();
    guest.disks.ran.length = 0;
    await leave();
    const stop = guest.disks.ran.findIndex((line) => line.startsWith('systemctl --no-block stop -- '));
    expect(guest.disks.ran[stop]).toMatch(/srv-data\.mount$/);
    expect(guest.disks.ran.findIndex((line) => line.startsWith('umount'))).toBeLessThan(stop);
  });
});

describe('what a unit asks for', () => {
  const place = () => guest.disks.mountPoint('data');
  const attachForUnit = () => main(['attach', '--for-unit', place()]);

  it('is mounted by its path', async () => {
    withSystemd();
    guest.disks.attach({ name: 'sdb', label: 'other', uuid: OTHER });
    guest.disks.attach({ name: 'sdc', label: 'data', uuid: UUID });
    expect(await attachForUnit(), said.stderr).toBe(0);
    expect(guest.disks.mounts()).toEqual(['/srv/data']);
    expect(await attachForUnit()).toBe(0);
    expect(guest.disks.mounts()).toEqual(['/srv/data']);
  });

  it('is mounted again after its unit was stopped, or it was unmounted by hand', async () => {
    guest.disks.attach({ name: 'sdc', label: 'data', uuid: UUID });
    await serveNew();
    guest.disks.unmountByHand('data');
    expect(await attachForUnit(), said.stderr).toBe(0);
    expect(guest.disks.mounts()).toEqual(['/srv/data']);
  });

  it('stays as it is if it was ejected', async () => {
    guest.disks.attach({ name: 'sdc', label: 'data', uuid: UUID });
    await serveNew();
    await main(['eject', 'data']);
    expect(await attachForUnit()).toBe(1);
    expect(said.stderr).toMatch(/is not mounted: it was ejected; gandi-mount attach \S+ mounts it again/);
    expect(guest.disks.mounts()).toEqual([]);
    expect(await main(['attach', place()])).toBe(0);
    expect(guest.disks.mounts()).toEqual(['/srv/data']);
  });

  it('fails if the disk is away', async () => {
    guest.disks.attach({ name: 'sdb', label: 'other', uuid: OTHER });
    expect(await attachForUnit()).toBe(3);
    expect(said.stderr).toContain(`there is no disk ${place()} that could be mounted`);
    expect(guest.disks.mounts()).toEqual([]);
  });
});
