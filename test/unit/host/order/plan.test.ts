import { describe, expect, it } from 'vitest';
import { AGENT, channel, REPORT, SimulatedHost, simulateTime } from '../simulated-host.ts';

simulateTime();

const threeGuests = () =>
  new SimulatedHost({
    web: { order: { priority: '20', ready: 'tcp:80', delay: '5s' }, requires: ['db'], after: ['dns'] },
    db: {},
    dns: { order: { priority: '10', ready: 'delay:3s' } },
    bad: { order: { priority: 'x' } },
    other: { autostart: true },
  });

describe('order plan', () => {
  it('is a tree of waves with the reasons, and of those that are not started', async () => {
    expect(await threeGuests().run('order', 'plan')).toEqual({
      status: 1,
      stdout: [
        'wave 1',
        '└─ dns  priority 10  ready by delay:3s within 120 s',
        'wave 2',
        '└─ db  priority 20, of one that waits for it  after priority 10  ready by running within 120 s',
        'wave 3',
        '└─ web  priority 20  requires db  after dns  after priority 10  ready by tcp:80 within 120 s, then 5 s',
        'not started',
        '└─ bad  priority is "x", expected a whole number from 0 to 999999',
        '',
      ].join('\n'),
      stderr: '',
    });
  });

  it('waits for no word on a port of another host’s, which nobody hears here', async () => {
    const order = { priority: '1', ready: 'channel' };
    const host = new SimulatedHost({
      a: { order, devices: channel(REPORT) },
      b: { order, devices: channel(REPORT) + channel(AGENT) },
    });
    const readyBy = async (...words: string[]) => {
      const { stdout } = await host.run('order', 'plan', '--json', ...words);
      return JSON.parse(stdout).start.map(({ ready }: { ready: unknown }) => ready);
    };
    const near = await readyBy();
    const far = await readyBy('--connect', 'qemu+ssh://host/system');
    expect(JSON.stringify(near)).toBe('["channel","channel"]');
    expect(JSON.stringify(far)).toBe('["running","agent"]');
  });

  it('is the same as JSON', async () => {
    const host = threeGuests();
    const [web, db, dns, bad] = host.libvirt.domains.map(({ uuid }) => uuid);
    const { status, stdout } = await host.run('order', 'plan', '--json');
    expect(status).toBe(1);
    const { start, notStarted, warnings } = JSON.parse(stdout);
    expect(start.map(({ uuid, wave }: { uuid: string; wave: number }) => [uuid, wave])).toEqual([
      [dns, 1],
      [db, 2],
      [web, 3],
    ]);
    expect(start[2]).toMatchObject({
      name: 'web',
      priority: 20,
      requires: [db],
      after: [dns],
      ready: 'tcp:80',
    });
    expect(notStarted).toMatchObject([{ name: 'bad', uuid: bad }]);
    expect(warnings).toEqual([]);
  });

  it('warns of guests that libvirt starts as well, in words and in JSON', async () => {
    const host = new SimulatedHost({ a: { order: { priority: '1' }, autostart: true } });
    const warning = "libvirt's autostart of a is on, and knows no order: gandi-host order adopt turns it off";
    const { status, stderr } = await host.run('order', 'plan');
    expect({ status, stderr }).toEqual({ status: 0, stderr: `gandi-host: warning: ${warning}\n` });
    const json = await host.run('order', 'plan', '--json');
    expect([JSON.parse(json.stdout).warnings, json.stderr]).toEqual([[warning], '']);
  });

  it('says by its exit status that nothing is to be started, or stopped', async () => {
    const host = new SimulatedHost({ a: {} });
    expect(await host.run('order', 'plan')).toEqual({ status: 3, stdout: '', stderr: '' });
    expect(await host.run('order', 'plan', '--stop')).toEqual({ status: 3, stdout: '', stderr: '' });
  });

  it('of a stop has the running guests in the reverse, with their time limits', async () => {
    const host = new SimulatedHost({
      web: {
        state: 'running',
        order: { priority: '2', 'stop-timeout': '1m', 'on-timeout': 'save' },
        requires: ['db'],
      },
      db: { state: 'running' },
      api: { state: 'running', order: { priority: '2' } },
      off: { order: { priority: '3' } },
    });
    expect(await host.run('order', 'plan', '--stop')).toEqual({
      status: 0,
      stdout: [
        'wave 1',
        '├─ web  within 60 s, else save',
        '└─ api  within 300 s, else leave',
        'wave 2',
        '└─ db  within 300 s, else leave',
        '',
      ].join('\n'),
      stderr: '',
    });
    const { stop } = JSON.parse((await host.run('order', 'plan', '--stop', '--json')).stdout);
    expect(stop.map((wave: { name: string }[]) => wave.map(({ name }) => name))).toEqual([
      ['web', 'api'],
      ['db'],
    ]);
  });

  it('of a stop warns of guests that wait for each other', async () => {
    const on = (after: string) => ({ state: 'running', order: { priority: '1' }, after: [after] }) as const;
    const host = new SimulatedHost({ a: on('b'), b: on('a') });
    const { stdout, stderr } = await host.run('order', 'plan', '--stop');
    expect(stdout).not.toContain('wave 2');
    expect(stderr).toMatch(/^gandi-host: warning: these wait for themselves, and are stopped at once: /);
    const json = await host.run('order', 'plan', '--stop', '--json');
    expect([JSON.parse(json.stdout).warnings.length, json.stderr]).toEqual([1, '']);
  });
});
