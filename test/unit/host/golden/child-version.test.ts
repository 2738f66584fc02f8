import { describe, expect, it } from 'vitest';
import { FakeHost, IMAGE, POOL } from '../fake-host.ts';

/** A host with a golden image `base`, and a guest that has a kernel. */
async function hostWithBase(files: Record<string, string> = {}): Promise<FakeHost> {
  const host = new FakeHost(files);
  expect((await host.gandiHost('golden', 'create', 'base', '--from', IMAGE)).status).toBe(0);
  host.effects();
  return host;
}

const child = (host: FakeHost, ...more: string[]) =>
  host.gandiHost('golden', 'create', 'web', '--from', 'base', ...more);

async function listed(host: FakeHost) {
  return JSON.parse((await host.gandiHost('--json', 'golden', 'list')).stdout).golden;
}

describe('a golden image made of another one', () => {
  it('is an overlay, in which a guest did what was asked and was sealed', async () => {
    const host = await hostWithBase({ '/root/setup.sh': 'echo hello\n' });
    const { status, stdout, stderr } = await child(
      host,
      ...['--packages', 'nginx', '--remove-packages', 'nano', '--source', 'deb http://x y z'],
      ...['--script', '/root/setup.sh', '--check', 'nginx -t'],
    );
    expect(stderr).toContain('gandi-host: web: a guest of base@1 makes version 1\n');
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'web@1\n' });
    const lines = host.port.ran.map(({ argv, input }) => [argv.join(' '), input]);
    expect(lines.slice(0, 5)).toEqual([
      ['tee /etc/apt/sources.list.d/gandi-host.list', 'deb http://x y z\n'],
      ['apt-get --yes update', ''],
      ['apt-get --yes install --no-install-recommends nginx', ''],
      ['apt-get --yes purge --autoremove nano', ''],
      ['sh -s', 'echo hello\n'],
    ]);
    const words = lines.map(([line]) => line);
    expect(words.indexOf('truncate --size=0 /etc/machine-id')).toBeGreaterThan(4);
    // The shutdown behind it seals.
    expect(words.at(-2)).toBe('gandi-guest seal --yes --all-users --no-poweroff');
    expect(words.at(-1)).toBe('sh -c nginx -t');
    expect(host.storage.volume('gandi', 'web.v1.qcow2').backing).toBe(`${POOL}/base.v1.qcow2`);
    expect(host.storage.names()).toEqual(['base.v1.qcow2', 'web.v1.qcow2']);
    expect(host.libvirt.domains.map(({ name }) => name)).toEqual(['base', 'web']);
    expect(host.effects().filter((line) => line.startsWith('shutdown'))).toHaveLength(1);
  });

  it('is undone where a command in its guest fails, and says which', async () => {
    const host = await hostWithBase();
    host.port.answer = ([program]) =>
      program === 'apt-get' ? { status: 100, stderr: 'E: no package nginx\n' } : { status: 0 };
    const before = host.state();
    const { status, stderr } = await child(host, '--packages', 'nginx');
    expect(status).toBe(1);
    expect(stderr).toContain('apt-get --yes update in the guest: {"status":100}: E: no package nginx');
    expect(host.state()).toEqual(before);
  });

  it('is undone where its guest goes away', async () => {
    const host = await hostWithBase();
    host.port.answer = () => undefined;
    const before = host.state();
    expect((await child(host, '--packages', 'nginx')).stderr).toContain('in the guest: died');
    expect(host.state()).toEqual(before);
  });

  it('is not made of one that was changed, nor across pools', async () => {
    const host = await hostWithBase({ '/root/other.conf': 'pool = other\n' });
    const before = host.state();
    const away = await host.gandiHost(
      '--config',
      '/root/other.conf',
      'golden',
      'create',
      'web',
      '--from',
      'base',
    );
    expect(away.stderr).toContain('golden image base is in pool gandi, web in other: they must be in one');
    expect(host.state().domains).toEqual(before.domains);
    host.storage.volume('gandi', 'base.v1.qcow2').changed = 99;
    host.effects();
    expect((await child(host)).stderr).toContain('was changed since it was made');
    expect(host.state().domains).toEqual(before.domains);
    // It is known before anything is made on it.
    expect(host.effects().filter((line) => line.startsWith('vol-create'))).toEqual([]);
  });

  it('is a whole copy where eight images would lie below it, and needs none of them then', async () => {
    const host = await hostWithBase();
    const make = (name: string, from: string) => host.gandiHost('golden', 'create', name, '--from', from);
    for (let depth = 2; depth <= 8; depth += 1)
      await make(`image${depth}`, depth === 2 ? 'base' : `image${depth - 1}`);
    const disk = (name: string) => host.storage.volume('gandi', `${name}.v1.qcow2`);
    expect(disk('image8').backing).toBe(`${POOL}/image7.v1.qcow2`);
    host.effects();
    const { status, stderr } = await make('web', 'image8');
    expect(status).toBe(0);
    expect(stderr).toContain('web.v1.qcow2: a whole copy, for image8.v1.qcow2 is made of 8 images already');
    expect(host.effects().filter((line) => line.startsWith('vol-create-from'))).toHaveLength(1);
    expect(disk('web').backing).toBeUndefined();
    expect(disk('web').capacity).toBe(disk('image8').capacity);
    // Of what it is made it is still known.
    expect((await host.gandiHost('golden', 'show', 'web')).stdout).toContain('image8@1');
    expect((await host.gandiHost('--yes', 'golden', 'remove', 'image8')).status).toBe(0);
    await make('next', 'web');
    expect(disk('next').backing).toBe(`${POOL}/web.v1.qcow2`);
  });

  it('keeps the kernel that its own guest has, where its parent boots by one', async () => {
    const boot = '/var/tmp/gandi-host-77-AAAAAAAA/tree/boot';
    const host = new FakeHost({
      [`${boot}/vmlinuz-6.1`]: '',
      [`${boot}/initrd.img-6.1`]: '',
      '/srv/tree/usr/lib/os-release': '',
    });
    expect((await host.gandiHost('golden', 'create', 'base', '--from', '/srv/tree')).status).toBe(0);
    host.port.answer = ([program, path, script = '']) => {
      if (program === 'cat') return { status: 0, stdout: `content of ${path}` };
      const [, prefix] = /^ls -1v (\S+)\*/.exec(script) ?? [];
      return { status: 0, stdout: prefix === undefined ? '' : `${prefix}6.5\n` };
    };
    expect((await child(host)).status).toBe(0);
    const content = (name: string) => String(host.storage.volume('gandi', name).content);
    expect(content('web.v1.kernel')).toBe('content of /boot/vmlinuz-6.5');
    expect(content('web.v1.initrd')).toBe('content of /boot/initrd.img-6.5');
  });
});

describe('golden images that are updated', () => {
  it('come parents first, and a child is made of the new version', async () => {
    const host = await hostWithBase();
    // A version that was named is where it began, not where it stays.
    await host.gandiHost('golden', 'create', 'web', '--from', 'base@1');
    const { status, stdout } = await host.gandiHost('golden', 'update', 'base');
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'base@2\n' });
    expect(await listed(host)).toMatchObject([
      { name: 'base', current: 2, behind: null },
      { name: 'web', current: 1, behind: 'base@1' },
    ]);
    const { stdout: table } = await host.gandiHost('golden', 'list');
    expect(table).toBe('base\t2\t1, 2\tready\nweb\t1\t1\tbehind: made of base@1\n');
    const all = await host.gandiHost('golden', 'update', 'base', '--recursive');
    expect(all.stdout).toBe('base@3\nweb@2\n');
    expect(host.storage.volume('gandi', 'web.v2.qcow2').backing).toBe(`${POOL}/base.v3.qcow2`);
    expect((await host.gandiHost('golden', 'update', '--all')).stdout).toBe('base@4\nweb@3\n');
  });

  it('keep their current version where the new one fails, and the others are still made', async () => {
    const host = await hostWithBase();
    await host.gandiHost('golden', 'create', 'other', '--from', IMAGE);
    let starts = 0;
    host.refuse = ([command]) => {
      if (command === 'start') starts += 1;
      return command === 'start' && starts === 1 ? 'no memory is left' : undefined;
    };
    const { status, stdout, stderr } = await host.gandiHost('golden', 'update', '--all');
    expect({ status, stdout }).toEqual({ status: 1, stdout: 'other@2\n' });
    expect(stderr).toContain('gandi-host: base@2 failed, 1 stays current: no memory is left\n');
    expect(await listed(host)).toMatchObject([
      { name: 'base', current: 1, versions: [{ state: 'ready' }, { number: 2, state: 'failed' }] },
      { name: 'other', current: 2 },
    ]);
    expect((await host.gandiHost('golden', 'list')).stdout).toContain('base\t1\t1, 2 (failed)\tready');
  });

  it('leave no volume of a version that was not finished', async () => {
    const host = await hostWithBase();
    await child(host, '--packages', 'nginx');
    const { volumes } = host.state();
    host.port.answer = () => ({ status: 100 });
    expect((await host.gandiHost('golden', 'update', 'web')).status).toBe(1);
    expect(host.state().volumes).toEqual(volumes);
    expect(await listed(host)).toMatchObject([{}, { name: 'web', current: 1, versions: [{ number: 1 }] }]);
  });

  it('get another check, which stays theirs, whether it succeeds or not', async () => {
    const host = await hostWithBase();
    await child(host, '--check', 'old check');
    const failing = (line: string) => {
      host.port.answer = ([, , check]) => ({ status: check === line ? 1 : 0 });
    };
    failing('new check');
    const { status, stderr } = await host.gandiHost('golden', 'update', 'web', '--check', 'new check');
    expect(status).toBe(1);
    expect(stderr).toContain('web@2 failed, 1 stays current: the check "new check" failed');
    failing('old check');
    expect((await host.gandiHost('golden', 'update', 'base', '--recursive')).stdout).toBe('base@2\nweb@3\n');
    // Of children that were not named it says nothing.
    failing('of base');
    const named = await host.gandiHost('golden', 'update', 'base', '--recursive', '--check', 'of base');
    expect(named.stdout).toBe('web@4\n');
    expect((await host.gandiHost('golden', 'update', '--all', '--check', 'x')).stderr).toContain(
      '--check is for golden images that are named',
    );
  });

  it('are named, or all are meant by a word', async () => {
    const host = await hostWithBase();
    const before = host.state();
    expect((await host.gandiHost('golden', 'update')).stderr).toContain('name the golden images to update');
    expect((await host.gandiHost('golden', 'update', 'nobody')).stderr).toContain('no golden image nobody');
    const dry = await host.gandiHost('--dry-run', 'golden', 'update', 'base');
    expect(dry.status).toBe(0);
    expect(dry.stdout).toContain('base.v2.qcow2');
    expect(host.state()).toEqual(before);
  });
});
