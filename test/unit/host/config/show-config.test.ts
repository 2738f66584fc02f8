import { describe, expect, it } from 'vitest';
import { FakeHost } from '../fake-host.ts';

const CONF = '/etc/gandi/host.conf';

describe('the settings of a host', () => {
  it('are shown with where each comes from', async () => {
    const host = new FakeHost({ [CONF]: '# x\npool = fast\n', '/root/mine.conf': 'parallel = 3\n' });
    const args = ['--connect', 'qemu+ssh://h/system', '--config', '/root/mine.conf'];
    const { status, stdout, stderr } = await host.gandiHost(...args, 'config');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const rows = stdout.split('\n').map((line) => line.split('\t'));
    expect(rows).toContainEqual(['connect', 'qemu+ssh://h/system', 'the command line']);
    expect(rows).toContainEqual(['pool', 'fast', `${CONF}:2`]);
    expect(rows).toContainEqual(['parallel', '3', '/root/mine.conf:1']);
    expect(rows).toContainEqual(['nic', 'network=default', 'built in']);
  });

  it('are told as JSON, with what was not understood; it is warned of once', async () => {
    const host = new FakeHost({ [CONF]: 'pool = a/b\n' });
    const { stdout, stderr } = await host.gandiHost('--json', 'config');
    const warning = `${CONF}:1: pool is "a/b", expected the name of a pool, without / and blanks`;
    expect(stderr).toBe(`gandi-host: warning: ${warning}\n`);
    const { settings, warnings } = JSON.parse(stdout);
    expect(warnings).toEqual([warning]);
    expect(settings).toContainEqual({ name: 'pool', value: 'gandi', from: 'built in' });
  });

  it('come from files that are there', async () => {
    const { status, stderr } = await new FakeHost().gandiHost('--config', '/nowhere', 'config');
    expect(status).toBe(1);
    expect(stderr).toBe('gandi-host: /nowhere: there is no such file of settings\n');
  });
});
