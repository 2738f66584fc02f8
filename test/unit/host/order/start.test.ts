import { describe, expect, it } from 'vitest';
import { AGENT, channel, SimulatedHost, simulateTime } from '../simulated-host.ts';

simulateTime();

const refused = (reason: string) => ({ exitCode: 1, stderr: `error: ${reason}\n`, failure: 'virsh failed' });

describe('order start', () => {
  it('starts by numbers, each wave when the one before is ready and its delay is over', async () => {
    const host = new SimulatedHost({
      web: { order: { priority: '20', ready: 'delay:3s' } },
      api: { order: { priority: '20', ready: 'delay:2s' } },
      db: { order: { priority: '10', ready: 'delay:5s', delay: '4s' } },
      other: {},
      last: { order: { priority: '30' } },
    });
    const ran = await host.run('order', 'start');
    expect(host.timeline).toEqual(['0 start db', '9 start api', '9 start web', '12 start last']);
    expect(ran).toEqual({
      status: 0,
      stdout:
        'order: db, api, web, last\n' +
        'db is ready after 9 s\napi is ready after 2 s\nweb is ready after 3 s\nlast is ready after 0 s\n',
      stderr: '',
    });
    expect(host.libvirt.watchers).toBe(0);
  });

  it('starts what a guest requires before it, and one that it comes after only if that is started at all', async () => {
    const host = new SimulatedHost({
      web: { order: { priority: '1' }, requires: ['db'], after: ['dns', 'off'] },
      off: {},
      db: { order: { ready: 'delay:2s' } },
      dns: { order: { priority: '5', ready: 'delay:7s' } },
    });
    expect((await host.run('order', 'start')).status).toBe(0);
    expect(host.timeline).toEqual(['0 start db', '0 start dns', '7 start web']);
  });

  it('passes over only those that require a guest that cannot be started', async () => {
    const host = new SimulatedHost({
      db: { order: { priority: '1' } },
      web: { order: { priority: '2' }, requires: ['db'] },
      shop: { order: { priority: '3' }, requires: ['web'] },
      cron: { order: { priority: '3' }, after: ['db'] },
    });
    host.libvirt.override = ([command, uuid]) =>
      command === 'start' && uuid === host.libvirt.domain('db').uuid ? refused('no such disk') : undefined;
    const ran = await host.run('order', 'start');
    expect(host.timeline.map((line) => line.replace(/^\d+ /, ''))).toEqual(['start cron']);
    expect(ran.status).toBe(1);
    expect(ran.stderr).toBe(
      'gandi-host: problem: failed to start db: no such disk\n' +
        'gandi-host: problem: web is not started: it requires db, which failed\n' +
        'gandi-host: problem: shop is not started: it requires web, which failed\n',
    );
  });

  it('tries again what fails for a while, three times in all, and at once gives up one that is gone', async () => {
    const tries: string[] = [];
    const host = new SimulatedHost({ a: { order: { priority: '1' } }, b: { order: { priority: '1' } } });
    host.libvirt.override = ([command, uuid]) => {
      if (command !== 'start') return undefined;
      const name = host.libvirt.domains.find((domain) => domain.uuid === uuid)?.name ?? 'nobody';
      tries.push(`${host.seconds} ${name}`);
      if (name === 'b') host.libvirt.domains.splice(1, 1);
      return refused('busy');
    };
    expect((await host.run('order', 'start')).stderr.split('\n').sort()).toEqual([
      '',
      'gandi-host: problem: failed to start a: busy',
      'gandi-host: problem: failed to start b: busy',
    ]);
    expect(tries).toEqual(['0 a', '0 b', '5 a', '10 a']);
  });

  it('gives up at once where QEMU can be given no command line', async () => {
    const host = new SimulatedHost({ a: { order: { priority: '1' } } });
    const asked: string[] = [];
    host.libvirt.override = ([command = '']) => {
      if (command === 'start' || command === 'domxml-to-native') asked.push(command);
      return asked.at(-1) === command ? refused('unsupported machine type') : undefined;
    };
    expect((await host.run('order', 'start')).status).toBe(1);
    expect(asked).toEqual(['start', 'domxml-to-native']);
    expect(host.seconds).toBe(0);
  });

  it('takes one that somebody else has started meanwhile as started', async () => {
    const host = new SimulatedHost({ a: { order: { priority: '1' } } });
    host.libvirt.override = ([command]) => {
      if (command !== 'start') return undefined;
      host.libvirt.domain('a').state = 'running';
      return refused('Domain is already active');
    };
    expect(await host.run('order', 'start')).toMatchObject({
      status: 0,
      stdout: 'order: a\na is ready after 0 s\n',
    });
  });

  it('goes on after the deadline of a guest that never gets ready, which runs on', async () => {
    const host = new SimulatedHost({
      slow: {
        order: { priority: '1', 'ready-timeout': '30s' },
        devices: channel(AGENT),
        liveDevices: channel(AGENT, 'disconnected'),
      },
      user: { order: { priority: '2' }, requires: ['slow'] },
      behind: { order: { priority: '2' } },
    });
    const ran = await host.run('order', 'start');
    expect(host.timeline).toEqual(['0 start slow', '30 start behind']);
    expect(ran).toMatchObject({
      status: 1,
      stdout: 'order: slow, behind, user\nbehind is ready after 0 s\n',
    });
    expect(ran.stderr).toContain('failed to start slow: it was not ready within 30 s; it goes on running\n');
    expect(host.libvirt.domain('slow').state).toBe('running');
  });

  it('starts one anew that went off before it was ready, and not for ever', async () => {
    const host = new SimulatedHost({ a: { order: { priority: '1', ready: 'command:false' } } });
    host.libvirt.override = ([program]) => {
      if (program !== 'sh') return undefined;
      host.libvirt.domain('a').state = 'shut off';
      return { exitCode: 1 };
    };
    const { stderr } = await host.run('order', 'start');
    expect(host.timeline.map((line) => line.replace(/^\d+ /, ''))).toEqual(['start a', 'start a', 'start a']);
    expect(stderr).toBe('gandi-host: problem: failed to start a: it went off before it was ready\n');
  });

  it.each([
    ['by the option', ['--parallel', '2'], ''],
    ['by the setting', [], 'parallel = 2\n'],
  ])('starts no more at once than it may, %s', async (_, options, settings) => {
    const order = { priority: '1', ready: 'delay:10s' };
    const host = new SimulatedHost({ a: { order }, b: { order }, c: { order } });
    host.files['/etc/gandi/host.conf'] = settings;
    await host.run('order', 'start', ...options);
    expect(host.timeline).toEqual(['0 start a', '0 start b', '10 start c']);
  });

  it('starts one for each CPU at once where nothing else is said', async () => {
    const order = { priority: '1', ready: 'delay:10s' };
    const host = new SimulatedHost(Object.fromEntries([...'abcde'].map((name) => [name, { order }])));
    await host.run('order', 'start');
    expect(host.timeline.map((line) => line.split(' ')[0])).toEqual(['0', '0', '0', '0', '10']);
  });

  it('resumes a guest that is paused, and leaves one that runs', async () => {
    const host = new SimulatedHost({
      paused: { state: 'paused', order: { priority: '1' } },
      runs: { state: 'running', order: { priority: '2' } },
    });
    const { stdout } = await host.run('order', 'start');
    expect(host.timeline).toEqual(['0 resume paused']);
    expect(stdout).toContain('runs runs already, and is ready\n');
  });

  it('tells who is refused a place, and starts the others', async () => {
    const host = new SimulatedHost({
      bad: { order: { priority: 'abc' } },
      a: { order: { priority: '1' }, requires: ['nobody'] },
      good: { order: { priority: '1' }, after: ['gone'] },
    });
    const ran = await host.run('order', 'start');
    expect(host.timeline).toEqual(['0 start good']);
    expect(ran.status).toBe(1);
    expect(ran.stderr).toBe(
      'gandi-host: warning: good comes after gone, which is not there: it does not wait for it\n' +
        'gandi-host: problem: bad is not started: priority is "abc", expected a whole number from 0 to 999999\n' +
        'gandi-host: problem: a is not started: it requires nobody, which is not there\n',
    );
  });

  it('says what gives guests a place where none has one', async () => {
    const host = new SimulatedHost({ a: {} });
    expect(await host.run('order', 'start')).toEqual({
      status: 3,
      stdout: '',
      stderr:
        'gandi-host: warning: no guest has a place in the order: gandi-host order set NAME --priority N gives it one\n',
    });
  });

  it('shows in a dry run the commands in their order, without a wait, and does none', async () => {
    const host = new SimulatedHost({
      web: { order: { priority: '2', ready: 'delay:90s' }, state: 'paused' },
      db: { order: { priority: '1', ready: 'ssh', delay: '60s' } },
    });
    const { status, stdout } = await host.run('order', 'start', '--dry-run');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^virsh [^\n]* start \S+ {2}# db\nvirsh [^\n]* resume \S+ {2}# web\n$/);
    expect([host.libvirt.done, host.seconds]).toEqual([[], 0]);
  });

  it('goes on looking while libvirt is away, and finds the guest ready afterwards', async () => {
    const host = new SimulatedHost({
      a: {
        order: { priority: '1' },
        devices: channel(AGENT),
        liveDevices: channel(AGENT, 'connected'),
      },
    });
    host.libvirt.override = ([command = '']) =>
      command.startsWith('list') && host.timeline.length > 0 && host.seconds < 6
        ? refused('Connection reset')
        : undefined;
    const { status, stdout, stderr } = await host.run('order', 'start');
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'order: a\na is ready after 6 s\n' });
    expect(stderr).toContain('gandi-host: warning: libvirt at qemu:///system did not answer list, domstats');
  });

  it('looks five times a second at most, however many events come', async () => {
    const host = new SimulatedHost({
      a: { order: { priority: '1', 'ready-timeout': '10s' }, devices: channel(AGENT) },
    });
    for (let milliseconds = 1; milliseconds < 9000; milliseconds += 50)
      setTimeout(() => host.libvirt.event("event 'rtc-change' for domain 'other'"), milliseconds);
    expect((await host.run('order', 'start')).status).toBe(1);
    // Two processes a look.
    expect(host.libvirt.started).toBeGreaterThan(80);
    expect(host.libvirt.started).toBeLessThan(110);
  });

  it('tries again where libvirt went away while a guest was started', async () => {
    const host = new SimulatedHost({ a: { order: { priority: '1' } } });
    let asked = false;
    host.libvirt.override = ([command]) => {
      asked ||= command === 'start';
      return asked && host.seconds < 3 ? refused('Connection reset') : undefined;
    };
    expect(await host.run('order', 'start')).toMatchObject({ status: 0, stderr: '' });
    expect(host.timeline).toEqual(['5 start a']);
  });
});

describe('a libvirt that is away', () => {
  const away = (seconds: number) => {
    const host = new SimulatedHost({ a: { order: { priority: '1' } } });
    host.libvirt.override = () => (host.seconds < seconds ? refused('Failed to connect socket') : undefined);
    return host;
  };

  it('is an error at once, which names it', async () => {
    const host = away(5);
    await expect(host.run('-c', 'test:///x', 'order', 'start')).rejects.toThrow(
      'libvirt at test:///x did not answer list, domstats: Failed to connect socket',
    );
    expect(host.seconds).toBe(0);
  });

  it('is waited for as long as is asked for, and no longer', async () => {
    const soon = away(5);
    expect((await soon.run('order', 'start', '--connect-timeout', '10')).status).toBe(0);
    expect(soon.timeline).toEqual(['5 start a']);
    const late = away(50);
    await expect(late.run('order', 'start', '--connect-timeout', '10')).rejects.toThrow('did not answer');
    expect(late.seconds).toBe(10);
  });
});
