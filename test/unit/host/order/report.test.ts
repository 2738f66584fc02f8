import { describe, expect, it } from 'vitest';
import { captureOutput } from '../../captured-output.ts';
import { SimulatedHost, simulateTime } from '../simulated-host.ts';

simulateTime();
const captured = captureOutput();

const guests = () =>
  new SimulatedHost({
    db: { order: { priority: '1', ready: 'delay:2s' } },
    web: { order: { priority: '2' }, requires: ['db'] },
    bad: { order: { priority: 'x' } },
  });

describe('what is told of a start', () => {
  it('is a line of JSON for each event, with the time', async () => {
    const host = guests();
    const { stdout, stderr } = await host.run('order', 'start', '--json');
    const time = '2026-01-01T00:00:00.000Z';
    const [db, web, bad] = host.libvirt.domains.map(({ uuid }) => uuid);
    expect(stderr).toBe('');
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      { time, event: 'order', text: 'order: db, web' },
      {
        time,
        event: 'not started',
        guest: 'bad',
        uuid: bad,
        failed: true,
        text: 'bad is not started: priority is "x", expected a whole number from 0 to 999999',
      },
      {
        time,
        event: 'ready',
        guest: 'db',
        uuid: db,
        seconds: 2,
        failed: false,
        text: 'db is ready after 2 s',
      },
      {
        time,
        event: 'ready',
        guest: 'web',
        uuid: web,
        seconds: 0,
        failed: false,
        text: 'web is ready after 0 s',
      },
    ]);
  });

  it('has for the journal the priority of what went wrong', async () => {
    const host = guests();
    host.environment.JOURNAL_STREAM = '8:1';
    expect((await host.run('order', 'start')).stderr).toMatch(
      /^<3>gandi-host: problem: bad is not started: /,
    );
  });

  it('is on a terminal a row for each guest, and what is about none of them below', async () => {
    const host = guests();
    host.output.terminal = true;
    const { status, stdout, stderr } = await host.run('order', 'start');
    expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: 'order: db, web\n', stderr: '' });
    const shown = captured.stdout + captured.stderr;
    for (const text of [
      'db is ready after 2 s',
      'web is ready after 0 s',
      'bad is not started: priority is "x"',
    ])
      expect(shown).toContain(text);
    expect(shown).toMatch(/✖[^\n]*bad is not started/);
    expect(shown).not.toMatch(/✖[^\n]*(db|web) is/);
  });

  it('is plain lines on a terminal as well, if that is asked for', async () => {
    const host = guests();
    host.output.terminal = true;
    const { stdout } = await host.run('order', 'start', '--no-progress');
    expect(stdout).toBe('order: db, web\ndb is ready after 2 s\nweb is ready after 0 s\n');
    expect(captured.stdout).toBe('');
  });
});
