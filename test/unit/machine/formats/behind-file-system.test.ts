import { expect, it } from 'vitest';
import { withDevice } from '../../../../src/machine/files/device-reader.ts';
import { describeBehind } from '../../../../src/machine/formats/behind-file-system.ts';
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
