import { describe, expect, it } from 'vitest';
import { planHook } from '../../../src/plan/hooks.ts';
import { type FileEntries, makeContext } from '../context.ts';

const plan = (files: FileEntries, settings = '') =>
  planHook('post-iface-attach', ['eth1'], makeContext({ files, settings })).changes;

describe('planHook', () => {
  it('runs the program of that name in GANDI_HOOK_DIR, with a deadline', () => {
    const files = { '/opt/hooks/post-iface-attach': { mode: 0o755 } };
    expect(plan(files, 'GANDI_HOOK_DIR=/opt/hooks')).toEqual([
      {
        kind: 'run-command',
        argv: ['/opt/hooks/post-iface-attach', 'eth1'],
        timeoutSeconds: 60,
        environment: expect.objectContaining({ GANDI_HOOK_DIR: '/opt/hooks' }),
        thisBootOnly: true,
        reportOutput: true,
        why: 'hook post-iface-attach',
      },
    ]);
  });

  it.each<[string, FileEntries]>([
    ['there is none', {}],
    ['it is not executable', { '/etc/gandi/hooks/post-iface-attach': { mode: 0o644 } }],
    ['it is a directory', { '/etc/gandi/hooks/post-iface-attach/README': '' }],
  ])('runs nothing where %s', (_, files) => {
    expect(plan(files)).toEqual([]);
  });
});
