import { constants, renameSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { withPartition } from '../../../../src/machine/devices/open-partition.ts';
import { makeImage } from '../../images.ts';

it('waits for a partition that is gone for a moment', async () => {
  const path = makeImage(4096);
  renameSync(path, `${path}.gone`);
  setTimeout(() => renameSync(`${path}.gone`, path), 100);
  expect(await withPartition(path, constants.O_RDONLY, (descriptor) => descriptor)).toBeGreaterThan(2);
});

it('says what is wrong with one that is there', async () => {
  const path = makeImage(4096);
  const exclusive = constants.O_CREAT | constants.O_EXCL;
  await expect(withPartition(path, exclusive, () => undefined)).rejects.toThrow('EEXIST');
});

it('gives up on one that does not come back', { timeout: 20_000 }, async () => {
  const path = `${makeImage(4096)}.never`;
  await expect(withPartition(path, constants.O_RDONLY, () => writeFileSync(path, ''))).rejects.toThrow(
    'ENOENT',
  );
});
