import { describe, expect, it } from 'vitest';
import type { HostSockets } from '../../../../src/host/commands/sockets.ts';
import { parseAddresses, saysReady } from '../../../../src/host/order/readiness-watch.ts';
import { startInOrder } from '../../../../src/host/order/start.ts';
import { AGENT, channel, type GivenGuest, REPORT, SimulatedHost, simulateTime } from '../simulated-host.ts';

simulateTime();

/** Sockets that nobody listens at, but for what is given. */
const sockets = (given: Partial<HostSockets>): HostSockets => ({
  lines() {
    throw new Error('no guest has a port to listen at');
  },
  answers: () => Promise.resolve(false),
  ...given,
});

/** A first guest, which is ready in some way, and a second one, which is started when it is. */
const two = (first: GivenGuest) => new SimulatedHost({ first, second: { order: { priority: '2' } } });

const start = (host: SimulatedHost, given: Partial<HostSockets> = {}) =>
  host.ended(() => startInOrder(host.context(), {}, sockets(given)));

describe('a guest that is waited for', () => {
  it('is ready when its agent has opened its port', async () => {
    const host = two({ order: { priority: '1' }, devices: channel(AGENT) });
    setTimeout(() => {
      host.libvirt.domain('first').liveDevices = channel(AGENT, 'connected');
      host.libvirt.event("event 'agent-lifecycle' for domain 'first'");
    }, 7000);
    expect((await start(host)).status).toBe(0);
    expect(host.timeline).toEqual(['0 start first', '7 start second']);
  });

  it('is ready when it says so on its report port, which is listened to once', async () => {
    const host = two({
      order: { priority: '1' },
      devices: channel(REPORT),
      liveDevices: channel(REPORT, 'connected', '/run/report.sock'),
    });
    const [paths, closed]: [string[], string[]] = [[], []];
    const { status } = await start(host, {
      lines(path, onLine) {
        paths.push(path);
        setTimeout(() => onLine('{"stage":"network","text":"not ready"}'), 4000);
        setTimeout(() => onLine('{"stage":"ready"}'), 9000);
        return { close: () => closed.push(path) };
      },
    });
    expect([status, paths, closed]).toEqual([0, ['/run/report.sock'], ['/run/report.sock']]);
    expect(host.timeline.at(-1)).toMatch(/^(9|10) start second$/);
  });

  it('is listened to again where its port was closed', async () => {
    const host = two({
      order: { priority: '1' },
      devices: channel(REPORT),
      liveDevices: channel(REPORT, 'connected', '/run/report.sock'),
    });
    let tries = 0;
    const { status } = await start(host, {
      lines(_, onLine, onEnd) {
        tries++;
        if (tries < 3) setTimeout(onEnd, 100);
        else setTimeout(() => onLine('{"stage":"ready"}'), 100);
        return { close: () => undefined };
      },
    });
    expect([status, tries]).toEqual([0, 3]);
  });

  it.each([
    ['tcp:8080', 8080, ''],
    ['ssh', 22, 'SSH-'],
  ])('by %s is ready when one of its addresses answers, whichever it is', async (ready, port, greeting) => {
    const host = two({
      order: { priority: '1', ready },
      addresses: ['127.0.0.1/8', '192.0.2.7/24', '2001:db8::7/64'],
    });
    const asked = new Set<string>();
    const { status } = await start(host, {
      answers: async (address, ...rest) => {
        asked.add([address, ...rest].join(' '));
        return address === '2001:db8::7' && host.seconds >= 5;
      },
    });
    expect(status).toBe(0);
    expect(host.timeline).toEqual(['0 start first', '5 start second']);
    expect([...asked]).toEqual([
      `192.0.2.7 ${port} ${greeting} 1000`,
      `2001:db8::7 ${port} ${greeting} 1000`,
    ]);
  });

  it('by a command of the admin’s is ready when that succeeds, which gets name and UUID', async () => {
    const host = two({ order: { priority: '1', ready: 'command:check "$1"' } });
    const asked: string[][] = [];
    host.libvirt.override = (words) => {
      if (words[0] !== 'sh') return undefined;
      asked.push([...words]);
      return { exitCode: host.seconds >= 3 ? 0 : 1 };
    };
    expect((await start(host)).status).toBe(0);
    expect(host.timeline).toEqual(['0 start first', '3 start second']);
    expect(asked[0]).toEqual(['sh', '-c', 'check "$1"', 'ready', 'first', host.libvirt.domain('first').uuid]);
  });

  it('that runs already is not asked for what it said before anybody listened', async () => {
    const host = two({
      order: { priority: '1', ready: 'channel' },
      state: 'running',
      devices: channel(REPORT) + channel(AGENT),
      liveDevices: channel(REPORT, 'connected', '/run/report.sock') + channel(AGENT, 'connected'),
    });
    expect(await start(host)).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('what a guest says', () => {
  it('counts only where the toolkit says that it is ready', () => {
    expect(saysReady('{"stage":"ready","at":1}')).toBe(true);
    const others = [
      'ready',
      '{"stage":"ready"',
      '"ready"',
      'null',
      '["ready"]',
      '{"stage":"not ready"}',
      '{"x":"ready"}',
    ];
    expect(others.filter(saysReady)).toEqual([]);
  });
});

describe('addresses of a guest', () => {
  it('are read from what virsh prints, whatever else stands there', () => {
    expect(
      parseAddresses(
        ' vnet0      52:54:00:00:00:01    ipv4         192.0.2.7/24\n' +
          ' -          -                    ipv6         fe80::1/64  \n' +
          ' lo         00:00:00:00:00:00    ipv4         127.0.0.1/8\nerror: N/A\n ipv4 x\n',
      ),
    ).toEqual(['192.0.2.7', 'fe80::1', '127.0.0.1']);
  });
});
