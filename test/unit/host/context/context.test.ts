import { describe, expect, it } from 'vitest';
import { realHost } from '../../../../src/host/context/real-host.ts';
import { SimulatedHost, simulateTime } from '../simulated-host.ts';

describe('what a command works with', () => {
  simulateTime();

  it('is the libvirt of the option, of the settings, of libvirt’s own variable, or the system’s', () => {
    const host = new SimulatedHost();
    const uri = (options = {}) => host.context(options).virsh.uri;
    expect(uri()).toBe('qemu:///system');
    host.environment.LIBVIRT_DEFAULT_URI = 'qemu+ssh://variable/system';
    expect(uri()).toBe('qemu+ssh://variable/system');
    host.files['/etc/gandi/host.conf'] = 'connect = qemu+ssh://file/system\n';
    expect(uri()).toBe('qemu+ssh://file/system');
    expect(uri({ connect: 'test:///default' })).toBe('test:///default');
  });

  it('tells of settings that are none, and goes on with the others', async () => {
    const host = new SimulatedHost({ a: { order: { priority: '1' } } });
    host.files['/x.conf'] = 'parallel = many\nconnect = test:///x\n';
    const { status, stderr } = await host.run('--config', '/x.conf', 'order', 'start');
    expect([status, stderr]).toEqual([
      0,
      'gandi-host: warning: /x.conf:1: parallel is "many", expected a whole number from 1 to 9999\n',
    ]);
    await expect(host.run('--config', '/none', 'order', 'plan')).rejects.toThrow(
      '/none: there is no such file',
    );
  });

  it('is nothing where the usage is wrong, or only help is asked for', async () => {
    const host = new SimulatedHost();
    const wrong = await host.run('order', 'begin');
    expect(wrong).toMatchObject({
      status: 2,
      stderr: "gandi-host: unknown command 'begin'; try 'gandi-host order --help'\n",
    });
    expect((await host.run('golden', 'create')).stderr).toBe(
      "gandi-host: missing required argument 'name'; try 'gandi-host golden create --help'\n",
    );
    const help = await host.run('order', 'start', '--help');
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toContain('--parallel <number>');
    expect(host.libvirt.started).toBe(0);
  });
});

describe('this host', () => {
  it('runs, follows and shows commands, which are loaded by the first one', async () => {
    const { commands } = realHost();
    expect(await commands.run(['echo', 'a b'], { timeoutSeconds: 30 })).toMatchObject({ stdout: 'a b\n' });
    expect(await commands.runInForeground(['false'])).toBe(1);
    const lines: string[] = [];
    await commands.follow(['echo', 'a'], (line) => lines.push(line)).ended;
    expect(lines).toEqual(['a']);
  });

  it('ends a command that nobody follows any more, before it began and afterwards', async () => {
    const { commands } = realHost();
    const early = commands.follow(['sleep', '30'], () => undefined);
    early.end();
    const late = commands.follow(['sh', '-c', 'echo up; exec sleep 30'], () => late.end());
    await expect(Promise.all([early.ended, late.ended])).resolves.toHaveLength(2);
  });

  it('has a clock that counts up while it sleeps', async () => {
    const { elapsed, sleep, now, cpus, pid } = realHost();
    const before = elapsed();
    await sleep(20);
    expect(elapsed() - before).toBeGreaterThanOrEqual(19);
    expect(Math.abs(now().getTime() - Date.now())).toBeLessThan(10_000);
    expect([cpus > 0, pid]).toEqual([true, process.pid]);
  });
});
