import { createHash, randomBytes, randomInt } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rigWithBase } from './base-image.ts';
import type { LibvirtRig } from './libvirt-rig.ts';
import { OF_THE_BUILDER, PACKAGE, PackageSource, VERSION_FILE } from './package-source.ts';

let rig: LibvirtRig;
let source: PackageSource;
/** An account of this machine that the tests make. */
const user = `jim${randomBytes(3).toString('hex')}`;
/** One that was cut off leaves its account. */
const UID = randomInt(40_000, 60_000);
const KEY = `ssh-ed25519 ${Buffer.from('\0\0\0\vssh-ed25519\0\0\0 '.padEnd(51, 'k'), 'latin1').toString('base64')} jim@host`;

beforeAll(async () => {
  // run.test.ts shows that a guest of it comes up.
  [rig, source] = await Promise.all([rigWithBase(false), PackageSource.start()]);
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

describe('a command that wants packages', () => {
  let image = '';

  it('has them in an image that is made for it and sealed; its output and exit status come through', async () => {
    const before = Object.keys(await rig.state());
    const script = [
      `test "$(cat ${VERSION_FILE})" = 1 && ! test -e ${OF_THE_BUILDER} || exit 1`,
      'head -c 15000000 /dev/urandom | base64 -w 0 > /tmp/f; sha256sum /tmp/f >&2; cat /tmp/f; exit 7',
    ].join('\n');
    const { status, stdout, stderr } = await rig.host(
      ...['run', '--from', 'base', '--source', source.line, '--packages', PACKAGE],
      ...['--work-directory', rig.folder, '--', 'sh', '-c', script],
    );
    expect(status, stderr).toBe(7);
    expect(stdout).toHaveLength(20_000_000);
    expect(stderr).toContain(`${createHash('sha256').update(stdout).digest('hex')}  /tmp/f\n`);
    [, image = ''] = /^gandi-host: (base-auto-\w+): a guest of base@1 makes version 1$/m.exec(stderr) ?? [];
    const made = Object.keys(await rig.state()).filter((name) => !before.includes(name));
    const files = ['initrd', 'kernel', 'qcow2'].map((part) => `file ${image}.v1.${part}`);
    expect(made.sort()).toEqual([`domain ${image}`, ...files]);
    // Three guests, one after another.
  }, 1_200_000);

  it('keeps its image as it is where an update fails the check, whose console is kept', async () => {
    await source.publish(2);
    const { status, stderr } = await rig.host(
      ...['golden', 'update', image, '--check', `test "$(cat ${VERSION_FILE})" = 1`],
      ...['--work-directory', rig.folder],
    );
    expect(status).toBe(1);
    expect(stderr).toContain(`${image}@2 failed, 1 stays current: the check "test`);
    expect(stderr).toContain(`its console is in volume gandi/${image}.v2.console`);
    expect(Object.keys(await rig.state())).toContain(`file ${image}.v2.console`);
    expect(await list()).toMatchObject([
      { name: 'base', current: 1 },
      { name: image, current: 1, versions: [{ state: 'ready' }, { number: 2, state: 'failed' }] },
    ]);
  });

  it('has the version that failed taken away by a prune, and all of it when no run asks any more', async () => {
    const before = await rig.state();
    const gone = async () => {
      const left = Object.keys(await rig.state());
      return Object.keys(before)
        .filter((name) => !left.includes(name))
        .sort();
    };
    const ofSecond = ['console', 'initrd', 'kernel', 'qcow2'].map((part) => `file ${image}.v2.${part}`);
    const prune = () => rig.host('golden', 'prune', '--unused', '30');
    expect(await prune()).toEqual({ status: 0, stdout: `${image}@2 removed\n`, stderr: '' });
    expect(await gone()).toEqual(ofSecond);
    await rig.markUsed(image, new Date(Date.now() - 31 * 24 * 3600 * 1000).toISOString());
    expect(await prune()).toEqual({ status: 0, stdout: `${image} removed\n`, stderr: '' });
    const ofFirst = ['initrd', 'kernel', 'qcow2'].map((part) => `file ${image}.v1.${part}`);
    expect(await gone()).toEqual([`domain ${image}`, ...ofFirst, ...ofSecond].sort());
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
    // The second network is that of its address: the host answers there.
    await exec('ping -c 1 -W 5 -I eth1 10.9.8.2');
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
