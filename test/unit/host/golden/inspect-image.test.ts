import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHost } from '../../../../src/host/context/context.ts';
import { realHost } from '../../../../src/host/context/real-host.ts';
import {
  describeUnusable,
  inspectImage,
  parseDump,
  parseImageInfo,
} from '../../../../src/host/golden/inspect-image.ts';
import { RecordedOutput } from '../recorded-output.ts';

// With the real qemu-img, and images that it makes.

const MEBIBYTE = 1024 * 1024;
let folder = '';
const at = (name: string) => join(folder, name);
const qemuImg = (...words: string[]) => execa('qemu-img', words, { cwd: folder });
const convert = (format: string, name: string, ...options: string[]) =>
  qemuImg('convert', '-f', 'raw', '-O', format, ...options, 'ext4.raw', name);

const context = openHost({ ...realHost(), output: new RecordedOutput() }, {});
const inspect = (name: string) => inspectImage(context, at(name));

/** What an image is refused with, without its path. */
async function refusal(name: string): Promise<string> {
  const refused = await inspect(name).then(
    () => 'taken',
    (error: Error) => error.message,
  );
  expect(refused).not.toContain('\n');
  return refused.replaceAll(folder, '');
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gandi-images-'));
  // Data that cannot be packed, so that an image that is cut off lacks some.
  mkdirSync(at('tree'));
  await execa('dd', ['if=/dev/urandom', `of=${at('tree/data')}`, 'bs=1M', 'count=2'], { stderr: 'ignore' });
  await execa('mke2fs', ['-q', '-t', 'ext4', '-F', '-d', at('tree'), at('ext4.raw'), '8M']);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('an image file', () => {
  it.each([
    ['raw', 'whole.raw'],
    ['raw', 'whole.img'],
    ['raw', 'whole'],
    ['raw', 'raw.v2.1'],
    ['qcow2', 'whole.qcow2'],
    ['qcow2', 'WHOLE.QCOW2'],
    ['qcow2', 'cloud.img'],
    ['vmdk', 'whole.vmdk'],
    ['vdi', 'whole.vdi'],
    ['vpc', 'whole.vhd'],
    ['vhdx', 'whole.vhdx'],
    ['qcow2', `-a 'b' "$(id)" ü\n.qcow2`],
    ['qcow2', 'json:{}.qcow2'],
  ])('of the format %s, named %j, is taken', async (format, name) => {
    await convert(format, at(name));
    const { capacity, ...info } = await inspect(name);
    expect(info).toEqual({ format, encrypted: false });
    // VHD counts in cylinders.
    expect(capacity).toBeGreaterThanOrEqual(8 * MEBIBYTE);
    expect(capacity).toBeLessThan(9 * MEBIBYTE);
  });

  it('with a partition table alone is taken, and so is one behind a link', async () => {
    for (const [type, name] of [
      ['gpt', 'gpt.raw'],
      ['dos', 'mbr.raw'],
    ] as const) {
      await qemuImg('create', '-q', '-f', 'raw', name, '8M');
      await execa('sfdisk', ['--quiet', at(name)], { input: `label: ${type}\nstart=2048, size=4096\n` });
      expect(await inspect(name)).toMatchObject({ format: 'raw', capacity: 8 * MEBIBYTE });
    }
    symlinkSync('gpt.raw', at('link'));
    expect(await inspect('link')).toMatchObject({ format: 'raw' });
  });

  it.each<[string, (name: string) => unknown, string]>([
    ['empty', (name) => writeFileSync(at(name), ''), 'is empty'],
    [
      'zeros.img',
      (name) => qemuImg('create', '-q', '-f', 'raw', name, '1M'),
      'has neither a partition table nor a file system: no guest could boot from it',
    ],
    [
      'blank.qcow2',
      (name) => qemuImg('create', '-q', '-f', 'qcow2', name, '1M'),
      'has neither a partition table nor',
    ],
    [
      'text',
      (name) => writeFileSync(at(name), '#!/bin/sh\necho an admin’s script\n'),
      'has neither a partition table nor',
    ],
    [
      'swap.img',
      async (name) => {
        await qemuImg('create', '-q', '-f', 'raw', name, '1M');
        await execa('mkswap', [at(name)]);
      },
      'has neither a partition table nor a file system (swap area): no guest',
    ],
    [
      'packed.raw',
      async (name) => {
        await execa('sh', ['-c', 'gzip < ext4.raw > "$1"', 'sh', at(name)], { cwd: folder });
      },
      'is packed: unpack it first, with gunzip',
    ],
    [
      'packed.qcow2',
      async (name) => {
        await execa('sh', ['-c', 'xz -1 < ext4.raw > "$1"', 'sh', at(name)], { cwd: folder });
      },
      'is packed: unpack it first, with unxz',
    ],
    [
      'really.qcow2',
      (name) => convert('raw', name),
      'is named as a qcow2 image, and its format is raw: get it again, or rename it',
    ],
    ['really.raw', (name) => convert('qcow2', name), 'is named as a raw image, and its format is qcow2'],
    ['really.vmdk', (name) => convert('vdi', name), 'is named as a vmdk image, and its format is vdi'],
    ['old.qcow', (name) => convert('qcow', name), 'is of the format qcow, expected one of qcow2, raw'],
    [
      'overlay.qcow2',
      (name) => qemuImg('create', '-q', '-f', 'qcow2', '-b', '/etc/shadow', '-F', 'raw', name),
      'is an overlay of /etc/shadow: make a whole image of it with qemu-img convert',
    ],
    [
      'beside.qcow2',
      (name) => qemuImg('create', '-q', '-f', 'qcow2', '-o', `data_file=${at('beside')}`, name, '8M'),
      'has its data in /beside: make a whole image of it with qemu-img convert',
    ],
    [
      'flat.vmdk',
      (name) => convert('vmdk', name, '-o', 'subformat=monolithicFlat'),
      'has its data in /flat-flat.vmdk: make a whole image',
    ],
    [
      'foreign.vmdk',
      (name) =>
        writeFileSync(
          at(name),
          `# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType="monolithicFlat"\nRW 8 FLAT "${at('ext4.raw')}" 0\n`,
        ),
      'has its data in /ext4.raw',
    ],
    ['folder', (name) => mkdirSync(at(name)), 'is no file, expected a disk image'],
    ['fifo', (name) => execa('mkfifo', [at(name)]), 'is no file, expected a disk image'],
    ['device', (name) => symlinkSync('/dev/null', at(name)), 'is no file, expected a disk image'],
    ['nowhere', (name) => symlinkSync('nothing', at(name)), 'leads to no file'],
    ['loop', (name) => symlinkSync('loop', at(name)), 'leads to no file'],
    ['a\nb\u001b[2J', (name) => writeFileSync(at(name), ''), 'is empty'],
  ])('%j is refused in one line that says why', async (name, make, why) => {
    await make(name);
    expect(await refusal(name)).toContain(` ${why}`);
  });

  it.each([
    ['qcow2', 'cut.qcow2', 'is damaged or was cut off'],
    ['qcow2', 'header.qcow2', 'is no disk image that can be read: qemu-img: exit status 1'],
    ['vmdk', 'cut.vmdk', 'is damaged or was cut off'],
    ['vhdx', 'cut.vhdx', 'is no disk image that can be read'],
    ['vpc', 'cut.vhd', 'is no disk image that can be read'],
    ['raw', 'cut.raw', 'of the 8388608 bytes of its ext4 file system: it was cut off'],
  ])('of the format %s that was cut off (%s) is refused', async (format, name, why) => {
    await convert(format, name);
    expect(await refusal(name)).toBe('taken');
    const bytes = readFileSync(at(name)).length;
    truncateSync(at(name), name.startsWith('header') ? 100 : Math.floor(bytes * 0.6));
    expect(await refusal(name)).toContain(why);
  });

  it('is no block device', async () => {
    const { system } = context;
    const status = () => ({ kind: 'block', mode: 0o660, uid: 0, gid: 6, size: 0 }) as const;
    const device = { ...system, files: Object.assign(Object.create(system.files), { status }) };
    await expect(inspectImage({ ...context, system: device }, '/dev/sda')).rejects.toThrow(
      '/dev/sda is a block device: qemu-img convert makes an image file of it',
    );
  });

  it('that cannot be read says why', async () => {
    const { virsh } = context;
    const run = async (argv: readonly [string, ...string[]]) => {
      if (argv[0] !== 'qemu-io') return await virsh.commands.run(argv, { timeoutSeconds: 60 });
      return { argv, stdout: '', stderr: '', failure: 'qemu-io: exit status 1: Input/output error' };
    };
    const broken = Object.assign(Object.create(virsh), { commands: { ...virsh.commands, run } });
    await expect(inspectImage({ ...context, virsh: broken }, at('ext4.raw'))).rejects.toThrow(
      'ext4.raw cannot be read: qemu-io: exit status 1: Input/output error',
    );
  });
});

describe('what qemu-img says of an image', () => {
  it.each(['', '[]', 'null', '1', '{"format":1,"virtual-size":1}', '{"format":"raw","virtual-size":"1"}'])(
    '%j is nothing',
    (text) => expect(parseImageInfo(text)).toBeUndefined(),
  );

  it('may be of any shape where other formats have their own', () => {
    for (const data of [null, [], 1, { extents: 1 }, { extents: [null, 1, {}] }, { 'data-file': 1 }])
      expect(
        parseImageInfo(
          JSON.stringify({ format: 'x', filename: 'f', 'virtual-size': 1, 'format-specific': { data } }),
        ),
      ).toEqual({ format: 'x', capacity: 1, encrypted: false });
  });
});

describe('a dump of qemu-io', () => {
  it('is read by its addresses, and what lies behind its end is left out', () => {
    const text = '00000002:  61 62  ab\n00000006:  63 64  cd\nread 4/4 bytes at offset 0\n';
    expect([...parseDump(text, 6)]).toEqual([0, 0, 0x61, 0x62, 0, 0]);
    expect([...parseDump('nothing', 2)]).toEqual([0, 0]);
  });

  it('shows a disk that begins with a signature of a table only where it is one', () => {
    const head = new Uint8Array(68 * 1024);
    expect(describeUnusable(head, head.length)).toContain('has neither a partition table nor');
    head.set(Buffer.from('EFI PART'), 512);
    expect(describeUnusable(head, head.length)).toBeUndefined();
  });
});
