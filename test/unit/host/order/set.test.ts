import { describe, expect, it } from 'vitest';
import { METADATA } from '../../../../src/host/libvirt/metadata.ts';
import { SimulatedHost, simulateTime } from '../simulated-host.ts';

simulateTime();

const metadataOf = (host: SimulatedHost, name: string) =>
  host.libvirt.domain(name).metadata?.[METADATA.order.uri];

/** What `order show` tells of one guest. */
async function shown(host: SimulatedHost, name: string) {
  const { stdout } = await host.run('order', 'show', name, '--json');
  return JSON.parse(stdout)[0];
}

describe('order set', () => {
  it('writes each value where show, and the order, read it again', async () => {
    const host = new SimulatedHost({ web: {}, db: {}, dns: {} });
    const words = 'order set web --priority 7 --requires db --after dns,db --ready tcp:80 --delay 30s';
    const more = '--ready-timeout 2m --stop-timeout 1h --on-timeout save';
    expect(await host.run(...words.split(' '), ...more.split(' '))).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
    const { uuid } = host.libvirt.domain('db');
    expect(await shown(host, 'web')).toEqual({
      name: 'web',
      uuid: host.libvirt.domain('web').uuid,
      state: 'shut off',
      autostart: false,
      priority: 7,
      requires: [{ name: 'db', uuid }],
      after: [
        { name: 'dns', uuid: host.libvirt.domain('dns').uuid },
        { name: 'db', uuid },
      ],
      ready: 'tcp:80',
      delaySeconds: 30,
      readyTimeoutSeconds: 120,
      stopTimeoutSeconds: 3600,
      onTimeout: 'save',
      autostartWas: false,
      problems: [],
    });
  });

  it('keeps what is not named, and takes an empty value for the default', async () => {
    const host = new SimulatedHost({
      web: { order: { priority: '7', delay: '30s', ready: 'ssh' }, requires: ['db'] },
      db: {},
    });
    await host.run('order', 'set', 'web', '--delay', '', '--after', 'db');
    const { priority, delaySeconds, ready, requires, after } = await shown(host, 'web');
    expect({ priority, delaySeconds, ready, requires, after }).toMatchObject({
      priority: 7,
      delaySeconds: 0,
      ready: 'ssh',
      requires: [{ name: 'db' }],
      after: [{ name: 'db' }],
    });
    await host.run('order', 'set', 'web', '--requires', '');
    expect((await shown(host, 'web')).requires).toEqual([]);
  });

  it('names a guest by its UUID, which outlives a rename', async () => {
    const host = new SimulatedHost({ web: {}, db: {} });
    await host.run('order', 'set', host.libvirt.domain('web').uuid, '--priority', '1', '--requires', 'db');
    host.libvirt.domain('db').name = 'database';
    const { stdout } = await host.run('order', 'start', '--dry-run');
    expect([...stdout.matchAll(/# (\S+)/g)].map(([, name]) => name)).toEqual(['database', 'web']);
  });

  it('changes a running guest’s metadata too, so that they count before its next start', async () => {
    const host = new SimulatedHost({
      on: { state: 'running' },
      off: {},
      transient: { state: 'running', persistent: false },
    });
    for (const name of ['on', 'off', 'transient']) await host.run('order', 'set', name, '--priority', '1');
    expect(host.libvirt.done.map((line) => line.includes(' --live '))).toEqual([true, false, false]);
  });

  it.each([
    [['web', '--priority', 'abc'], 'priority is "abc", expected a whole number from 0 to 999999'],
    [['web', '--ready', 'tcp:70000'], /^ready is "tcp:70000", expected running, /],
    [['web', '--ready', 'command: '], /^ready is "command: ", expected running, /],
    [['web', '--ready', 'delay:soon'], /^ready is "delay:soon", expected running, /],
    [['web', '--delay', '1d'], 'delay is "1d", expected a time such as 30s, 5m or 1h'],
    [['web', '--on-timeout', 'kill'], 'on-timeout is "kill", expected leave, save or destroy'],
    [['web', '--requires', 'db,nobody'], 'there is no domain nobody'],
    [
      ['nobody', '--priority', '1'],
      'there is no domain nobody; "virsh list --all" shows those that there are',
    ],
    [['web', '--requires', 'db,web'], 'web cannot wait for itself: name other guests'],
    [['web', '--after', 'web'], 'web cannot wait for itself: name other guests'],
  ])('refuses %j and changes nothing', async (words, reason) => {
    const host = new SimulatedHost({ web: {}, db: {} });
    await expect(host.run('order', 'set', ...words)).rejects.toThrow(reason);
    expect(host.libvirt.done).toEqual([]);
  });

  it('refuses a count or a time of the command line that is none', async () => {
    const host = new SimulatedHost({ web: { order: { priority: '1' } } });
    const { status, stderr } = await host.run('order', 'start', '--parallel', '0');
    expect({ status, said: stderr.includes('Expected a whole number from 1 to 9999') }).toEqual({
      status: 2,
      said: true,
    });
    expect((await host.run('order', 'stop', '--connect-timeout', 'soon')).status).toBe(2);
    expect(host.libvirt.started).toBe(0);
  });

  it('takes a guest out of the order, once', async () => {
    const host = new SimulatedHost({ web: { order: { priority: '1' } } });
    expect((await host.run('order', 'set', 'web', '--clear')).status).toBe(0);
    expect(metadataOf(host, 'web')).toBeUndefined();
    const { length } = host.libvirt.done;
    expect((await host.run('order', 'set', 'web', '--clear')).status).toBe(0);
    expect(host.libvirt.done).toHaveLength(length);
  });

  it('shows in a dry run what it would write, and writes nothing', async () => {
    const host = new SimulatedHost({ web: {} });
    const { stdout } = await host.run('order', 'set', 'web', '--priority', '1', '--dry-run');
    expect(stdout).toMatch(
      /^virsh [^\n]* metadata \S+ urn:gandi-guest:order:1 --config [^\n]*priority="1"[^\n]*# web\n$/,
    );
    expect(host.libvirt.done).toEqual([]);
  });

  it('begins anew with a clone, whose metadata are another guest’s', async () => {
    const host = new SimulatedHost({ web: { order: { priority: '1', delay: '5s' } }, clone: {} });
    host.libvirt.domain('clone').metadata = { ...host.libvirt.domain('web').metadata };
    await host.run('order', 'set', 'clone', '--priority', '2');
    expect(await shown(host, 'clone')).toMatchObject({ priority: 2, delaySeconds: 0 });
  });
});

describe('order show', () => {
  it('has a line for each guest of the order, with what is wrong', async () => {
    const host = new SimulatedHost({
      web: {
        order: { priority: '2', 'on-timeout': 'save' },
        requires: ['db'],
        after: ['dns', 'db'],
        state: 'paused',
      },
      db: { order: { priority: 'x' } },
      dns: {},
    });
    expect(await host.run('order', 'show')).toEqual({
      status: 0,
      stdout:
        'web\tpaused\t2\tdb\tdns, db\trunning\t120 s\t300 s\tsave\n' +
        'db\tshut off\tpriority is "x", expected a whole number from 0 to 999999\t\t\trunning\t120 s\t300 s\tleave\n',
      stderr: '',
    });
    host.output.terminal = true;
    expect((await host.run('order', 'show')).stdout).toContain('READY WITHIN');
  });

  it('says by its exit status that no guest has a place', async () => {
    expect(await new SimulatedHost({ a: {} }).run('order', 'show')).toMatchObject({ status: 3, stdout: '' });
  });
});

describe('adopt and release', () => {
  const adoptable = () =>
    new SimulatedHost({
      a: { autostart: true, order: { priority: '5' } },
      b: { autostart: true },
      c: { order: { priority: '6' } },
    });

  it('turn libvirt’s autostart off for those that the order starts, and give it back', async () => {
    const host = adoptable();
    const adopted = await host.run('order', 'adopt', '--all');
    expect(adopted).toMatchObject({ status: 1, stdout: 'a is adopted\n' });
    expect(adopted.stderr).toContain("b keeps libvirt's autostart: the order does not start it");
    const autostarts = () => host.libvirt.domains.map(({ autostart = false }) => autostart);
    expect(autostarts()).toEqual([false, true, false]);
    await expect(host.run('order', 'set', 'a', '--clear')).rejects.toThrow('a was adopted');
    expect(await host.run('order', 'release', '--all')).toMatchObject({
      status: 0,
      stdout: 'a is released\n',
    });
    expect(autostarts()).toEqual([true, true, false]);
    expect(await shown(host, 'a')).toMatchObject({ priority: 5, autostartWas: false });
    expect((await host.run('order', 'set', 'a', '--clear')).status).toBe(0);
  });

  it('note that it was on before it is turned off, and turn it on before the note goes', async () => {
    const host = adoptable();
    await host.run('order', 'adopt', 'a');
    await host.run('order', 'release', 'a');
    expect(host.timeline.map((line) => line.split(' ')[1])).toEqual([
      'metadata',
      'autostart',
      'autostart',
      'metadata',
    ]);
  });

  it('keep the note where autostart cannot be turned off', async () => {
    const host = adoptable();
    host.libvirt.override = ([command]) =>
      command === 'autostart' ? { exitCode: 1, stderr: 'error: read-only\n', failure: 'x' } : undefined;
    await expect(host.run('order', 'adopt', 'a')).rejects.toThrow('read-only');
    expect(await shown(host, 'a')).toMatchObject({ autostart: true, autostartWas: true });
  });

  it('do nothing to guests that are not meant, and say so by the exit status', async () => {
    const host = adoptable();
    expect((await host.run('order', 'adopt', 'c')).status).toBe(3);
    expect((await host.run('order', 'release', '--all')).status).toBe(3);
    await expect(host.run('order', 'adopt')).rejects.toThrow('name guests, or give --all');
    expect(host.libvirt.done).toEqual([]);
  });

  it('show in a dry run what they would do, and do nothing', async () => {
    const host = adoptable();
    const { stdout } = await host.run('order', 'adopt', 'a', '--dry-run');
    expect(stdout).toMatch(
      /metadata [^\n]*autostart-was="on"[^\n]*# a\n[^\n]*autostart \S+ --disable {2}# a\n$/,
    );
    expect(host.libvirt.done).toEqual([]);
  });
});
