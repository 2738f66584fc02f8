import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, describe, expect, it } from 'vitest';
import { nocloudVolume, seededGuest } from './seeded-guest.ts';

const DMI = '/sys/class/dmi/id';
const { openSync } = fs;

afterEach(() => {
  fs.openSync = openSync;
  syncBuiltinESMExports();
});

/** A disk may be another one by the next look: what it is like is read again. */
const OF_DISKS = /^\/(?:sys\/devices|run\/udev|proc\/self\/mountinfo$|proc\/swaps$)/;

/** What was opened more than once. */
const twice = (times: Map<string, number>) =>
  [...times].filter(([path, count]) => count > 1 && !OF_DISKS.test(path));

/** How often each path of a guest is opened while something is done. */
async function opened(root: string, work: () => Promise<unknown>): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  fs.openSync = (...args: Parameters<typeof openSync>) => {
    const [path] = args;
    if (typeof path === 'string' && path.startsWith(`${root}/`)) {
      const own = path.slice(root.length);
      times.set(own, (times.get(own) ?? 0) + 1);
    }
    return openSync(...args);
  };
  syncBuiltinESMExports();
  await work();
  return times;
}

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
    guest.attach('sdf', 1, new Uint8Array(65_536));
    const times = await opened(guest.files.root, () => guest.look());
    expect(times.get(`${DMI}/sys_vendor`)).toBe(1);
    expect(twice(times)).toEqual([]);
  });

  it('opens nothing twice where a volume configures the guest', async () => {
    const guest = seededGuest(firmware({}));
    guest.attach('sr0', 0, nocloudVolume('web1'), { label: 'cidata' });
    const times = await opened(guest.files.root, () => guest.look());
    expect(twice(times)).toEqual([]);
  });
});
