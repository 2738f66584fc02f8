import { expect, it } from 'vitest';
import { acceptVolume, forgetOtherSource, whyNotAllowed } from '../../../src/guest/accept-volume.ts';
import { systemCommands } from '../../../src/machine/commands/commands.ts';
import { listBlockDevices } from '../../../src/machine/devices/block-devices.ts';
import { SOURCE_FILE } from '../../../src/machine/files/paths.ts';
import { allowedSources } from '../../../src/metadata/allowed-sources.ts';
import {
  cpioDisk,
  damagedVolume,
  nocloudVolume,
  type SeededGuest,
  seededGuest,
} from '../metadata/seeded-guest.ts';

const machineOf = ({ files }: SeededGuest) => ({ files, commands: systemCommands, live: true });

async function accept(guest: SeededGuest, node: string, setting: readonly string[] = ['all']) {
  const device = listBlockDevices(guest.files).find((one) => one.node === node);
  if (device === undefined) throw new Error(`${node} was attached`);
  const outcome = await acceptVolume(device, machineOf(guest), allowedSources(setting, guest.files));
  return outcome !== undefined && 'source' in outcome ? outcome.source : outcome?.refused;
}

const nameAt = async (guest: SeededGuest) => {
  const { state, parsed } = await guest.boot();
  return { state, name: parsed.config.hostName, problems: parsed.problems.map(({ path }) => path) };
};

it.each([
  ['nocloud', nocloudVolume('web2')],
  ['cpio', cpioDisk('web2')],
])(
  'a volume of %s on a disk counts from the next boot on, and what the guest has until then',
  async (name, image) => {
    const guest = seededGuest();
    const first = guest.attach('sr0', 0, nocloudVolume('web1'));
    await guest.boot();
    guest.detach(first);
    const node = guest.attach('sdf', 5, image);
    expect(await nameAt(guest)).toEqual({ state: 'kept', name: 'web1', problems: [node] });
    expect(await accept(guest, node)).toBe(name);
    expect(guest.stored()).toMatchObject({ source: name, config: { hostName: 'web1' } });
    expect(await nameAt(guest)).toEqual({ state: 'new', name: 'web2', problems: [] });
  },
);

it('of a source that CONFIG_SOURCES leaves out is refused, and nothing is noted down', async () => {
  const guest = seededGuest();
  const node = guest.attach('sdf', 5, cpioDisk('web2'));
  expect(await accept(guest, node, ['nocloud'])).toBe(
    'the source cpio is not among those that count here; add it to CONFIG_SOURCES',
  );
  expect(guest.files.status(SOURCE_FILE)).toBeUndefined();
  expect(whyNotAllowed('gandi', allowedSources(['nocloud'], guest.files))).toContain(
    'the source gandi is not',
  );
  expect(whyNotAllowed('gandi', allowedSources(['all'], guest.files))).toBeUndefined();
});

it('one of two counts after it, and the other is told', async () => {
  const guest = seededGuest();
  const one = guest.attach('sr0', 0, nocloudVolume('web1'));
  const two = guest.attach('sr1', 1, nocloudVolume('web2'));
  expect(await nameAt(guest)).toMatchObject({ state: 'broken', problems: [`${one} and ${two}`] });
  await accept(guest, two);
  expect(await nameAt(guest)).toEqual({ state: 'new', name: 'web2', problems: [one] });
});

it('of Gandi’s guest the configuration stays until then', async () => {
  const guest = seededGuest({ '/gandi/config': '{"vm_hostname":"gandi"}' });
  const node = guest.attach('sdf', 5, nocloudVolume('web1'));
  expect(await accept(guest, node)).toBe('nocloud');
  guest.detach(node);
  expect(await nameAt(guest)).toEqual({ state: 'kept', name: 'gandi', problems: [] });
});

it.each([
  ['without a volume', new Uint8Array(100_000)],
  ['with one that cannot be read', damagedVolume()],
])('a device %s is not taken, and nothing is noted down', async (_, image) => {
  const guest = seededGuest();
  expect(await accept(guest, guest.attach('sdf', 5, image))).toBeUndefined();
  expect(guest.files.status(SOURCE_FILE)).toBeUndefined();
});

it('Gandi’s disk takes the word from another source', async () => {
  const guest = seededGuest();
  guest.attach('sr0', 0, nocloudVolume('web1'));
  await guest.boot();
  await forgetOtherSource(machineOf(guest));
  expect(guest.stored()).toMatchObject({ source: 'gandi' });
});

it('and leaves one that nothing but its own disk has configured as it is', async () => {
  const guest = seededGuest();
  await forgetOtherSource(machineOf(guest));
  expect(guest.files.status(SOURCE_FILE)).toBeUndefined();
});
