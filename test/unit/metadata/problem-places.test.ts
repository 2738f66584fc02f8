import { describe, expect, it } from 'vitest';
import { makeNoCloudSeed } from '../../../src/metadata/nocloud/seed.ts';
import { seededGuest } from './seeded-guest.ts';

const seed = (files: Record<string, string>) =>
  makeNoCloudSeed(
    Object.fromEntries(
      Object.entries({ 'meta-data': 'instance-id: a\n', ...files }).map(([name, text]) => [
        name,
        Buffer.from(text),
      ]),
    ),
  );

describe('a line about what a volume says', () => {
  it.each<[string, Record<string, string>, string]>([
    ['user-data that are no YAML', { 'user-data': '#cloud-config\nusers: [\n' }, 'user-data'],
    ['vendor-data that are no YAML', { 'vendor-data': '#cloud-config\nusers: [\n' }, 'vendor-data'],
    ['a zone that is a list', { 'user-data': '#cloud-config\ntimezone: [a]\n' }, 'user-data timezone'],
    ['a network-config of no known version', { 'network-config': 'version: 7\n' }, 'network-config version'],
    ['meta-data with no host name', { 'meta-data': 'local-hostname: "-"\n' }, 'meta-data local-hostname'],
  ])('names the device and the field: %s', async (_, files, field) => {
    const guest = seededGuest();
    const node = guest.attach('sr0', 0, seed(files), { label: 'cidata' });
    const paths = (await guest.boot()).parsed.problems.map(({ path }) => path);
    expect(paths).toEqual([expect.stringContaining(`${node}: ${field}`)]);
    // So it is at later boots, by what was stored.
    expect((await guest.boot()).parsed.problems.map(({ path }) => path)).toEqual(paths);
  });
});
