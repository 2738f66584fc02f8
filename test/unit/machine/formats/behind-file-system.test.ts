import { truncateSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withDevice } from '../../../../src/machine/files/device-reader.ts';
import { describeBehind } from '../../../../src/machine/formats/behind-file-system.ts';
import { mdSuperblock } from '../../../foreign-content.ts';
import { MIB, makeImage, memoryDevice, run, text, writeAt } from '../../images.ts';

const HEADER = 'verity\0\0\x01\0\0\0\x01\0\0\0';

it('the hashes that veritysetup keeps behind a file system are seen', () => {
  const image = makeImage(32 * MIB);
  run('mkfs.ext4', ['-q', '-b', '4096', image, '4096']);
  run('veritysetup', ['format', '--data-blocks=4096', `--hash-offset=${16 * MIB}`, image, image]);
  expect(withDevice(image, (device) => describeBehind(device, 16 * MIB))).toContain(`byte ${16 * MIB}`);
});

it.each([
  ['where a block of theirs begins', 9 * 4096 + 1024, 10 * 4096],
  ['right behind blocks that are smaller', 9 * 4096 + 1024, 9 * 4096 + 1024],
])('they are seen %s', (_, end, at) => {
  const image = makeImage(MIB);
  writeAt(image, at, text(HEADER));
  expect(withDevice(image, (device) => describeBehind(device, end))).toContain(`byte ${at}`);
});

it.each([
  ['nothing', ''],
  ['another version', 'verity\0\0\x02\0\0\0\x01\0\0\0'],
  ['a kind that there is not', 'verity\0\0\x01\0\0\0\x09\0\0\0'],
  ['the word alone', 'verity is a word'],
])('%s is nothing of the kind', (_, content) => {
  expect(describeBehind(memoryDevice(MIB, { 4096: text(content) }), 4096)).toBeUndefined();
});

it('behind the end of the device there is nothing', () => {
  expect(describeBehind(memoryDevice(4096, {}), 4096)).toBeUndefined();
});

describe('on a device that was enlarged', () => {
  it.each([
    ['v08', []],
    ['v09', ['1']],
  ])('the metadata of DRBD (%s) at its end before is seen', (version, peers) => {
    const image = makeImage(64 * MIB);
    run('mkfs.ext4', ['-q', '-b', '4096', image, '65496k']);
    run('drbdmeta', ['--force', '0', version, image, 'internal', 'create-md', ...peers], 'yes\nyes\n');
    truncateSync(image, 128 * MIB);
    expect(withDevice(image, (device) => describeBehind(device, 65496 * 1024))).toContain(
      `the metadata of DRBD, from before the device was enlarged, is behind it, at byte ${64 * MIB - 4096}`,
    );
  });

  it('the superblock of a mirror (md 1.0) at its end before is seen, and no copy of it', () => {
    const at = 64 * MIB - 8192;
    const device = (place: number) => memoryDevice(128 * MIB, { [at]: mdSuperblock(place) });
    expect(describeBehind(device(at), 64 * MIB - 128 * 1024)).toContain(`a RAID (md)`);
    expect(describeBehind(device(at - 4096), 64 * MIB - 128 * 1024)).toBeUndefined();
  });

  it('nothing is looked for where it was not', () => {
    const at = 64 * MIB - 8192;
    const device = memoryDevice(64 * MIB, { [at]: mdSuperblock(at) });
    expect(describeBehind(device, 64 * MIB - 128 * 1024)).toBeUndefined();
  });
});
