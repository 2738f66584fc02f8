import { describe, expect, it } from 'vitest';
import { rootCheck } from '../../../src/config/root-check.ts';
import { digestOf } from '../../../src/state/applied.ts';
import { makeContext } from '../context.ts';

const digest = digestOf(['42', '2m']);
const off = { mostMounts: -1, intervalSeconds: 0 };

function planFor(checks: typeof off | undefined, { type = 'ext4', applied = {} } = {}) {
  const rootChecks = checks && { type, device: '/dev/sda1', ...checks };
  const files = { '/lost+found': { kind: 'directory' as const } };
  return rootCheck.plan(makeContext({ facts: { rootChecks }, files, applied }));
}

describe('16-vm-fix-ext3', () => {
  it('turns checks on where they are off altogether', () => {
    expect(planFor(off)).toEqual({
      changes: [
        {
          kind: 'run-command',
          argv: ['tune2fs', '-c', '42', '-i', '2m', '/dev/sda1'],
          timeoutSeconds: 60,
          why: 'have the root file system checked now and then',
        },
      ],
      digest,
    });
  });

  it.each([
    ['by mounts', { mostMounts: 30, intervalSeconds: 0 }],
    ['by time', { mostMounts: 0, intervalSeconds: 86_400 }],
  ])('keeps checks that are on %s', (_, checks) => {
    expect(planFor(checks)).toEqual({ changes: [], digest });
  });

  it('does not turn them on again once an admin turned them off', () => {
    expect(planFor(off, { applied: { '16-vm-fix-ext3': digest } })).toEqual({ changes: [], digest });
  });

  it.each(['xfs', 'btrfs', 'ext2'])('leaves %s alone', (type) => {
    expect(planFor(off, { type })).toEqual({ changes: [] });
  });
});
