import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCpioDevice } from '../../../../src/metadata/cpio/device.ts';
import { parseCpio } from '../../../../src/metadata/cpio/parse.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { memoryDevice } from '../../images.ts';
import { cpioArchive } from '../../machine/formats/volumes/volumes.ts';
import { changedBytes } from '../gandi/changed-bytes.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ';
const FILES = {
  'config.toml': '[network]\nskip = true\n',
  nodename: ' web1.example.net\n',
  authorized_keys: `${KEY} me\n`,
  'firstboot.sh': '#!/bin/sh\nexit 1\n',
};

const read = (bytes: Uint8Array, size = bytes.length) => readCpioDevice(memoryDevice(size, { 0: bytes }));
const bytesOf = (texts: Record<string, string>) =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)]));
const parse = (texts: Record<string, string>) => parseCpio(bytesOf(texts));
const linesOf = (texts: Record<string, string>) =>
  parse(texts).problems.map(({ group, path, found }) => `${group}: ${path}: ${found}`);
const DHCP = [{ number: 0, addresses: [], dhcp4: {} }];

describe('the device', () => {
  test.each(['odc', 'bin', 'newc', 'crc'] as const)(
    'an archive of GNU cpio, -H %s, on a longer disk',
    (format) => {
      const archive = cpioArchive(format, { ...FILES, 'other/file': 'ignored' });
      const device = read(archive, 1_000_000);
      expect(device).toMatchObject({ state: 'present' });
      expect('files' in device ? Object.keys(device.files).sort() : device).toEqual(
        Object.keys(FILES).sort(),
      );
      expect('files' in device && parseCpio(device.files)).toEqual(parse(FILES));
    },
  );

  test('names behind "./", and directories', () => {
    const archive = cpioArchive('newc', { nodename: 'web1' }, ['.', './nodename']);
    expect(read(archive)).toMatchObject({
      state: 'present',
      files: { nodename: new Uint8Array(Buffer.from('web1')) },
    });
  });

  test('no archive, and a disk that happens to begin with two bytes of one', () => {
    expect(read(new Uint8Array(100_000))).toEqual({ state: 'absent' });
    expect(read(Buffer.from('\xc7\x71and something else entirely', 'latin1'), 100_000)).toEqual({
      state: 'absent',
    });
    expect(read(Buffer.from('070701 and something else'), 100_000)).toMatchObject({ state: 'broken' });
  });

  /** An archive of newc whose second member is changed. */
  const changed = (change: (header: Buffer, archive: Buffer) => void) => {
    const archive = cpioArchive('newc', { nodename: 'web1', zzzzzzzz: 'x' });
    change(archive.subarray(archive.indexOf('070701', 6)), archive);
    return read(archive);
  };
  const hex = (value: number) => value.toString(16).padStart(8, '0');

  test.each([
    ['a symbolic link', (header: Buffer) => header.write(hex(0o120777), 14), 'zzzzzzzz'],
    ['a block device', (header: Buffer) => header.write(hex(0o060600), 14), 'zzzzzzzz'],
    ['a hard link', (header: Buffer) => header.write(hex(2), 38), 'zzzzzzzz'],
    ['an absolute name', (header: Buffer) => header.write('/etc/pas', 110), '/etc/pas'],
    ['a name with ".."', (header: Buffer) => header.write('../../ab', 110), '../../ab'],
    ['a second member of this name', (header: Buffer) => header.write('nodename', 110), 'nodename'],
  ])('%s refuses it', (found, change, path) => {
    expect(changed(change)).toEqual({
      state: 'broken',
      problems: [{ group: 'source', path, found, expected: expect.any(String) }],
    });
  });

  test('a sum that is not that of the content, a file that is too long, a cut archive', () => {
    const archive = cpioArchive('crc', FILES);
    archive[archive.indexOf('web1')] = 0x58;
    expect(read(archive)).toMatchObject({ state: 'broken', problems: [{ path: 'nodename' }] });
    const long = cpioArchive('odc', { nodename: 'x'.repeat(4_194_305) });
    expect(read(long)).toMatchObject({ state: 'broken', problems: [{ found: '4194305 bytes' }] });
    expect(read(cpioArchive('odc', FILES).subarray(0, 200))).toMatchObject({ state: 'broken' });
  });

  test('changed bytes are absent, broken or present, never an exception', () => {
    const archive = cpioArchive('newc', FILES);
    fc.assert(
      fc.property(changedBytes(archive.subarray(0, 1000), 20), (bytes) => {
        const device = read(bytes);
        if (device.state === 'present') parseCpio(device.files);
        expect(['absent', 'broken', 'present']).toContain(device.state);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

describe('its files', () => {
  test('a script of Windows loses its carriage returns', () => {
    const [script] = parse({ 'firstboot.sh': '#!/bin/sh\r\nexit 1\r\n' }).config.scripts ?? [];
    expect(Buffer.from(script?.content ?? '', 'base64').toString()).toBe('#!/bin/sh\nexit 1\n');
  });

  test('all of them', () => {
    expect(parse(FILES)).toEqual({
      config: {
        hostName: 'web1',
        fqdn: 'web1.example.net',
        users: [{ name: 'root', sshKeys: [`${KEY} me`] }],
        scripts: [
          {
            name: 'firstboot',
            content: Buffer.from('#!/bin/sh\nexit 1\n').toString('base64'),
            when: 'post-boot',
            repeat: 'until-success',
            timeoutSeconds: 3600,
          },
        ],
      },
      problems: [],
      refused: [],
      origins: [
        { setting: 'network', value: 'left as it is', field: 'config.toml network.skip' },
        { setting: 'host name', value: 'web1', field: 'nodename' },
        { setting: 'full name', value: 'web1.example.net', field: 'nodename' },
        { setting: 'SSH key of root', value: 'ssh-ed25519 …CQkJCQkJ "me"', field: 'authorized_keys' },
        { setting: 'script at boot until it succeeds', value: '17 bytes', field: 'firstboot.sh' },
      ],
    });
  });

  test('none of them: DHCP on the first interface', () => {
    expect(parse({})).toEqual({
      config: { interfaces: DHCP },
      problems: [],
      refused: [],
      origins: [{ setting: 'DHCPv4 of interface 0', value: 'yes', field: 'config.toml is not there' }],
    });
  });

  test.each(['', '# nothing\n', '[network]\n', 'network.skip = false\n', 'network = { "skip" = false }'])(
    'config.toml %j leaves DHCP',
    (text) => {
      expect(parse({ 'config.toml': text })).toMatchObject({ config: { interfaces: DHCP }, problems: [] });
    },
  );

  test('other keys are a line each', () => {
    const texts = { 'config.toml': 'a = 1\n[network]\nskip = true\nmtu = 1\n["x\\ny"]\n' };
    expect(linesOf(texts)).toEqual([
      'network: config.toml a: a key that does nothing here',
      'network: config.toml "x\\ny": a key that does nothing here',
      'network: config.toml network.mtu: a key that does nothing here',
    ]);
    expect(parse(texts)).toMatchObject({ config: {} });
  });

  test.each([
    ['config.toml', 'skip', 'network: config.toml: a mistake at line 1, column 1', 'network'],
    [
      'config.toml',
      `a = ${'['.repeat(30_000)}`,
      'network: config.toml: a mistake at line 1, column 37',
      'network',
    ],
    ['config.toml', 'network = 1', 'network: config.toml network: a value', 'network'],
    ['config.toml', '[network]\nskip = "yes"', 'network: config.toml network.skip: another value', 'network'],
    ['nodename', 'a b', 'host-name: nodename: "a b"', 'host-name'],
    ['nodename', 'web1\nweb2', 'host-name: nodename: "web1\\nweb2"', 'host-name'],
    ['nodename', 'a\0', 'host-name: nodename: a zero byte at byte 1', 'host-name'],
    ['authorized_keys', 'no key', 'user: authorized_keys: line 1 of 6 characters', 'user'],
    ['firstboot.sh', 'echo', 'post-boot: firstboot.sh: another beginning', 'post-boot'],
    ['firstboot.sh', '#! /bin/sh', 'post-boot: firstboot.sh: another beginning', 'post-boot'],
    ['firstboot.sh', '', 'post-boot: firstboot.sh: nothing', 'post-boot'],
  ])('%s %j costs what it is about', (name, text, line, group) => {
    const others = Object.fromEntries(Object.entries(FILES).filter(([other]) => other !== name));
    const texts = { ...others, [name]: text };
    expect(linesOf(texts)).toEqual([line]);
    expect(parse(texts).refused).toEqual([group]);
    expect(Object.keys(parse(texts).config)).toHaveLength(
      Object.keys(parse(others).config).length - (name === 'config.toml' ? 1 : 0),
    );
  });

  test('a line that is no key beside one that is costs itself', () => {
    expect(parse({ authorized_keys: `bad\n${KEY}\n` })).toMatchObject({
      refused: [],
      config: { users: [{ name: 'root', sshKeys: [KEY] }] },
    });
  });
});
