import { expect, it } from 'vitest';
import { cpioDisk, seededGuest } from '../seeded-guest.ts';

const DMI = '/sys/class/dmi/id';

const told = async (entries: Record<string, string>, says: { label?: string } = {}, names = ['all']) => {
  const guest = seededGuest(entries);
  guest.attach('sdf', 5, cpioDisk('web1'), says);
  const { state, instanceId, parsed } = await guest.look(names);
  return { state, instanceId, name: parsed.config.hostName };
};

it('is an instance by the number of the machine, where there is one', async () => {
  expect(await told({ [`${DMI}/product_uuid`]: 'A0B1C2D3-0000-4000-8000-0123456789AB\n' })).toEqual({
    state: 'new',
    instanceId: 'a0b1c2d3-0000-4000-8000-0123456789ab',
    name: 'web1',
  });
  expect(await told({})).toEqual({ state: 'new', instanceId: undefined, name: 'web1' });
});

it.each(['Oxide', 'Joyent', 'DigitalOcean', 'Amazon EC2'])(
  'is not looked for on %s, unless it is asked for',
  async (vendor) => {
    const entries = { [`${DMI}/sys_vendor`]: `${vendor}\n` };
    expect(await told(entries)).toMatchObject({ state: 'none', name: undefined });
    expect(await told(entries, {}, ['cpio'])).toMatchObject({ state: 'new', name: 'web1' });
  },
);

it('is not looked for on a disk on which udev has found something', async () => {
  expect(await told({}, { label: 'data' })).toMatchObject({ state: 'none', name: undefined });
});

it('is not looked for on a disk that another device is made of', async () => {
  const guest = seededGuest();
  guest.attach('sdf', 5, cpioDisk('web1'));
  guest.hold('sdf', 'dm-0');
  expect(await guest.look()).toMatchObject({ state: 'none' });
});

it('is not looked for on partitions', async () => {
  const guest = seededGuest();
  const [disk = ''] = guest.attachPartitioned('sdf', 5, cpioDisk('web1'));
  expect(await guest.look()).toMatchObject({ state: 'new', place: { name: disk } });
});
