import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isIbms, readConfigDrive } from '../../../../src/metadata/configdrive/volume.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { memoryDevice } from '../../images.ts';
import { fatImage, isoImage } from '../../machine/formats/volumes/volumes.ts';
import { changedBytes } from '../gandi/changed-bytes.ts';

const META = '{"uuid":"i","files":[{"path":"/etc/motd","content_path":"/content/0000"}]}';
const FILES = {
  'openstack/latest/meta_data.json': META,
  'openstack/latest/network_data.json': '{}',
  'openstack/latest/user_data': '#!/bin/sh\n',
  'openstack/latest/vendor_data.json': '',
  'openstack/content/0000': 'hello\n',
  'openstack/2012-08-10/meta_data.json': '{"uuid":"old"}',
  'ec2/latest/meta-data.json': '{}',
};

const deviceOf = (image: Uint8Array) => memoryDevice(image.length, { 0: image });
const read = (image: Uint8Array) => readConfigDrive(deviceOf(image));
const iso = (files: Record<string, string>, label = 'config-2', ...options: string[]) =>
  isoImage(files, '-volid', label, ...(options.length > 0 ? options : ['-rational-rock', '-joliet']));

/** Texts of what was found. */
function textsOf(image: Uint8Array) {
  const volume = read(image);
  if (volume.state !== 'present') return volume.state;
  const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();
  const { metaData, networkData, userData, vendorData, contents } = volume.files;
  return [
    text(metaData),
    text(networkData),
    text(userData),
    vendorData.map(text),
    Object.entries(contents).map(([path, bytes]) => [path, text(bytes)]),
  ];
}
const TEXTS = [META, '{}', '#!/bin/sh\n', [''], [['content/0000', 'hello\n']]];

test.each([
  // nova: genisoimage -l -allow-lowercase -allow-multidot -quiet -J -r -V config-2 (nova/virt/configdrive.py).
  ['as nova has it made', ['-l', '-allow-lowercase', '-allow-multidot', '-J', '-r']],
  ['with Joliet alone', ['-joliet', '-l', '-allow-multidot']],
  ['with plain names', ['-allow-lowercase', '-allow-multidot', '-iso-level', '4', '-relaxed-filenames']],
])('an ISO image %s', (_, options) => {
  expect(textsOf(iso(FILES, 'config-2', ...options))).toEqual(TEXTS);
});

test.each(['FAT12', 'FAT16', 'FAT32'] as const)('a volume of %s', (kind) => {
  expect(textsOf(fatImage(kind, FILES, '-n', 'CONFIG-2'))).toEqual(TEXTS);
});

test('the newest version that is known, where there is none called latest', () => {
  const only = (...versions: string[]) =>
    iso(
      Object.fromEntries(versions.map((name) => [`openstack/${name}/meta_data.json`, `{"uuid":"${name}"}`])),
    );
  const uuidOf = (...versions: string[]) => textsOf(only(...versions))[0];
  expect(uuidOf('2012-08-10', '2018-08-27', '2013-04-04')).toBe('{"uuid":"2018-08-27"}');
  expect(uuidOf('2018-08-27', 'latest')).toBe('{"uuid":"latest"}');
});

test.each([
  ['another label', iso(FILES, 'Config-2')],
  ['without meta_data.json', iso({ 'openstack/latest/user_data': 'x' })],
  ['of EC2’s files alone', iso({ 'ec2/latest/meta-data.json': '{}' })],
  ['nothing', new Uint8Array(100_000)],
])('%s is passed over', (_, image) => {
  expect(read(image)).toMatchObject({ state: 'absent' });
});

test('a drive without meta_data.json says that it lacks it', () => {
  const image = isoImage({ 'ec2/latest/meta-data.json': '{}' }, '-volid', 'config-2', '-rational-rock');
  expect(read(image)).toEqual({ state: 'absent', lacks: 'openstack/latest/meta_data.json' });
});

test('a file that is too long makes it one that must not be used, and a line says which', () => {
  const long = { ...FILES, 'openstack/content/0000': 'x'.repeat(4 * 1024 * 1024 + 1) };
  expect(read(iso(long))).toMatchObject({
    state: 'broken',
    problems: [{ path: expect.stringMatching(/^openstack\/content\/0000 at byte/), found: '4194305 bytes' }],
  });
});

test('a directory that cannot be read is said once', () => {
  const image = iso(FILES);
  const volume = read(image.subarray(0, 19 * 2048));
  expect(volume).toMatchObject({
    state: 'broken',
    problems: [{ path: expect.stringMatching(/^openstack\/latest\/meta_data.json/) }],
  });
});

test('IBM’s volumes are known by their number', () => {
  const number = ['-n', 'config-2', '-i', '9796932e'];
  for (const kind of ['FAT12', 'FAT16', 'FAT32'] as const) {
    expect(isIbms(deviceOf(fatImage(kind, FILES, ...number)))).toBe(true);
    expect(isIbms(deviceOf(fatImage(kind, FILES, '-n', 'config-2', '-i', '9796932f')))).toBe(false);
  }
  expect(isIbms(deviceOf(new Uint8Array(100)))).toBe(false);
});

test('never throws, whatever the bytes', () => {
  const images = [
    iso(FILES).subarray(0, 120_000),
    fatImage('FAT12', FILES, '-n', 'CONFIG-2').subarray(0, 60_000),
  ];
  for (const image of images) {
    fc.assert(
      fc.property(changedBytes(image, 20), (bytes) => {
        expect(['absent', 'broken', 'present']).toContain(read(bytes).state);
      }),
      { numRuns: PROPERTY_RUNS / 2 },
    );
  }
});
