import { describe, expect, it } from 'vitest';
import { makeNoCloudSeed } from '../../../../src/metadata/nocloud/seed.ts';
import { nocloud } from '../../../../src/metadata/nocloud/source.ts';
import { readNoCloudVolume } from '../../../../src/metadata/nocloud/volume.ts';
import { parseNoCloudWords } from '../../../../src/metadata/nocloud/words.ts';
import { memorySource } from '../memory-source.ts';

const MIB = 1024 * 1024;

describe('user-data of 5 MiB', () => {
  it('cost themselves alone', async () => {
    const image = makeNoCloudSeed({
      'meta-data': Buffer.from('local-hostname: web1\n'),
      'user-data': Buffer.concat([Buffer.from('#!/bin/sh\n'), Buffer.alloc(5 * MIB, '\n')]),
    });
    const volume = readNoCloudVolume(memorySource(image));
    if (volume.state !== 'present') throw new Error(`the volume is ${volume.state}`);
    const { parsed } = await nocloud.parse({ files: volume.files, words: [] });
    expect(parsed).toMatchObject({ config: { hostName: 'web1' }, refused: [] });
    expect(parsed.config.scripts).toBeUndefined();
    expect(parsed.problems).toMatchObject([{ group: 'post-boot', path: 'user-data' }]);
  });
});

describe('what the word ds=nocloud says', () => {
  const words = {
    ...parseNoCloudWords('ds=nocloud;h=web1', 'DMI (product_serial)'),
    place: 'DMI (product_serial)',
  };

  it('is told with its place', async () => {
    const { parsed } = await nocloud.parse({ words: [words] });
    expect(parsed.origins).toEqual([
      { setting: 'network', value: 'DHCP on every interface', field: 'DMI (product_serial) ds=nocloud' },
      { setting: 'host name', value: 'web1', field: 'DMI (product_serial) ds=nocloud' },
    ]);
  });

  it.each(['\u001b[31m', 'x'.repeat(257)])('is no instance id that is none in meta-data: %j', (id) => {
    const { instanceId, problems } = parseNoCloudWords(`ds=nocloud;i=${id}`, 'DMI') ?? { problems: [] };
    expect(instanceId).toBeUndefined();
    expect(problems).toMatchObject([{ group: 'source', path: 'DMI ds=nocloud' }]);
  });
});
