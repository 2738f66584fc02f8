import { afterAll, describe, expect, it } from 'vitest';
import { processorSeconds, runHost, TestLibvirt } from './test-libvirt.ts';

const ODD = "a b'$(id)";

const libvirt = TestLibvirt.create();
afterAll(async () => {
  await libvirt.stop();
});

const names = (...all: string[]) => all.map((name) => ({ name }));

/** Runs a command that must succeed. @returns what it printed */
async function host(...words: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await libvirt.host(...words);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout;
}

/** A host with three guests: web requires db and comes after dns. */
async function threeGuests(): Promise<void> {
  await libvirt.newHost(names('web', 'db', 'dns', 'other'));
  await host('order', 'set', 'web', '--priority', '20', '--requires', 'db', '--after', 'dns');
  await host('order', 'set', 'dns', '--priority', '10');
}

describe('gandi-host order', () => {
  it('plans a tree with waves and reasons, and the same as JSON', async () => {
    await threeGuests();
    const lines = (await host('order', 'plan')).split('\n');
    expect(lines[0]).toBe('wave 1');
    expect(lines[1]).toMatch(/^└─ dns {2}priority 10 {2}ready by running within 120 s$/);
    expect(lines.slice(2).join('\n')).toMatch(/└─ web {2}priority 20 {2}requires db {2}after dns/);
    const plan = JSON.parse(await host('order', 'plan', '--json'));
    expect(plan.start.map(({ name, wave }: { name: string; wave: number }) => `${wave} ${name}`)).toEqual([
      '1 dns',
      '2 db',
      '3 web',
    ]);
    expect(plan.notStarted).toEqual([]);
  });

  it('starts guests in their order and nobody else, and stops them in reverse', async () => {
    await threeGuests();
    expect(await host('order', 'start')).toMatch(/^order: dns, db, web\ndns is ready after \d+ s\n/);
    expect(libvirt.events('Started')).toEqual(['dns', 'db', 'web']);
    expect(await libvirt.stateOf('other')).toBe('shut off');
    expect(await host('order', 'start')).toContain('db runs already, and is ready');
    expect(libvirt.events('Started')).toHaveLength(3);
    expect(JSON.parse(await host('order', 'plan', '--stop', '--json')).stop.flat()).toMatchObject([
      { name: 'web' },
      { name: 'db' },
      { name: 'dns' },
    ]);
    await host('order', 'stop');
    expect(libvirt.events('Stopped')).toEqual(['web', 'db', 'dns']);
  });

  it('shows in a dry run what it would do, and does nothing', async () => {
    await threeGuests();
    const commands = await host('order', 'start', '--dry-run');
    expect(
      [...commands.matchAll(/--quiet (\w+) \S+ {2}# (\w+)$/gm)].map(([, what, name]) => `${what} ${name}`),
    ).toEqual(['start dns', 'start db', 'start web']);
    expect(await host('order', 'set', 'other', '--priority', '1', '--dry-run')).toContain('metadata');
    expect(libvirt.events('Started')).toEqual([]);
    expect((await host('order', 'show', '--json')).includes('other')).toBe(false);
    await libvirt.virsh('start', 'dns');
    expect(await host('order', 'stop', '--dry-run')).toMatch(/shutdown \S+ {2}# dns$/);
    expect(await libvirt.stateOf('dns')).toBe('running');
  });

  it('tells a line of JSON for each event', async () => {
    await threeGuests();
    const events = (await host('order', 'start', '--json'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.map(({ event, guest }) => [event, guest])).toEqual([
      ['order', undefined],
      ['ready', 'dns'],
      ['ready', 'db'],
      ['ready', 'web'],
    ]);
  });

  it('takes a domain of any name for what it is', async () => {
    await libvirt.newHost(names(ODD, 'x'));
    await host('order', 'set', ODD, '--priority', '2');
    await host('order', 'set', 'x', '--priority', '1', '--requires', ODD);
    await host('order', 'start');
    expect(libvirt.events('Started')).toEqual([ODD, 'x']);
    await host('order', 'stop');
    expect(libvirt.events('Stopped')).toEqual(['x', ODD]);
    expect(JSON.parse(await host('order', 'show', ODD, '--json'))).toMatchObject([
      { name: ODD, priority: 2 },
    ]);
  });

  it('starts 50 guests within 5 s', async () => {
    const guests = Array.from({ length: 50 }, (_, index) => `guest-${index}`);
    await libvirt.newHost(guests.map((name) => ({ name, order: "priority='5'" })));
    // A busy machine is slower as a whole: one command of virsh takes 40 ms at most on an idle one.
    const oneCommand = await libvirt.secondsOf(() => libvirt.virsh('domstate', 'guest-0'));
    const seconds = await libvirt.secondsOf(() => host('order', 'start'));
    // libvirt tells of them a moment later.
    await expect.poll(() => libvirt.events('Started').sort(), { timeout: 10_000 }).toEqual(guests.sort());
    expect(seconds / Math.max(1, oneCommand / 0.04)).toBeLessThan(5);
  });

  it('goes on without a guest that never gets ready, and names those that require it', async () => {
    await libvirt.newHost(names('slow', 'user', 'behind'));
    await host(
      'order',
      'set',
      'slow',
      '--priority',
      '1',
      '--ready',
      'command:false',
      '--ready-timeout',
      '1s',
    );
    await host('order', 'set', 'user', '--priority', '2', '--requires', 'slow');
    await host('order', 'set', 'behind', '--priority', '2');
    const { exitCode, stderr } = await libvirt.host('order', 'start');
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      'gandi-host: problem: failed to start slow: it was not ready within 1 s; it goes on running\n' +
        'gandi-host: problem: user is not started: it requires slow, which failed',
    );
    expect(libvirt.events('Started')).toEqual(['slow', 'behind']);
  });

  it('waits for a command of the admin’s, which gets the guest’s name', async () => {
    await libvirt.newHost(names(ODD, 'next'));
    await host('order', 'set', ODD, '--priority', '1', '--ready', `command:test "$1" = "a b'\\$(id)"`);
    await host('order', 'set', 'next', '--priority', '2');
    await host('order', 'start');
    expect(libvirt.events('Started')).toEqual([ODD, 'next']);
  });

  it('leaves out a cycle, and starts the others', async () => {
    await libvirt.newHost(names('a', 'b', 'x'));
    for (const [name, after] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const)
      await host('order', 'set', name, '--priority', '1', '--after', after);
    await host('order', 'set', 'x', '--priority', '2');
    const { exitCode, stderr } = await libvirt.host('order', 'start');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/a is not started: it waits for itself: (a → b → a|b → a → b)\n/);
    expect(libvirt.events('Started')).toEqual(['x']);
  });

  it('goes on with a paused guest', async () => {
    await libvirt.newHost(names('a'));
    await host('order', 'set', 'a', '--priority', '1');
    await libvirt.virsh('start a; suspend a');
    await host('order', 'start');
    expect(await libvirt.stateOf('a')).toBe('running');
  });

  it('adopts guests of libvirt’s autostart, and gives it back', async () => {
    await libvirt.newHost(names('a', 'b'));
    await libvirt.virsh('autostart a; autostart b');
    await host('order', 'set', 'a', '--priority', '1');
    expect((await libvirt.host('order', 'plan')).stderr).toContain("libvirt's autostart of a is on");
    const adopted = await libvirt.host('order', 'adopt', '--all');
    expect(adopted).toMatchObject({ exitCode: 1, stdout: 'a is adopted' });
    expect(adopted.stderr).toContain("b keeps libvirt's autostart");
    expect((await libvirt.virsh('list', '--all', '--autostart', '--name')).trim()).toBe('b');
    expect((await libvirt.host('order', 'set', 'a', '--clear')).stderr).toContain('a was adopted');
    expect(await host('order', 'release', '--all')).toBe('a is released');
    expect((await libvirt.virsh('list', '--all', '--autostart', '--name')).trim().split('\n').sort()).toEqual(
      ['a', 'b'],
    );
    await host('order', 'set', 'a', '--clear');
    expect(await libvirt.host('order', 'show')).toMatchObject({ exitCode: 3, stdout: '' });
  });

  it('refuses values that are none and guests that are not there, each by one line, and changes nothing', async () => {
    await libvirt.newHost(names('a'));
    const refused = async (...words: string[]) => {
      const { exitCode, stderr } = await libvirt.host('order', 'set', ...words);
      expect(exitCode).toBe(1);
      return stderr;
    };
    expect(await refused('a', '--priority', 'abc')).toBe(
      'gandi-host: priority is "abc", expected a whole number from 0 to 999999',
    );
    expect(await refused('a', '--priority=-5')).toMatch(/^gandi-host: priority is "-5", expected [^\n]*$/);
    expect(await refused('a', '--ready', 'tcp:70000')).toMatch(/^gandi-host: ready is [^\n]*$/);
    expect(await refused('a', '--requires', 'nobody')).toBe(
      'gandi-host: there is no domain nobody; "virsh list --all" shows those that there are',
    );
    expect(await libvirt.host('order', 'start')).toMatchObject({ exitCode: 3, stdout: '' });
  });
});

describe('gandi-host', () => {
  it('says in one line that libvirt is not there', async () => {
    const there = { PATH: process.env.PATH ?? '' };
    const uri = 'test+unix:///default?socket=/nonexistent/sock';
    const { exitCode, stderr } = await runHost(['-c', uri, 'order', 'start'], there);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^gandi-host: libvirt at test\+unix:\/\/\/default\?socket=\/nonexistent\/sock did not answer [^\n]*$/,
    );
    const without = await runHost(['order', 'plan'], { PATH: '/nonexistent' });
    expect(without).toMatchObject({ exitCode: 1 });
    expect(without.stderr).toMatch(/^gandi-host: [^\n]*virsh is not installed$/);
  });

  it('helps within 0.15 s', async () => {
    const times: number[] = [];
    for (let tries = 0; tries < 10; tries++) times.push(await processorSeconds('--help'));
    expect(Math.min(...times)).toBeLessThan(0.15);
  });
});
