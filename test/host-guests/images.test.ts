import { appendFile, chmod, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeEmptyImage } from './base-image.ts';
import { LibvirtRig } from './libvirt-rig.ts';

// Against a real libvirt, with an image that has nothing to boot: what needs no guest that comes up.

let rig: LibvirtRig;
/** What nobody of ours may touch. */
let foreign: Record<string, string>;

const ours = /(?:domain|file) (?:empty|web|child|a b|never)/;
const others = (state: Record<string, string>) =>
  Object.fromEntries(Object.entries(state).filter(([name]) => !ours.test(name)));

beforeAll(async () => {
  rig = await LibvirtRig.start();
  await makeEmptyImage(join(rig.folder, 'empty.qcow2'));
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', join(rig.pool, 'foreign.qcow2'), '8M']);
  const xml = `<domain type="qemu"><name>foreign</name><memory unit="MiB">64</memory><os><type arch="x86_64">hvm</type></os>
    <devices><disk type="file"><driver type="qcow2"/><source file="${rig.pool}/foreign.qcow2"/><target dev="vda"/></disk></devices></domain>`;
  expect((await rig.define(xml)).status).toBe(0);
  foreign = others(await rig.state());
});

afterAll(async () => {
  await rig?.stop();
});

describe('golden images and guests of a real libvirt', () => {
  it('a version of which no guest comes up is failed, and is no current one', async () => {
    const { status, stderr } = await rig.host(
      ...['golden', 'create', 'empty', '--from', join(rig.folder, 'empty.qcow2'), '--memory', '64'],
      ...['--ready-timeout', '2', '--work-directory', rig.folder],
    );
    expect(stderr).toContain('empty@1 failed, there is no current one');
    expect(status).toBe(1);
    const { stdout } = await rig.host('--json', 'golden', 'list');
    expect(JSON.parse(stdout).golden).toMatchObject([
      { name: 'empty', current: null, versions: [{ number: 1, state: 'failed' }], state: 'ready' },
    ]);
    expect((await rig.host('guest', 'create', 'web1', '--from', 'empty')).stderr).toContain(
      'no version that has come up',
    );
    // The guest that tried it is gone, with all of its files.
    expect(Object.keys(await rig.state()).sort()).toEqual([
      'domain empty',
      'domain foreign',
      'file empty.v1.console',
      'file empty.v1.qcow2',
      'file foreign.qcow2',
    ]);
  });

  it('an image that is none, or names another file of the host, is refused before anything is made', async () => {
    const file = join(rig.folder, 'overlay.qcow2');
    await execa('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', '/etc/shadow', '-F', 'raw', file]);
    const before = await rig.state();
    for (const [from, why] of [
      [file, 'is an overlay of /etc/shadow'],
      ['/etc/passwd', 'has neither a partition table nor a file system'],
      ['/dev/null', 'is no file'],
    ] as const) {
      const { status, stderr } = await rig.host('golden', 'create', 'never', '--from', from);
      expect(status).toBe(1);
      expect(stderr).toMatch(/^gandi-host: [^\n]*\n$/);
      expect(stderr).toContain(`${from} ${why}`);
    }
    expect(await rig.state()).toEqual(before);
  });

  it('a name that is taken is claimed by nobody else', async () => {
    const before = await rig.state();
    const { stderr, status } = await rig.host(
      'golden',
      'create',
      'foreign',
      '--from',
      join(rig.folder, 'empty.qcow2'),
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/foreign/);
    expect(await rig.state()).toEqual(before);
  });

  it('guests are made in half a second each, whatever their names are, and removed whole', async () => {
    await rig.markReady('empty', 1);
    const before = await rig.state();
    const times: number[] = [];
    const names = ['web1', "a b'$(id)", 'web2'];
    for (const name of names) {
      const begin = performance.now();
      const made = await rig.host(
        'guest',
        'create',
        name,
        '--from',
        'empty',
        '--host-name',
        'web',
        '--disk',
        'data:10M',
      );
      times.push(performance.now() - begin);
      expect(made.stderr).toBe('');
      expect(made.stdout).toBe(`${name}\n`);
    }
    process.stdout.write(`guest create: ${times.map((time) => `${Math.round(time)} ms`).join(', ')}\n`);
    const { stdout } = await rig.host('--json', 'guest', 'list');
    expect(
      JSON.parse(stdout)
        .guests.map(({ name }: { name: string }) => name)
        .sort(),
    ).toEqual([...names].sort());
    expect((await rig.host('guest', 'create', 'web1', '--from', 'empty')).status).toBe(1);
    for (const name of names) {
      expect((await rig.host('guest', 'destroy', name)).status).toBe(1);
      expect(await rig.host('--yes', 'guest', 'destroy', name)).toMatchObject({ status: 0, stderr: '' });
    }
    expect(await rig.state()).toEqual(before);
  });

  it('a dry run changes nothing', async () => {
    const before = await rig.state();
    const { stdout, status } = await rig.host('--dry-run', 'guest', 'create', 'web1', '--from', 'empty');
    expect(status).toBe(0);
    expect(stdout).toContain('vol-create-as');
    expect(await rig.state()).toEqual(before);
  });

  it('an image that something needs is not removed: a guest, a stranger’s overlay, a relative name', async () => {
    expect((await rig.host('guest', 'create', 'web1', '--from', 'empty')).status).toBe(0);
    const remove = () => rig.host('--yes', 'golden', 'remove', 'empty');
    const before = await rig.state();
    expect((await remove()).stderr).toContain('domain web1');
    expect(await rig.state()).toEqual(before);
    await rig.host('--yes', 'guest', 'destroy', 'web1');
    await execa(
      'qemu-img',
      ['create', '-q', '-f', 'qcow2', '-b', 'empty.v1.qcow2', '-F', 'qcow2', 'child.qcow2'],
      {
        cwd: rig.pool,
      },
    );
    await rig.virsh('pool-refresh', 'gandi');
    expect((await remove()).stderr).toContain('child.qcow2');
    expect((await rig.host('golden', 'prune', '--keep', '1')).status).toBe(0);
    await rm(join(rig.pool, 'child.qcow2'));
    await rig.virsh('pool-refresh', 'gandi');
  });

  it('a copy of a guest by virt-clone is not ours', async () => {
    await rig.host('guest', 'create', 'web1', '--from', 'empty');
    const clone = ['virt-clone', '--connect', 'qemu:///system', '--original', 'web1', '--name', 'clone'];
    expect(await rig.run([...clone, '--auto-clone', '--quiet'])).toMatchObject({ status: 0 });
    const before = await rig.state();
    // It takes our element along, whose UUID is the other domain's.
    expect(before['domain clone']).toContain('urn:gandi-guest:host:1');
    for (const words of [
      ['guest', 'destroy', 'clone'],
      ['guest', 'start', 'clone'],
      ['exec', 'clone', '--', 'true'],
    ])
      expect((await rig.host('--yes', ...words)).stderr).toContain('no guest clone of ours');
    expect((await rig.host('cleanup', '--work-directory', rig.folder)).status).toBe(3);
    expect(await rig.state()).toEqual(before);
    // The seed, which is read-only, is shared with the copy.
    expect((await rig.host('--yes', 'guest', 'destroy', 'web1')).stderr).toContain(
      'volume gandi/web1.seed.img is needed by domain clone',
    );
    expect(await rig.state()).toEqual(before);
    await rig.virsh('undefine', 'clone', '--remove-all-storage');
    expect((await rig.host('--yes', 'guest', 'destroy', 'web1')).status).toBe(0);
  });

  it('a guest is not started where the image below it was changed', async () => {
    await rig.host('guest', 'create', 'web1', '--from', 'empty');
    expect(await rig.host('guest', 'verify', 'web1', '--checksum')).toMatchObject({ status: 0, stderr: '' });
    const disk = join(rig.pool, 'empty.v1.qcow2');
    await chmod(disk, 0o644);
    await appendFile(disk, 'x');
    await rig.virsh('pool-refresh', 'gandi');
    const { status, stderr } = await rig.host('guest', 'start', 'web1');
    expect(status).toBe(1);
    expect(stderr).toContain('was changed since it was made');
    expect((await rig.host('guest', 'verify', 'web1')).status).toBe(1);
    await rig.host('--yes', 'guest', 'destroy', 'web1');
    await utimes(disk, 1, 1);
  });

  it('what a killed command left is removed by cleanup, and nothing else', async () => {
    await rig.host('--yes', 'golden', 'remove', 'empty');
    const before = await rig.state();
    for (const milliseconds of [150, 400, 700, 1000, 1500, 2500]) {
      const child = rig.spawnHost(
        ...['golden', 'create', 'empty', '--from', join(rig.folder, 'empty.qcow2'), '--memory', '64'],
        ...['--ready-timeout', '60', '--work-directory', rig.folder],
      );
      const ended = new Promise((resolve) => child.once('exit', resolve));
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      child.kill('SIGKILL');
      await ended;
      const cleaned = await rig.host('cleanup', '--work-directory', rig.folder);
      expect(cleaned.stderr).toBe('');
      // A version that was stored whole is no leftover: it waits for its trial.
      await rig.host('--yes', 'golden', 'remove', 'empty');
      expect(await rig.state(), `killed after ${milliseconds} ms`).toEqual(before);
      expect((await rig.host('cleanup', '--work-directory', rig.folder)).status).toBe(3);
    }
  });

  it('goes back to an older version, prunes what nobody needs, and keeps what a guest is made of', async () => {
    await rig.makeUsableImage('empty', join(rig.folder, 'empty.qcow2'));
    const update = ['golden', 'update', 'empty', '--ready-timeout', '2', '--work-directory', rig.folder];
    expect((await rig.host(...update)).stderr).toContain('empty@2 failed, 1 stays current');
    await rig.markReady('empty', 2);
    expect((await rig.host('golden', 'rollback', 'empty')).stdout).toBe('empty@1\n');
    await rig.host('guest', 'create', 'web1', '--from', 'empty');
    expect((await rig.host('golden', 'rollback', 'empty@2')).stdout).toBe('empty@2\n');
    expect((await rig.host('golden', 'prune', '--keep', '1')).stdout).toBe('');
    await rig.host('--yes', 'guest', 'destroy', 'web1');
    expect((await rig.host('golden', 'prune', '--keep', '1')).stdout).toBe('empty@1 removed\n');
    const files = Object.keys(await rig.state()).filter((name) => name.startsWith('file empty'));
    expect(files.sort()).toEqual(['file empty.v2.console', 'file empty.v2.qcow2']);
  });

  it('starts guests in order, and names who is not started for one that never gets ready', async () => {
    const odd = "a b'$(id)";
    for (const name of ['web1', 'never', odd])
      await rig.host('guest', 'create', name, '--from', 'empty', '--host-name', 'web');
    // What nothing boots in says nothing on its port.
    const never = ['--priority', '1', '--ready', 'channel', '--ready-timeout', '3s'];
    expect(await rig.host('order', 'set', 'never', ...never)).toMatchObject({ status: 0, stderr: '' });
    await rig.host('order', 'set', 'web1', '--priority', '2', '--requires', 'never');
    await rig.host('order', 'set', odd, '--priority', '2', '--ready', 'running');
    const { status, stderr } = await rig.host('order', 'start');
    expect(status).toBe(1);
    expect(stderr).toContain('failed to start never: it was not ready within 3 s; it goes on running');
    expect(stderr).toContain('web1 is not started: it requires never, which failed');
    const running = async () => (await rig.virsh('list', '--name')).stdout.trim().split('\n').sort();
    expect(await running()).toEqual([odd, 'never'].sort());
    // Nothing there hears a request to shut down.
    for (const name of ['never', odd])
      await rig.host('order', 'set', name, '--stop-timeout', '1s', '--on-timeout', 'destroy');
    await rig.host('order', 'stop');
    expect(await running()).toEqual(['']);
  });

  it('takes guests over from libvirt’s autostart, and gives them back', async () => {
    const autostarted = async () => (await rig.virsh('list', '--all', '--autostart', '--name')).stdout.trim();
    await rig.virsh('autostart', 'never');
    expect((await rig.host('doctor')).stdout).toContain('autostart of never is on');
    expect((await rig.host('order', 'adopt', '--all')).stdout).toBe('never is adopted\n');
    expect(await autostarted()).toBe('');
    expect((await rig.host('order', 'release', '--all')).stdout).toBe('never is released\n');
    expect(await autostarted()).toBe('never');
    for (const name of ['web1', 'never', "a b'$(id)"]) await rig.host('--yes', 'guest', 'destroy', name);
    await rig.host('--yes', 'golden', 'remove', 'empty');
  });

  it('nobody else’s domain, volume or file was touched by any of it', async () => {
    expect(others(await rig.state())).toEqual(foreign);
  });
});
