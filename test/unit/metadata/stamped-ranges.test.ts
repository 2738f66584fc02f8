import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordExtras } from '../../../src/bootstrap/record-extras.ts';
import { systemCommands } from '../../../src/machine/commands/commands.ts';
import { renderSwapHeader } from '../../../src/machine/formats/swap-header.ts';
import { readSettings } from '../../../src/machine/settings/settings.ts';
import { packArchive } from '../../../src/metadata/gandi/seed-disk.ts';
import { SOURCES } from '../../../src/metadata/sources.ts';
import { rememberHostDisk } from '../../../src/storage/remember-disk.ts';
import { PROPERTY_RUNS } from '../../property-runs.ts';
import { MIB } from '../images.ts';
import { fatImage, isoImage } from '../machine/formats/volumes/volumes.ts';
import { cpioDisk, nocloudVolume, type SeededGuest, seededGuest } from './seeded-guest.ts';

/** A guest that a source has configured, and the device that it did so from. */
interface Configured {
  guest: SeededGuest;
  node: string;
  /** Bytes that would be news where the source looks for them, by offset. */
  news?: readonly [offset: number, bytes: Uint8Array];
}

/** Behind the volume is room that is none of it. */
async function fromVolume(name: string, image: Uint8Array): Promise<Configured> {
  const guest = seededGuest();
  const node = guest.attach(name, 0, Buffer.concat([image, new Uint8Array(64 * 1024)]));
  await guest.boot();
  return { guest, node };
}

/** Gandi's disk as a first boot leaves it: a swap area, without the archive. */
async function fromGandiDisk(): Promise<Configured> {
  const guest = seededGuest({ '/gandi/config': '{"vm_hostname":"web1"}' });
  const image = new Uint8Array(4 * MIB);
  const uuid = crypto.randomUUID();
  const area = { deviceBytes: image.length, pageBytes: 4096, uuid, label: 'swap', badPages: [128] };
  for (const { offset, bytes } of renderSwapHeader(area)) image.set(bytes, offset);
  guest.attach('sda', 0, new Uint8Array(MIB), { vendor: 'gandi.ne' });
  const node = guest.attach('sdb', 1, image, { vendor: 'gandi.ne' });
  const { gandi = {} } = await guest.look();
  await rememberHostDisk({ files: guest.files, commands: systemCommands, live: true }, gandi);
  const archive = await packArchive({ config: Buffer.from('{"vm_hostname":"web2"}') });
  return { guest, node, news: [524_288, archive] };
}

const DRIVE = {
  'openstack/latest/meta_data.json': JSON.stringify({
    uuid: 'i',
    hostname: 'web1',
    files: [{ path: '/etc/motd', content_path: '/content/0000' }],
  }),
  'openstack/content/0000': 'text of a file',
};
const SEED = { 'meta-data': 'instance-id: i\nlocal-hostname: web1\n', 'user-data': '#!/bin/sh\n' };

/** What each source that reads a device is read from, in each form. */
const FORMS: Record<string, Record<string, () => Promise<Configured>>> = {
  gandi: { disk: fromGandiDisk },
  nocloud: {
    'ISO 9660 of ours': () => fromVolume('sr0', nocloudVolume('web1')),
    'Rock Ridge': () => fromVolume('sr0', isoImage(SEED, '-volid', 'cidata', '-rational-rock')),
    Joliet: () => fromVolume('sr0', isoImage(SEED, '-volid', 'cidata', '-joliet')),
    FAT16: () => fromVolume('sdf', fatImage('FAT16', SEED, '-n', 'CIDATA')),
  },
  configdrive: {
    'ISO 9660': () => fromVolume('sr0', isoImage(DRIVE, '-volid', 'config-2', '-rational-rock')),
    FAT16: () => fromVolume('sdf', fatImage('FAT16', DRIVE, '-n', 'config-2')),
  },
  cpio: { disk: () => fromVolume('sdf', cpioDisk('web1')) },
};

/** Random bytes, and news, everywhere but in the ranges, of which each lies in the image. */
function changedElsewhere(
  image: Uint8Array,
  ranges: readonly { offset: number; length: number }[],
  news: Configured['news'],
  seed: number,
): Uint8Array {
  const changed = new Uint8Array(image.length);
  let state = seed >>> 0;
  for (let at = 0; at < changed.length; at++) {
    // Constants of Numerical Recipes: the same seed shows the same failure again.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    changed[at] = state >>> 24;
  }
  if (news !== undefined) changed.set(news[1], news[0]);
  for (const { offset, length } of ranges) changed.set(image.subarray(offset, offset + length), offset);
  return changed;
}

it('each source that reads a device is tried', () => {
  const names = SOURCES.filter(({ needs }) => needs === 'disk').map(({ name }) => name);
  expect(Object.keys(FORMS).sort()).toEqual(names.sort());
});

describe.each(
  Object.entries(FORMS).flatMap(([source, forms]) =>
    Object.entries(forms).map(([form, make]) => [source, form, make] as const),
  ),
)('%s, %s: what the next boot compares', (source, _, make) => {
  it('is all that counts: whatever else of the device changes, nothing is new', async () => {
    const { guest, node, news } = await make();
    const kept = await guest.boot();
    expect(kept).toMatchObject({ state: 'kept', source, parsed: { problems: [] } });
    expect(kept.parsed.config.hostName).toBe('web1');
    const ranges = recordExtras({ files: guest.files, settings: readSettings(guest.files) }, kept)?.ranges;
    const image = readFileSync(node);
    expect(ranges).not.toHaveLength(0);
    expect(ranges?.every(({ device }) => device === node)).toBe(true);
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        writeFileSync(node, changedElsewhere(image, ranges ?? [], news, seed));
        expect(await guest.look()).toEqual(kept);
      }),
      { numRuns: Math.ceil(PROPERTY_RUNS / 40) },
    );
  });
});
