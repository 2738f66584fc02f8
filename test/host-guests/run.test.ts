import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rigWithBase } from './base-image.ts';
import type { LibvirtRig } from './libvirt-rig.ts';
import { SshServer } from './ssh-server.ts';

let rig: LibvirtRig;

beforeAll(async () => {
  rig = await rigWithBase();
});

afterAll(async () => {
  await rig?.stop();
});

const SHELL = ['sh', '-c'];

async function guestNames(): Promise<string[]> {
  const { stdout } = await rig.host('--json', 'guest', 'list');
  return JSON.parse(stdout).guests.map(({ name }: { name: string }) => name);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  await expect.poll(isSo, { timeout: 60_000, interval: 300 }).toBe(true);
}

const isBooting = async () =>
  (await rig.virsh('list', '--name')).stdout.split('\n').some((name) => name.startsWith('base-run-'));

describe('a command in a disposable guest', () => {
  it('is given up by Ctrl-C while its guest boots, which is gone then', async () => {
    const before = await rig.state();
    const child = rig.spawnHost('run', '--from', 'base', '--', 'true');
    const exit = once(child, 'exit');
    await until(isBooting);
    child.kill('SIGINT');
    expect(await exit).toEqual([130, null]);
    expect(await rig.state()).toEqual(before);
  });

  it('leaves what cleanup removes, and nothing else, where it is killed in any phase', async () => {
    const before = await rig.state();
    for (const wait of [
      () => until(async () => (await guestNames()).length > 0),
      () => new Promise((resolve) => setTimeout(resolve, 600)),
      () => until(isBooting),
    ]) {
      const child = rig.spawnHost('run', '--from', 'base', '--disk', 'data:10M', '--', 'true');
      const exit = once(child, 'exit');
      await wait();
      child.kill('SIGKILL');
      await exit;
      // A command of libvirt's that was under way ends by itself.
      await new Promise((resolve) => setTimeout(resolve, 2000));
      await rig.host('cleanup', '--work-directory', rig.folder);
      expect(await rig.state()).toEqual(before);
      expect((await rig.host('cleanup', '--work-directory', rig.folder)).status).toBe(3);
    }
  });
});

describe('a guest that a run has kept', () => {
  let kept = '';
  const exec = (...words: string[]) => rig.host('exec', kept, ...words);

  it('is one whose command took too long, where only success discards', async () => {
    const { status, stderr } = await rig.host(
      ...['run', '--from', 'base', '--discard', 'onsuccess', '--timeout', '3', '--'],
      ...[...SHELL, 'echo kept > /root/kept; sync; sleep 100'],
    );
    expect(status).toBe(124);
    [kept = ''] = await guestNames();
    expect(stderr).toContain('the time was up');
    expect(stderr).toContain(`guest ${kept} was kept`);
  });

  it('is no leftover, and starts again', async () => {
    expect((await rig.host('cleanup', '--work-directory', rig.folder)).status).toBe(3);
    expect(await rig.host('guest', 'start', kept, '--wait')).toMatchObject({ status: 0, stderr: '' });
    expect(await exec('--', 'cat', '/root/kept')).toEqual({ status: 0, stdout: 'kept\n', stderr: '' });
  });

  it('runs commands with their input, and tells how they ended', async () => {
    const input = join(rig.folder, 'input');
    await writeFile(input, 'some input');
    expect(await exec('--input', input, '--', 'cat')).toMatchObject({ status: 0, stdout: 'some input' });
    expect((await exec('--', ...SHELL, 'exit 3')).status).toBe(3);
    expect((await exec('--', 'no-such-command')).status).toBe(127);
    expect((await exec('--', ...SHELL, 'kill -9 $$')).status).toBe(137);
    expect((await exec('--timeout', '1', '--', 'sleep', '100')).status).toBe(124);
  });

  it('runs commands for another host, by ssh', async () => {
    const server = await SshServer.start(rig);
    try {
      const script = 'head -c 1000000 /dev/zero | tr "\\0" x; exit 5';
      const far = await rig.hostFrom(server.uri, 'exec', kept, '--', ...SHELL, script);
      expect(far).toEqual({ status: 5, stdout: 'x'.repeat(1_000_000), stderr: '' });
    } finally {
      await server.stop();
    }
  });

  it('ends a command at Ctrl-C, and stays up', async () => {
    const child = rig.spawnHost('exec', kept, '--', ...SHELL, 'echo begun; exec sleep 100');
    const exit = once(child, 'exit');
    await once(child.stdout ?? child, 'data');
    child.kill('SIGINT');
    expect(await exit).toEqual([130, null]);
    expect((await exec('--', 'pgrep', '-x', 'sleep')).status).toBe(1);
  });

  it.each([
    ['always', 0, false],
    ['onsuccess', 3, true],
    ['onfail', 3, false],
    ['onfailure', 0, true],
    ['off', 0, true],
  ])(
    'is set back by the policy %s after exit status %i or not, and keeps no snapshot',
    async (policy, status, stays) => {
      const file = `/root/${policy}`;
      const script = `touch ${file}; exit ${status}`;
      expect((await exec('--discard', policy, '--', ...SHELL, script)).status).toBe(status);
      expect((await exec('--', 'test', '-e', file)).status).toBe(stays ? 0 : 1);
      expect((await rig.host('guest', 'snapshots', kept)).stdout).toBe('');
    },
  );

  it('is shut down and started again by a restart, as a new machine', async () => {
    const bootId = async () => (await exec('--', 'cat', '/proc/sys/kernel/random/boot_id')).stdout;
    const [before, domain] = [await bootId(), (await rig.virsh('domid', kept)).stdout];
    await exec('--', 'touch', '/root/of-first-boot', '/dev/shm/of-first-boot');
    expect(await rig.host('guest', 'restart', kept, '--wait')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(await bootId()).not.toBe(before);
    expect((await rig.virsh('domid', kept)).stdout).not.toBe(domain);
    const stays = 'test -e /root/of-first-boot && ! test -e /dev/shm/of-first-boot';
    expect((await exec('--', ...SHELL, stays)).status).toBe(0);
  });

  it('goes back to a snapshot with its memory, and keeps the state that it leaves', async () => {
    const memory = '/dev/shm/before';
    await exec('--', 'touch', memory);
    expect((await rig.host('guest', 'snapshot', kept, 'one')).stdout).toBe('one\n');
    await exec('--', ...SHELL, `rm ${memory}; touch /root/after`);
    expect((await rig.host('guest', 'rollback', kept, 'one')).status).toBe(1);
    const { stdout, status } = await rig.host('--yes', 'guest', 'rollback', kept, 'one');
    expect(status).toBe(0);
    const [, backup = ''] = /^kept: snapshot (\S+)\n$/.exec(stdout) ?? [];
    expect((await exec('--', ...SHELL, `test -e ${memory} && ! test -e /root/after`)).status).toBe(0);
    await rig.host('--yes', 'guest', 'rollback', kept, backup, '--no-backup');
    expect((await exec('--', ...SHELL, `! test -e ${memory} && test -e /root/after`)).status).toBe(0);
    for (const name of ['one', backup])
      expect((await rig.host('--yes', 'guest', 'delete-snapshot', kept, name)).status).toBe(0);
  });

  it('is removed whole, and its image is not removed before', async () => {
    const { stderr, status } = await rig.host('--yes', 'golden', 'remove', 'base');
    expect(status).toBe(1);
    expect(stderr).toContain(`domain ${kept}; nothing was removed`);
    expect((await rig.host('--yes', 'guest', 'destroy', kept)).status).toBe(0);
    expect(Object.keys(await rig.state()).sort()).toEqual(
      ['domain base', 'file base.v1.initrd', 'file base.v1.kernel', 'file base.v1.qcow2'].sort(),
    );
  });
});
