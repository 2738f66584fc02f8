import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readNoCloudVolume } from '../../../../src/metadata/nocloud/volume.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { memoryDevice } from '../../images.ts';
import { fatImage, isoImage } from '../../machine/formats/volumes/volumes.ts';
import { changedBytes } from '../gandi/changed-bytes.ts';

const FILES = { 'meta-data': 'instance-id: i\n', 'user-data': '', 'network-config': 'version: 2\n' };

const read = (image: Uint8Array) => readNoCloudVolume(memoryDevice(image.length, { 0: image }));
const textsOf = (image: Uint8Array) => {
  const volume = read(image);
  if (volume.state !== 'present') return volume;
  const files = Object.entries(volume.files).map(([name, bytes]) => [name, Buffer.from(bytes).toString()]);
  return { label: volume.label, ...Object.fromEntries(files) };
};
const TEXTS = { metaData: 'instance-id: i\n', userData: '', networkConfig: 'version: 2\n' };

test.each([
  ['with Rock Ridge', ['-rational-rock']],
  ['with Joliet', ['-joliet']],
  ['with plain names', ['-allow-lowercase', '-l', '-relaxed-filenames']],
])('an ISO image %s', (_, options) => {
  expect(textsOf(isoImage(FILES, '-volid', 'cidata', ...options))).toEqual({ label: 'cidata', ...TEXTS });
});

test.each(['FAT12', 'FAT16', 'FAT32'] as const)('a volume of %s', (kind) => {
  const files = { ...FILES, 'vendor-data': 'v' };
  expect(textsOf(fatImage(kind, files, '-n', 'CIDATA'))).toEqual({
    label: 'CIDATA',
    ...TEXTS,
    vendorData: 'v',
  });
});

test('a label in the boot sector of FAT alone', () => {
  const image = fatImage('FAT12', FILES);
  expect(read(image).state).toBe('absent');
  image.write('cidata     ', 43, 'latin1');
  expect(textsOf(image)).toMatchObject({ label: 'cidata' });
});

test.each([
  ['user-data', 'meta-data'],
  ['meta-data', 'user-data'],
])('with %s alone is passed over, and says that it lacks %s', (file, lacks) => {
  const image = isoImage({ [file]: '' }, '-volid', 'cidata', '-rational-rock');
  expect(read(image)).toEqual({ state: 'absent', lacks });
});

test.each([
  ['another label', isoImage(FILES, '-volid', 'Cidata', '-rational-rock')],
  ['nothing', new Uint8Array(100_000)],
])('%s is passed over', (_, image) => {
  expect(read(image)).toEqual({ state: 'absent' });
});

test('a volume whose files cannot be read is broken, and says each', () => {
  const files = { ...FILES, 'user-data': 'x'.repeat(10), 'network-config': 'y'.repeat(5_000_000) };
  const image = isoImage(files, '-volid', 'cidata', '-rational-rock');
  expect(read(image)).toEqual({
    state: 'broken',
    problems: [
      {
        group: 'source',
        path: expect.stringMatching(/^network-config at byte \d+$/),
        found: '5000000 bytes',
        expected: 'at most 4194304 bytes',
      },
    ],
  });
  const cut = isoImage(FILES, '-volid', 'cidata', '-rational-rock').subarray(0, 40 * 1024);
  expect(read(cut)).toMatchObject({
    state: 'broken',
    problems: [{ found: 'a directory that reaches behind the end' }, {}, {}, {}, {}],
  });
});

test('changed bytes are absent, broken or present, never an exception', () => {
  const image = isoImage(FILES, '-volid', 'cidata', '-rational-rock', '-joliet');
  const head = image.subarray(0, 32_768);
  fc.assert(
    fc.property(changedBytes(Buffer.from(image.subarray(32_768, 65_536)), 40), (part) => {
      const { state } = read(Buffer.concat([head, part, image.subarray(65_536)]));
      expect(['absent', 'broken', 'present']).toContain(state);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
