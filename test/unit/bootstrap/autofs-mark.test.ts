import { describe, expect, it } from 'vitest';
import { markNoAutofs } from '../../../src/bootstrap/autofs-mark.ts';
import { makeContext } from '../context.ts';

const MARK = '/run/gandi/no-autofs';
const MAP = '/etc/auto.master.d/gandi.autofs';

const plan = (settings: string, files: Record<string, string> = {}) => {
  const context = makeContext({ settings, files });
  return markNoAutofs(context.files, context.settings);
};

describe('markNoAutofs', () => {
  it('leaves a mark where autofs has nothing to do', () => {
    const mark = [{ kind: 'write-file', path: MARK, content: '', mode: 0o644 }];
    expect(plan('')).toEqual(mark);
    expect(plan('CONFIG_MOUNT_MODE=off', { [MAP]: '#/srv /etc/auto.gandi\n' })).toEqual(mark);
    expect(plan('', { [MARK]: '' })).toEqual([]);
  });

  it('leaves none where autofs is asked for, or has our map', () => {
    expect(plan('CONFIG_MOUNT_MODE=autofs')).toEqual([]);
    expect(plan('CONFIG_ALLOW_MOUNT=0\nCONFIG_MOUNT_MODE=autofs')).toEqual([]);
    expect(plan('', { [MAP]: '# ours\n/srv /etc/auto.gandi --timeout=60\n' })).toEqual([]);
  });

  it('takes the mark away again', () => {
    expect(plan('CONFIG_MOUNT_MODE=autofs', { [MARK]: '' })).toEqual([{ kind: 'remove-file', path: MARK }]);
  });
});
