import { beforeEach, describe, expect, it } from 'vitest';
import { Virsh } from '../../../../src/host/libvirt/virsh.ts';
import { findGolden } from '../../../../src/host/record/find.ts';
import { hostRecordText } from '../../../../src/host/record/host-record.ts';
import { FakeHost, IMAGE } from '../fake-host.ts';

let host: FakeHost;

const run = (...args: string[]) => host.gandiHost(...args);
const withPackages = (...more: string[]) => run('run', '--from', 'base', ...more, '--', 'true');
const names = () => host.libvirt.domains.map(({ name }) => name);
const automatic = () => names().filter((name) => name.startsWith('base-auto-'));
const recordOf = async (name: string) => (await findGolden(new Virsh(host), name)).record;
/** Sets the clock on. */
const later = (days: number) => {
  const { now } = host.system;
  const then = new Date(now().getTime() + days * 24 * 3600 * 1000);
  host.system.now = () => then;
};

beforeEach(async () => {
  host = new FakeHost();
  await run('golden', 'create', 'base', '--from', IMAGE, '--memory', '2048', '--cpus', '3');
  host.effects();
});

describe('a run that asks for packages', () => {
  it('makes an image of them once, and finds it again whatever their order', async () => {
    expect((await withPackages('--packages', 'make,git')).status).toBe(0);
    const [name = ''] = automatic();
    expect(host.port.ran.map(({ argv }) => argv.join(' '))).toContain(
      'apt-get --yes install --no-install-recommends git make',
    );
    expect(await recordOf(name)).toMatchObject({ automatic: true, current: 1 });
    const { uuid } = host.libvirt.domain(name);
    expect(host.xml.get(uuid)).toContain('<memory unit="MiB">2048</memory><vcpu>3</vcpu>');
    const versions = host.storage.names();
    expect((await withPackages('--packages', 'git make')).status).toBe(0);
    expect(host.storage.names()).toEqual(versions);
    // Other packages and another version of the image below are other images.
    await withPackages('--packages', 'git');
    await run('golden', 'update', 'base');
    await withPackages('--packages', 'git');
    expect(automatic()).toHaveLength(3);
  });

  it('leaves no image where it could not be made', async () => {
    host.port.answer = ([program]) => ({ status: program === 'apt-get' ? 100 : 0 });
    const before = host.state();
    expect(await withPackages('--packages', 'nonsense')).toMatchObject({ status: 125 });
    expect(host.state()).toEqual(before);
    host.port.answer = ([program]) => ({ status: program === 'true' ? 1 : 0 });
    host.refuse = ([command, target = '']) => {
      const xml = host.xml.get(target) ?? '';
      return command === 'start' && xml.includes('-check-') ? 'no memory is left' : undefined;
    };
    expect((await withPackages('--packages', 'git')).stderr).toContain('no memory is left');
    expect(host.state().volumes).toEqual(before.volumes);
    expect(automatic()).toEqual([]);
  });

  it('waits for another process that makes the same, and takes nothing of one that was killed', async () => {
    await withPackages('--packages', 'git');
    const [name = ''] = automatic();
    const found = await findGolden(new Virsh(host), name);
    const { current = 0, ...unfinished } = found.record;
    const write = (maker: string, others: { pid?: number; current?: number } = {}) =>
      host.run(
        [
          ...['virsh', '--quiet', 'metadata', found.uuid, 'urn:gandi-guest:host:1', '--config', '--set'],
          hostRecordText({
            ...unfinished,
            ...(others.current === undefined ? {} : { current: others.current }),
            maker: { ...unfinished.maker, host: maker, pid: others.pid ?? unfinished.maker.pid },
          }),
        ] as never,
        { timeoutSeconds: 1 },
      );
    await write('host1');
    expect((await withPackages('--packages', 'git')).stderr).toContain(
      `golden image ${name} was never finished; "gandi-host golden remove ${name}" removes it`,
    );
    // Who is quicker with the same wish between the look and the claim has the name.
    await write('host1', { pid: 5, current });
    const { domains } = host.libvirt;
    const others = domains.filter((domain) => domain.name === name);
    domains.splice(0, domains.length, ...domains.filter((domain) => domain.name !== name));
    host.refuse = ([command = '']) => {
      if (command === 'vol-list') domains.push(...others.splice(0));
      return undefined;
    };
    expect(await withPackages('--packages', 'git')).toMatchObject({ status: 0, stderr: '' });
    expect(automatic()).toEqual([name]);
    host.refuse = () => undefined;
    // On another host one cannot see whether it is at work.
    await write('elsewhere');
    const waited = await withPackages('--packages', 'git', '--ready-timeout', '5');
    expect(waited.stderr).toContain(`another process still makes golden image ${name}`);
    expect(current).toBe(1);
  });

  it('shows in a dry run what would be made, and makes nothing', async () => {
    const before = host.state();
    const { status, stdout } = await run(
      '--dry-run',
      'run',
      '--from',
      'base',
      '--packages',
      'git',
      '--',
      'true',
    );
    expect(status).toBe(0);
    expect(stdout).toContain('base-auto-');
    expect(host.state()).toEqual(before);
  });
});

describe('automatic images', () => {
  it('go when no run has asked for them in so many days, and nothing needs them', async () => {
    await withPackages('--packages', 'git');
    later(5);
    await withPackages('--packages', 'git');
    later(3);
    expect((await run('golden', 'prune', '--unused', '4')).stdout).toBe('');
    const [name = ''] = automatic();
    await run('guest', 'create', 'web', '--from', name);
    later(2);
    expect((await run('golden', 'prune', '--unused', '4')).stdout).toBe('');
    await run('--yes', 'guest', 'destroy', 'web');
    expect((await run('golden', 'prune', '--unused', '4')).stdout).toBe(`${name} removed\n`);
    expect(names()).toEqual(['base']);
    expect(host.storage.names()).toEqual(['base.v1.qcow2']);
  });
});
