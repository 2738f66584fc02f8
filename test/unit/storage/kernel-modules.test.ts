import { describe, expect, it } from 'vitest';
import { describeChange } from '../../../src/machine/changes/change-kinds.ts';
import { kernelModules } from '../../../src/storage/kernel-modules.ts';
import { makeContext } from '../context.ts';

const modules = [{ name: '6.1.0-modules.tar.gz', release: '6.1.0', fingerprint: '10:ff' }];

describe('kernel-modules', () => {
  it('unpacks, indexes and syncs a new archive', () => {
    const { changes } = kernelModules.plan(makeContext({ host: { modules } }));
    expect(changes.map(describeChange)).toEqual([
      'unpack /gandi/6.1.0-modules.tar.gz into /lib/modules/6.1.0',
      'run depmod 6.1.0 (index the modules)',
      'run sync --file-system /lib/modules (have them reach the disk)',
    ]);
  });

  it('does so once for each content', () => {
    const { digest } = kernelModules.plan(makeContext({ host: { modules } }));
    const applied = { 'kernel-modules': digest ?? '' };
    expect(kernelModules.plan(makeContext({ host: { modules }, applied })).changes).toEqual([]);
    const other = modules.map((archive) => ({ ...archive, fingerprint: '10:fe' }));
    expect(kernelModules.plan(makeContext({ host: { modules: other }, applied })).changes).not.toEqual([]);
  });

  it('has nothing to do without an archive', () => {
    expect(kernelModules.plan(makeContext())).toEqual({ changes: [] });
  });
});
