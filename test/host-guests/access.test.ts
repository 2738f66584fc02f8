import { chmod, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeEmptyImage } from './base-image.ts';
import { LibvirtRig } from './libvirt-rig.ts';
import { SshServer } from './ssh-server.ts';

// Who may do what with a real libvirt: a user who is not root, and somebody on another host.

let rig: LibvirtRig;

beforeAll(async () => {
  rig = await LibvirtRig.start();
  await makeEmptyImage(join(rig.folder, 'empty.qcow2'));
  await rig.makeUsableImage('empty', join(rig.folder, 'empty.qcow2'));
});

afterAll(async () => {
  await rig?.stop();
});

describe('a user in the group libvirt', () => {
  const user = (...words: string[]) => rig.hostAs('nobody', ['libvirt'], ...words);

  it('makes, starts and removes guests without root', async () => {
    const before = await rig.state();
    expect((await user('golden', 'list')).stdout).toContain('empty');
    expect(await user('guest', 'create', 'web1', '--from', 'empty', '--disk', 'data:10M')).toEqual({
      status: 0,
      stdout: 'web1\n',
      stderr: '',
    });
    expect(await user('guest', 'start', 'web1')).toMatchObject({ status: 0, stderr: '' });
    expect((await user('--json', 'guest', 'show', 'web1')).stdout).toContain('"running": true');
    expect(await user('order', 'set', 'web1', '--priority', '5')).toMatchObject({ status: 0 });
    expect(await user('guest', 'snapshot', 'web1', 'one')).toMatchObject({ status: 0, stderr: '' });
    expect(await user('--yes', 'guest', 'destroy', 'web1')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(await rig.state()).toEqual(before);
  });

  it('is told before anything is made that an image is not theirs to read', async () => {
    const secret = join(rig.folder, 'secret.qcow2');
    await copyFile(join(rig.folder, 'empty.qcow2'), secret);
    await chmod(secret, 0o600);
    const before = await rig.state();
    const { status, stderr } = await user('golden', 'create', 'other', '--from', secret);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^gandi-host: \S+ is no disk image that can be read: [^\n]*Permission denied\n$/);
    expect(await rig.state()).toEqual(before);
  });

  it('is told before anything is made that guests’ ports are closed to them', async () => {
    // As a package makes it: for root and the group that QEMU runs in.
    await chmod(join(rig.folder, 'lib/qemu'), 0o750);
    const before = await rig.state();
    const { status, stderr } = await user('run', '--from', 'empty', '--', 'true');
    expect(status).toBe(125);
    expect(stderr).toMatch(/^gandi-host: \/var\/lib\/libvirt\/qemu\S* is closed to this user, [^\n]*\n$/);
    expect(
      (await user('golden', 'create', 'other', '--from', join(rig.folder, 'empty.qcow2'))).stderr,
    ).toContain('is closed to this user');
    expect(await rig.state()).toEqual(before);
  });

  it('is one of that group: others are refused by libvirt, in one line', async () => {
    const { status, stderr } = await rig.hostAs('nobody', [], 'guest', 'list');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^gandi-host: libvirt at qemu:\/\/\/system did not answer [^\n]*\n$/);
  });
});

describe('a libvirt over SSH', () => {
  let server: SshServer;
  const far = (...words: string[]) => rig.hostFrom(server.uri, ...words);

  beforeAll(async () => {
    server = await SshServer.start(rig);
  });
  afterAll(async () => {
    await server?.stop();
  });

  it('has guests made, started, tried and removed as a near one has', async () => {
    const before = await rig.state();
    expect(await far('guest', 'create', 'web1', '--from', 'empty')).toMatchObject({
      status: 0,
      stdout: 'web1\n',
    });
    expect(await far('guest', 'start', 'web1')).toMatchObject({ status: 0, stderr: '' });
    // Nothing boots there: its port can be listened at, and nobody answers.
    const late = await far('exec', 'web1', '--ready-timeout', '2', '--', 'true');
    expect(late).toMatchObject({ status: 124 });
    expect(late.stderr).toContain('the time was up');
    expect(await far('--yes', 'guest', 'destroy', 'web1')).toMatchObject({ status: 0, stderr: '' });
    expect(await rig.state()).toEqual(before);
  });

  it('that cannot be reached is told in one line', async () => {
    const { status, stderr } = await rig.hostFrom(server.uri.replace(/:\d+/, ':1'), 'guest', 'list');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^gandi-host: libvirt at qemu\+ssh:[^\n]* did not answer [^\n]*\n$/);
  });
});
