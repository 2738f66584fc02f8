import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rigWithBase } from './base-image.ts';
import type { LibvirtRig } from './libvirt-rig.ts';
import { PACKAGE, PackageSource, VERSION_FILE } from './package-source.ts';

let rig: LibvirtRig;
let source: PackageSource;
/** An account of this machine that the tests make. */
const user = `jim${randomBytes(3).toString('hex')}`;
const UID = 42_424;
const KEY = `ssh-ed25519 ${Buffer.from('\0\0\0\vssh-ed25519\0\0\0 '.padEnd(51, 'k'), 'latin1').toString('base64')} jim@host`;

beforeAll(async () => {
  [rig, source] = await Promise.all([rigWithBase(), PackageSource.start()]);
  await source.publish(1);
  const home = join(rig.folder, 'home');
  await execa('useradd', [
    '--no-create-home',
    '--home-dir',
    home,
    '--uid',
    `${UID}`,
    '--groups',
    'games',
    user,
  ]);
  await mkdir(join(home, '.ssh'), { recursive: true });
  await writeFile(join(home, '.ssh/authorized_keys'), `${KEY}\nfrom="10.0.0.1" ${KEY}\n`);
  await writeFile(join(home, '.ssh/id_ed25519'), 'a private key');
});

afterAll(async () => {
  await execa('userdel', [user], { reject: false });
  await source?.stop();
  await rig?.stop();
});

const list = async () => JSON.parse((await rig.host('--json', 'golden', 'list')).stdout).golden;

describe('a golden image that is made of another one', () => {
  it('has packages of a source, and is sealed by the toolkit', async () => {
    const check = `test "$(cat ${VERSION_FILE})" = 1 && test -e /var/lib/gandi/seal.json`;
    const { status, stdout, stderr } = await rig.host(
      ...['golden', 'create', 'child', '--from', 'base', '--source', source.line, '--packages', PACKAGE],
      ...['--check', check, '--work-directory', rig.folder],
    );
    expect(stderr).toContain('a guest of base@1 makes version 1');
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'child@1\n' });
  });

  it('stays as it is where its update fails the check, whose console is kept', async () => {
    await source.publish(2);
    const { status, stderr } = await rig.host('golden', 'update', 'child', '--work-directory', rig.folder);
    expect(status).toBe(1);
    expect(stderr).toContain('child@2 failed, 1 stays current: the check "test');
    expect(stderr).toContain('its console is in volume gandi/child.v2.console');
    expect(await readFile(join(rig.pool, 'child.v2.console'), 'latin1')).toContain('login:');
    expect(await list()).toMatchObject([
      { name: 'base', current: 1 },
      { name: 'child', current: 1, versions: [{ state: 'ready' }, { number: 2, state: 'failed' }] },
    ]);
  });

  it('loses the version that failed by a prune, and no other', async () => {
    const before = await rig.state();
    expect(await rig.host('golden', 'prune')).toEqual({ status: 0, stdout: 'child@2 removed\n', stderr: '' });
    const after = Object.keys(await rig.state());
    expect(Object.keys(before).filter((name) => !after.includes(name))).toEqual(
      ['disk', 'kernel', 'initrd', 'console']
        .map((part) => `file child.v2.${part === 'disk' ? 'qcow2' : part}`)
        .sort(),
    );
  });
});

describe('a guest with accounts, interfaces, a directory and disks', () => {
  const exec = async (script: string) => {
    const { status, stdout, stderr } = await rig.host('exec', 'web', '--', 'sh', '-c', script);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout.trim();
  };

  it('is made, and ready within its time', async () => {
    const shared = join(rig.folder, 'shared');
    await mkdir(shared);
    await writeFile(join(shared, 'of-host'), 'from the host\n');
    const made = await rig.host(
      ...['guest', 'create', 'web', '--from', 'base', '--copy-user', user, '--sudo', user],
      ...[
        '--ssh-key',
        join(rig.folder, 'home/.ssh/authorized_keys'),
        '--nic',
        'user',
        '--nic',
        'user,address=10.9.8.7/24',
      ],
      ...['--mount', `${shared}:/mnt/shared`, '--disk', 'data:20M:keep', '--disk', 'scratch:20M', '--start'],
    );
    expect(made).toEqual({ status: 0, stdout: 'web\n', stderr: '' });
    expect(await rig.host('guest', 'start', 'web', '--wait')).toMatchObject({ status: 0, stderr: '' });
  });

  it('has the account with its groups and public keys, and none of its secrets', async () => {
    expect(await exec(`id -u ${user}; id -nG ${user}`)).toBe(`${UID}\n${user} games`);
    expect(await exec(`cat ~${user}/.ssh/authorized_keys; ls -A ~${user}/.ssh`)).toBe(
      `${KEY}\nauthorized_keys`,
    );
    expect(await exec(`sudo -l -U ${user}`)).toContain('NOPASSWD: ALL');
    expect(await exec(`grep ^${user}: /etc/shadow`)).toContain(`${user}:!:`);
    expect(await exec('cat /root/.ssh/authorized_keys')).toBe(KEY);
    const asUser = await rig.host('exec', 'web', '--user', user, '--', 'id', '-un');
    expect(asUser.stdout).toBe(`${user}\n`);
  });

  it('has two interfaces, the directory and the disks', async () => {
    expect(await exec('ip -br -4 address')).toMatch(/eth0 .* 10\.0\.2\.15\/24[\s\S]*eth1 .* 10\.9\.8\.7\/24/);
    expect(await exec('cat /mnt/shared/of-host; echo from the guest > /mnt/shared/of-guest')).toBe(
      'from the host',
    );
    expect(await readFile(join(rig.folder, 'shared/of-guest'), 'utf8')).toBe('from the guest\n');
    expect(await exec('ls /dev/disk/by-id')).toBe('virtio-data\nvirtio-scratch');
  });

  it('has no snapshot while it runs with a directory of its host, and says why', async () => {
    const { status, stderr } = await rig.host('guest', 'snapshot', 'web');
    expect(status).toBe(1);
    expect(stderr).toContain('by virtiofs');
    expect((await rig.host('exec', 'web', '--discard', 'always', '--', 'true')).status).toBe(125);
  });

  it('is removed but for the disk that is to be kept', async () => {
    expect(await rig.host('--yes', 'guest', 'destroy', 'web')).toEqual({
      status: 0,
      stdout: 'kept: volume web.data.qcow2\n',
      stderr: '',
    });
    const left = Object.keys(await rig.state()).filter((name) => name.includes('web'));
    expect(left).toEqual(['file web.data.qcow2']);
  });
});
