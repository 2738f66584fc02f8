import { beforeEach, describe, expect, it } from 'vitest';
import { FakeHost, IMAGE, POOL } from '../fake-host.ts';
import { uuidOf } from '../fake-libvirt.ts';

const DISK = `${POOL}/base.v1.qcow2`;
let host: FakeHost;

const run = (...args: string[]) => host.gandiHost(...args);
const current = async () => JSON.parse((await run('golden', 'show', 'base')).stdout).current;

/** A host with a golden image of three versions, the third of which is current. */
beforeEach(async () => {
  host = new FakeHost();
  await run('golden', 'create', 'base', '--from', IMAGE);
  await run('golden', 'update', 'base');
  await run('golden', 'update', 'base');
  // A file there is one that QEMU may have open.
  host.addFile(DISK);
  host.effects();
});

describe('a golden image to remove', () => {
  it('goes with all of its versions, once somebody said so', async () => {
    const before = host.state();
    const asked = await run('golden', 'remove', 'base');
    expect(asked.status).toBe(1);
    expect(asked.stderr).toContain('remove golden image base with 3 versions; use --yes');
    expect(host.state()).toEqual(before);
    expect(await run('--yes', 'golden', 'remove', 'base')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(host.storage.names()).toEqual([]);
    expect(host.libvirt.domains).toEqual([]);
  });

  it('stays while a guest, an overlay of anybody or another golden image needs it', async () => {
    const refused = async (by: string) => {
      const before = host.state();
      const { status, stderr } = await run('--yes', 'golden', 'remove', 'base');
      expect(status).toBe(1);
      expect(stderr).toContain(by);
      expect(stderr).toContain('nothing was removed');
      expect(host.state()).toEqual(before);
    };
    await run('guest', 'create', 'web', '--from', 'base@2');
    await refused('base@2 is needed by volume gandi/web.root.qcow2, domain web;');
    await run('--yes', 'guest', 'destroy', 'web');
    host.storage.addVolume('gandi', 'theirs.qcow2', { backing: 'base.v1.qcow2' });
    await refused('base@1 is needed by volume gandi/theirs.qcow2;');
    host.storage.pools.get('gandi')?.volumes.delete('theirs.qcow2');
    const devices = `<disk><source file="${DISK}"/></disk>`;
    host.libvirt.domains.push({ uuid: uuidOf(1), name: 'stranger', devices });
    await refused('base@1 is needed by domain stranger;');
    host.libvirt.domains.pop();
    await run('golden', 'create', 'child', '--from', 'base');
    await refused('base@3 is needed by volume gandi/child.v1.qcow2');
  });

  it('stays while a QEMU has it open that libvirt knows nothing of', async () => {
    host.programs['qemu-io'] = () => ({ stderr: 'Failed to get shared "write" lock', failure: 'qemu-io: 1' });
    const before = host.state();
    expect((await run('--yes', 'golden', 'remove', 'base')).stderr).toContain(
      'base@1 is open in a QEMU; nothing was removed',
    );
    expect((await run('golden', 'prune', '--keep', '1')).stdout).toBe('base@2 removed\n');
    expect(host.storage.names()).toEqual(['base.v1.qcow2', 'base.v3.qcow2']);
    expect(before.domains).toEqual(host.state().domains);
  });

  it('is ours: a domain of that name alone is not touched', async () => {
    host.libvirt.domains.push({ uuid: uuidOf(1), name: 'stranger' });
    const before = host.state();
    expect((await run('--yes', 'golden', 'remove', 'stranger')).stderr).toContain('no golden image stranger');
    // Copied by virt-clone, with our element: it is the other one's.
    const [xml = ''] = host.xml.values();
    host.libvirt.domains.push({ uuid: uuidOf(2), name: 'clone' });
    host.xml.set(uuidOf(2), xml.replace(/<uuid>.*?<\/uuid>/, `<uuid>${uuidOf(2)}</uuid>`));
    expect((await run('--yes', 'golden', 'remove', 'clone')).stderr).toContain('no golden image clone');
    expect(host.state().volumes).toEqual(before.volumes);
  });

  it('is shown in a dry run, and stays', async () => {
    const before = host.state();
    const { stdout, status } = await run('--dry-run', 'golden', 'remove', 'base');
    expect(status).toBe(0);
    expect(stdout.match(/vol-delete/g)).toHaveLength(3);
    expect(stdout).toMatch(/undefine \S+ {2}# base\n$/);
    expect(host.state()).toEqual(before);
  });
});

describe('old versions', () => {
  it('are pruned where nobody needs them, beyond those that are to stay', async () => {
    await run('guest', 'create', 'web', '--from', 'base@1');
    expect(await run('golden', 'prune', 'base')).toMatchObject({ status: 0, stdout: '' });
    expect((await run('golden', 'prune', '--keep', '1')).stdout).toBe('base@2 removed\n');
    await run('--yes', 'guest', 'destroy', 'web');
    expect((await run('golden', 'prune', 'base', '--keep', '1')).stdout).toBe('base@1 removed\n');
    expect(host.storage.names()).toEqual(['base.v3.qcow2']);
    // A number that was used is not used again: somebody may still speak of it.
    expect((await run('golden', 'update', 'base')).stdout).toBe('base@4\n');
    expect((await run('golden', 'prune', 'nobody')).stderr).toContain('no golden image nobody');
  });

  it('can be gone back to, and that changes nothing but which one is current', async () => {
    const { volumes } = host.state();
    expect(await run('golden', 'rollback', 'base')).toEqual({ status: 0, stdout: 'base@2\n', stderr: '' });
    expect(await current()).toBe(2);
    expect((await run('golden', 'rollback', 'base@1')).stdout).toBe('base@1\n');
    expect((await run('golden', 'rollback', 'base')).stderr).toContain('has no older version to go back to');
    expect((await run('golden', 'rollback', 'base@7')).stderr).toContain('has no version 7');
    expect(await current()).toBe(1);
    expect(host.state().volumes).toEqual(volumes);
    await run('guest', 'create', 'web', '--from', 'base');
    expect(host.storage.volume('gandi', 'web.root.qcow2').backing).toBe(DISK);
  });

  it('are checked by number, and one that fails then is no longer used', async () => {
    host.port.answer = () => ({ status: 1, stdout: 'it is broken\n' });
    const { stderr } = await run('golden', 'check', 'base@2', '--check', 'false');
    expect(stderr).toContain('base@2 failed, 3 stays current: the check "false" failed: it is broken');
    expect((await run('guest', 'create', 'web', '--from', 'base@2')).stderr).toContain(
      'base@2 is failed: no guest of it has come up',
    );
    expect((await run('golden', 'check', 'base@9')).stderr).toContain('has no version 9');
    expect(await current()).toBe(3);
  });

  it('are still made guests of where the current one fails a check: there is no better one', async () => {
    host.port.answer = () => ({ status: 1, stdout: 'it is broken\n' });
    const { stderr, status } = await run('golden', 'check', 'base@3', '--check', 'false');
    expect(status).toBe(1);
    expect(stderr).toContain(
      'base@3 failed and stays current; "gandi-host golden rollback base" goes to the one before: the check',
    );
    expect((await run('guest', 'create', 'web', '--from', 'base')).status).toBe(0);
  });

  it('go with what the console said of a trial that failed', async () => {
    host.port.answer = () => ({ status: 1 });
    const { stderr } = await run('golden', 'check', 'base@2', '--check', 'false');
    expect(stderr).toContain('; its console is in volume gandi/base.v2.console\n');
    expect(host.storage.names()).toContain('base.v2.console');
    await run('golden', 'prune', '--keep', '1');
    expect(host.storage.names()).toEqual(['base.v3.qcow2']);
  });

  it('are not judged by a trial that somebody interrupted', async () => {
    host.port.answer = () => {
      process.emit('SIGINT', 'SIGINT');
      return { status: 1 };
    };
    const { stderr } = await run('golden', 'check', 'base', '--check', 'true');
    expect(stderr).toContain('base@3 was not tried to the end; "gandi-host golden check base" does it');
    const { versions } = JSON.parse((await run('golden', 'show', 'base')).stdout);
    expect(versions.at(-1)).toMatchObject({ number: 3, state: 'ready' });
    expect(host.libvirt.domains.map(({ name }) => name)).toEqual(['base']);
  });
});
