import { describe, expect, it } from 'vitest';
import { hostInit } from '../../../src/storage/host-init.ts';
import { makeContext } from '../context.ts';

const config = { hostName: 'web1' };

describe('host-init', () => {
  it('is off unless it was turned on', () => {
    expect(makeContext().settings.switches.CONFIG_HOST_INIT).toBe(false);
    expect(makeContext({ settings: 'CONFIG_HOST_INIT=1' }).settings.switches.CONFIG_HOST_INIT).toBe(true);
  });

  it('runs the host’s script once for each configuration', () => {
    const first = hostInit.plan(makeContext({ config, host: { hasInit: true } }));
    expect(first.changes).toEqual([
      {
        kind: 'run-command',
        argv: ['python3', '/gandi/init'],
        timeoutSeconds: 120,
        why: 'the host’s own first-boot script',
      },
    ]);
    const applied = { 'host-init': first.digest ?? '' };
    expect(hostInit.plan(makeContext({ config, host: { hasInit: true }, applied })).changes).toEqual([]);
    const renamed = { config: { hostName: 'web2' }, host: { hasInit: true }, applied };
    expect(hostInit.plan(makeContext(renamed)).changes).toHaveLength(1);
  });

  it('says what to do when the host gave no script', () => {
    expect(hostInit.plan(makeContext({ config })).notes).toEqual([
      {
        level: 'problem',
        text: 'CONFIG_HOST_INIT is on, but the host gave no /gandi/init: set it to 0 to have the toolkit do the work',
      },
    ]);
    expect(hostInit.plan(makeContext())).toEqual({ changes: [] });
  });
});
