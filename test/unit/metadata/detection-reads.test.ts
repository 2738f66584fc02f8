import { describe, expect, it } from 'vitest';
import { openedFiles } from './opened-files.ts';
import { nocloudVolume, seededGuest } from './seeded-guest.ts';

const DMI = '/sys/class/dmi/id';

/** Whether somebody reads a disk is another thing at each moment. */
const OF_THE_MOMENT = /\/inflight$/;

/** What was opened more than once. */
const twice = (times: Map<string, number>) =>
  [...times].filter(([path, count]) => count > 1 && !OF_THE_MOMENT.test(path));

const firmware = (words: Record<string, string>) => ({
  '/proc/cmdline': 'root=LABEL=root quiet\n',
  ...Object.fromEntries(
    Object.entries({
      sys_vendor: 'QEMU',
      bios_vendor: 'SeaBIOS',
      product_name: 'Standard PC',
      product_serial: 'none',
      product_uuid: '11111111-2222-3333-4444-555555555555',
      chassis_asset_tag: 'none',
      ...words,
    }).map(([name, text]) => [`${DMI}/${name}`, `${text}\n`]),
  ),
});

describe('detection', () => {
  it.each<[string, Record<string, string>]>([
    ['nobody', {}],
    ['EC2', { sys_vendor: 'Amazon EC2' }],
    ['DigitalOcean', { sys_vendor: 'DigitalOcean' }],
    ['OpenStack', { product_name: 'OpenStack Nova' }],
    ['Hetzner', { sys_vendor: 'Hetzner' }],
    ['Vultr', { sys_vendor: 'Vultr' }],
    ['Scaleway', { sys_vendor: 'Scaleway' }],
    ['Google', { product_name: 'Google Compute Engine' }],
  ])('opens nothing twice on a guest of %s', async (_, words) => {
    const guest = seededGuest(firmware(words));
    guest.attach('sr0', 0, new Uint8Array(65_536), { label: 'data' });
    guest.attach('sdf', 1, new Uint8Array(65_536), { label: 'data' });
    const times = await openedFiles(guest.files.root, () => guest.look());
    expect(times.get(`${DMI}/sys_vendor`)).toBe(1);
    expect(twice(times)).toEqual([]);
  });

  it('opens nothing twice where a volume configures the guest', async () => {
    const guest = seededGuest(firmware({}));
    guest.attach('sr0', 0, nocloudVolume('web1'), { label: 'cidata' });
    const times = await openedFiles(guest.files.root, () => guest.look());
    expect(twice(times)).toEqual([]);
  });

  it('looks again at the disks where it has waited for one, of which udev knows nothing yet', async () => {
    const guest = seededGuest(firmware({}));
    guest.attach('sdf', 1, new Uint8Array(65_536));
    const times = await openedFiles(guest.files.root, () => guest.look());
    const size = [...times].find(([path]) => path.endsWith('/sdf/size'));
    expect(size?.[1]).toBe(2);
    expect(times.get('/proc/cmdline')).toBe(1);
  });
});
