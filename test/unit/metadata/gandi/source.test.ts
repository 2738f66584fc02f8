import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packArchive } from '../../../../src/metadata/gandi/seed-disk.ts';
import { loadHostConfiguration } from '../../../../src/metadata/gandi/source.ts';
import { temporaryRoot } from '../../temporary-root.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gandi-guest-source-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** What is learned from a seed with this configuration, in a guest that an earlier one was stored in. */
async function load(config: string) {
  const seed = join(folder, 'seed.tar');
  writeFileSync(seed, await packArchive({ config: Buffer.from(config), script: Buffer.from('#!/bin/sh\n') }));
  const files = temporaryRoot({ '/gandi/config': '{"vm_hostname":"earlier"}' });
  return await loadHostConfiguration({ files, live: false, hypervisor: 'kvm', waitSeconds: 0, seed });
}

describe('a new archive', () => {
  it('takes the place of the earlier one, without what was refused', async () => {
    const host = await load('{"vm_hostname":"web1","vif":7}');
    expect(host).toMatchObject({
      state: 'new',
      parsed: { config: { hostName: 'web1' }, refused: ['network'] },
    });
    expect(host.archive?.members.map(({ name }) => name)).toEqual(['script', 'config']);
  });

  it.each(['{"vm_hostname":', '[]', '"web1"', ''])(
    'takes the place of nothing where its configuration cannot be read: %j',
    async (config) => {
      const host = await load(config);
      expect(host).toMatchObject({
        state: 'broken',
        parsed: { config: { hostName: 'earlier' }, refused: [] },
      });
      expect(host.parsed.problems).toHaveLength(1);
      expect(host.parsed.problems[0]).toMatchObject({ group: 'archive', path: '' });
      expect(host.archive).toBeUndefined();
    },
  );
});
