import { describe, expect, it } from 'vitest';
import { type GivenGuest, SimulatedHost, simulateTime } from '../simulated-host.ts';

simulateTime();

const running = (order?: Record<string, string>, given: GivenGuest = {}): GivenGuest => ({
  state: 'running',
  ...(order === undefined ? {} : { order }),
  ...given,
});

/** The timeline without seconds. */
const actions = ({ timeline }: SimulatedHost) => timeline.map((line) => line.replace(/^\d+ /, ''));

describe('order stop', () => {
  it('stops in the reverse, with those that are required, and nobody else', async () => {
    const host = new SimulatedHost({
      db: running(undefined),
      web: running({ priority: '20' }, { requires: ['db'] }),
      last: running({ priority: '30' }),
      off: { order: { priority: '40' } },
      other: running(undefined),
    });
    const ran = await host.run('order', 'stop');
    expect(actions(host)).toEqual(['shutdown last', 'shutdown web', 'shutdown db']);
    expect(ran).toEqual({
      status: 0,
      stdout: 'last is off after 0 s\nweb is off after 0 s\ndb is off after 0 s\n',
      stderr: '',
    });
    expect(host.libvirt.watchers).toBe(0);
    expect(host.libvirt.domain('other').state).toBe('running');
  });

  it('stops every running guest where all are asked for', async () => {
    const host = new SimulatedHost({ a: running({ priority: '1' }), other: running(undefined), off: {} });
    expect((await host.run('order', 'stop', '--all')).status).toBe(0);
    expect(actions(host).sort()).toEqual(['shutdown a', 'shutdown other']);
  });

  it('waits for a guest to go off, whose event is seen, before those that it needs are asked', async () => {
    const host = new SimulatedHost({
      db: running({ priority: '1' }),
      web: running({ priority: '2' }, { deaf: true }),
    });
    setTimeout(() => {
      host.libvirt.domain('web').state = 'shut off';
      host.libvirt.event("event 'lifecycle' for domain 'web'");
    }, 20_000);
    const { stdout } = await host.run('order', 'stop');
    expect(host.timeline).toEqual(['0 shutdown web', '20 shutdown db']);
    expect(stdout).toMatch(/^web is off after 20 s\n/);
  });

  it('asks in another way every 30 s, and leaves one running that is not off in time', async () => {
    const words: string[] = [];
    const host = new SimulatedHost({
      db: running({ priority: '1' }),
      web: running({ priority: '2', 'stop-timeout': '70s' }, { deaf: true }),
    });
    host.libvirt.override = ([command = '', , ...rest]) => {
      if (command === 'shutdown') words.push([host.seconds, ...rest].join(' '));
      return undefined;
    };
    const { status, stderr } = await host.run('order', 'stop');
    expect(words).toEqual(['0', '30 --mode acpi', '60 --mode agent', '70']);
    expect(host.timeline.at(-1)).toBe('70 shutdown db');
    expect(status).toBe(1);
    expect(stderr).toBe('gandi-host: problem: failed to stop web: it is not off after 70 s, and goes on\n');
  });

  it.each([
    ['save', 'managedsave', 'saved'],
    ['destroy', 'destroy', 'destroyed'],
  ])('%ss one that is not off in time, if that is asked for', async (onTimeout, command, said) => {
    const order = { priority: '1', 'stop-timeout': '10s', 'on-timeout': onTimeout };
    const host = new SimulatedHost({ a: running(order, { deaf: true }) });
    const { status, stdout } = await host.run('order', 'stop');
    expect(host.timeline).toEqual(['0 shutdown a', `10 ${command} a`]);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: `a did not shut down in time: it was ${said} after 10 s\n`,
    });
  });

  it('tells of one that can be neither asked nor destroyed, and stops the others', async () => {
    const host = new SimulatedHost({
      db: running({ priority: '1' }),
      web: running({ priority: '2', 'stop-timeout': '10s', 'on-timeout': 'destroy' }),
    });
    const uuid = host.libvirt.domain('web').uuid;
    host.libvirt.override = ([command, target]) =>
      target === uuid && (command === 'shutdown' || command === 'destroy')
        ? { exitCode: 1, stderr: `error: no ${command}\n`, failure: 'virsh failed' }
        : undefined;
    const { status, stdout, stderr } = await host.run('order', 'stop');
    expect(status).toBe(1);
    expect(stdout).toBe('web could not be asked to shut down: no shutdown\ndb is off after 0 s\n');
    expect(stderr).toBe('gandi-host: problem: failed to stop web: no destroy\n');
  });

  it('takes one that went off before it could be asked as off', async () => {
    const host = new SimulatedHost({ a: running({ priority: '1' }) });
    host.libvirt.override = ([command]) => {
      if (command !== 'shutdown') return undefined;
      host.libvirt.domain('a').state = 'shut off';
      return { exitCode: 1, stderr: 'error: domain is not running\n', failure: 'virsh failed' };
    };
    expect((await host.run('order', 'stop')).status).toBe(0);
  });

  it('wakes a paused guest before it is asked', async () => {
    const host = new SimulatedHost({ a: { state: 'paused', order: { priority: '1' } } });
    expect((await host.run('order', 'stop')).status).toBe(0);
    expect(actions(host)).toEqual(['resume a', 'shutdown a']);
  });

  it('stops guests that wait for each other at once, and tells of it', async () => {
    const host = new SimulatedHost({
      a: running({ priority: '1' }, { after: ['b'] }),
      b: running({ priority: '1' }, { after: ['a'] }),
    });
    const { status, stderr } = await host.run('order', 'stop');
    expect([status, actions(host)]).toEqual([0, ['shutdown a', 'shutdown b']]);
    expect(stderr).toMatch(/^gandi-host: warning: these wait for themselves, and are stopped at once: /);
  });

  it('shows in a dry run the commands in their order, and does none', async () => {
    const host = new SimulatedHost({
      db: running({ priority: '1' }),
      web: running({ priority: '2' }),
    });
    const { status, stdout } = await host.run('order', 'stop', '--dry-run');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^virsh [^\n]* shutdown \S+ {2}# web\nvirsh [^\n]* shutdown \S+ {2}# db\n$/);
    expect(host.libvirt.done).toEqual([]);
  });

  it('warns while libvirt is away, and finds the guest off afterwards', async () => {
    const host = new SimulatedHost({ a: running({ priority: '1' }) });
    host.libvirt.override = ([command = '']) =>
      command.startsWith('list') && host.timeline.length > 0 && host.seconds < 5
        ? { exitCode: 1, stderr: 'error: Connection reset\n', failure: 'virsh failed' }
        : undefined;
    const { status, stdout, stderr } = await host.run('order', 'stop');
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'a is off after 5 s\n' });
    expect(stderr).toContain('warning: libvirt at qemu:///system did not answer list, domstats: Connection');
  });

  it('has nothing to do where no guest of the order runs', async () => {
    const host = new SimulatedHost({ a: { order: { priority: '1' } } });
    expect(await host.run('order', 'stop')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(host.libvirt.done).toEqual([]);
  });
});
