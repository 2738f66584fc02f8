import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeIso9660 } from '../../../src/machine/formats/volumes/iso9660/image.ts';
import { openIso9660 } from '../../../src/machine/formats/volumes/iso9660.ts';
import { makeConfigDrive } from '../../../src/metadata/configdrive/seed.ts';
import { readConfigDrive } from '../../../src/metadata/configdrive/volume.ts';
import { readCpioDevice } from '../../../src/metadata/cpio/device.ts';
import { makeCpioSeed } from '../../../src/metadata/cpio/seed.ts';
import { makeNoCloudSeed } from '../../../src/metadata/nocloud/seed.ts';
import { readNoCloudVolume } from '../../../src/metadata/nocloud/volume.ts';
import { blkid, makeImage, memoryDevice, run } from '../images.ts';
import { withFiles } from '../machine/formats/volumes/volumes.ts';

const source = (bytes: Uint8Array) => memoryDevice(bytes.length, { 0: bytes });
const bytesOf = (texts: Record<string, string>) =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, new Uint8Array(Buffer.from(text))]));

const NOCLOUD = {
  'meta-data': 'instance-id: i\n',
  'user-data': `#!/bin/sh\n${'echo\n'.repeat(1000)}`,
  'network-config': 'version: 2\n',
  'vendor-data': '',
};

/** A file that has these bytes. */
function written(bytes: Uint8Array): string {
  const path = makeImage(0);
  writeFileSync(path, bytes);
  return path;
}

test('isoinfo and libblkid read our ISO image, by each kind of name', () => {
  const path = written(makeNoCloudSeed(bytesOf(NOCLOUD)));
  expect(blkid(path)).toMatchObject({ TYPE: 'iso9660', LABEL: 'cidata' });
  const names = (...options: string[]) =>
    run('isoinfo', ['-i', path, '-f', ...options])
      .trim()
      .split('\n')
      .sort();
  const long = ['/meta-data', '/network-config', '/user-data', '/vendor-data'];
  expect(names('-R')).toEqual(long);
  expect(names('-J')).toEqual(long);
  expect(names()).toEqual(['/META_DAT.;1', '/NETWORK_.;1', '/USER_DAT.;1', '/VENDOR_D.;1']);
  for (const [name, text] of Object.entries(NOCLOUD)) {
    expect(run('isoinfo', ['-i', path, '-R', '-x', `/${name}`])).toBe(text);
    expect(run('isoinfo', ['-i', path, '-J', '-x', `/${name}`])).toBe(text);
  }
  expect(run('isoinfo', ['-i', path, '-d'])).toMatch(/Joliet with UCS level 3 found[\s\S]*Rock Ridge/);
});

test('our readers read it', () => {
  const image = makeNoCloudSeed(bytesOf(NOCLOUD));
  const { 'user-data': userData, 'vendor-data': vendorData } = bytesOf(NOCLOUD);
  expect(readNoCloudVolume(source(image))).toMatchObject({
    state: 'present',
    files: { userData, vendorData },
  });
  const { 'meta-data': metaData } = bytesOf(NOCLOUD);
  const joliet = Buffer.from(image);
  joliet.fill(0, joliet.indexOf('SP\x07\x01', 0, 'latin1'), joliet.indexOf('RRIP_1991A') + 10);
  expect(openIso9660(source(joliet))?.read('meta-data', 100)).toEqual(metaData);
  expect(makeNoCloudSeed(bytesOf(NOCLOUD))).toEqual(image);
});

test('without files there are an empty meta-data and an empty user-data', () => {
  expect(readNoCloudVolume(source(makeNoCloudSeed({})))).toEqual({
    state: 'present',
    label: 'cidata',
    files: { metaData: new Uint8Array(0), userData: new Uint8Array(0) },
  });
});

test('an image that cannot be made', () => {
  const content = new Uint8Array(0);
  const many = Array.from({ length: 30 }, (_, index) => ({ name: `${index}${'x'.repeat(60)}`, content }));
  expect(() => makeIso9660('x', many)).toThrow('too many files');
});

const DRIVE = {
  'meta_data.json': '{"uuid":"i","files":[{"path":"/etc/motd","content_path":"/content/0000"}]}',
  'network_data.json': '{}',
  user_data: '#!/bin/sh\n',
  'vendor_data.json': '',
  'vendor_data2.json': '{}',
  'content/0000': 'hello\n',
};

test('isoinfo and libblkid read our ConfigDrive, by each kind of name, and so do we', () => {
  const image = makeConfigDrive(bytesOf(DRIVE));
  const path = written(image);
  expect(blkid(path)).toMatchObject({ TYPE: 'iso9660', LABEL: 'config-2' });
  const names = (...options: string[]) =>
    run('isoinfo', ['-i', path, '-f', ...options])
      .trim()
      .split('\n')
      .sort();
  const long = [
    '',
    '/content',
    '/content/0000',
    '/latest',
    ...Object.keys(DRIVE)
      .slice(0, 5)
      .map((name) => `/latest/${name}`),
  ];
  expect(names('-R')).toEqual(long.map((name) => `/openstack${name}`).sort());
  expect(names('-J')).toEqual(names('-R'));
  expect(names()).toEqual([
    '/OPENSTAC',
    '/OPENSTAC/CONTENT',
    '/OPENSTAC/CONTENT/0000.;1',
    '/OPENSTAC/LATEST',
    ...['META_DAT', 'NETWORK_', 'USER_DAT', 'VENDOR01', 'VENDOR_D'].map(
      (name) => `/OPENSTAC/LATEST/${name}.;1`,
    ),
  ]);
  expect(run('isoinfo', ['-i', path, '-J', '-x', '/openstack/content/0000'])).toBe('hello\n');
  expect(run('isoinfo', ['-i', path, '-R', '-x', '/openstack/latest/vendor_data2.json'])).toBe('{}');
  const { 'meta_data.json': metaData, 'content/0000': content } = bytesOf(DRIVE);
  expect(readConfigDrive(source(image))).toMatchObject({
    state: 'present',
    files: { metaData, vendorData: [{}, {}], contents: { 'content/0000': content } },
  });
});

const CPIO = {
  'config.toml': '',
  nodename: 'web1\n',
  authorized_keys: 'x',
  'firstboot.sh': '#!/bin/sh\nexit 0\n',
};

test('GNU cpio reads our archive, and so do our readers', () => {
  const archive = makeCpioSeed(bytesOf(CPIO));
  expect(archive.length % 512).toBe(0);
  const path = written(archive);
  withFiles({}, (directory) => {
    run('cpio', ['--quiet', '-i', '-D', directory, '-F', path]);
    const names = readdirSync(directory).sort();
    const texts = names.map((name) => [name, readFileSync(join(directory, name), 'utf8')]);
    expect(Object.fromEntries(texts)).toEqual(CPIO);
  });
  expect(run('cpio', ['--quiet', '-tv', '-F', path])).toMatch(/^-rwxr-xr-x .* firstboot\.sh$/m);
  expect(readCpioDevice(source(archive))).toEqual({ state: 'present', format: 'newc', files: bytesOf(CPIO) });
});
