import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { copyRepository, project, quickPackage } from './build.ts';
import { ScratchRoot } from './scratch-root.ts';
import { OLD_PATHS, oldRpmPackage } from './version-2.ts';

let folder: string;
let first: string;
let second: string;
let root: ScratchRoot;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gandi-guest-rpm-'));
  first = await quickPackage('rpm', folder);
  second = await quickPackage('rpm', folder, { RELEASE: '2' });
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  root = await ScratchRoot.create();
  // A guest with RPM has no file of Debian's.
  await root.run('rm -rf /var/lib/dpkg /etc/default');
});
afterEach(async () => {
  await root.remove();
});

/** rpm of this machine, which keeps the tree's database where systems of RPM have it. */
const rpm = (options: string, file = '') =>
  root.outside(`rpm --root "$ROOT" --dbpath /var/lib/rpm ${options} $FILE`, { FILE: file });

const enabled = () =>
  root.run("find /etc/systemd/system -name 'gandi-*' ! -name '*.old' -printf '%f\\n' | sort");
const ours = ['bootstrap', 'config', 'metadata', 'mount', 'postboot-background', 'postboot', 'ready']
  .map((name) => `gandi-${name}.service`)
  .join('\n');

it('is installed, updated and erased', async () => {
  const before = await root.snapshot();
  await rpm('--install --nodeps', first);
  expect(await rpm('--verify --nodeps gandi-guest')).toBe('');
  expect(await enabled()).toBe(ours);
  expect(await root.read('/etc/sysconfig/gandi')).toContain('CONFIG_SEED_WAIT=10');
  expect(await root.existing(['/etc/default/gandi'])).toEqual([]);
  expect(await root.run('gandi-guest --version')).toMatch(/^gandi-guest \d/);

  await root.run('echo CONFIG_MOTD=0 >> /etc/sysconfig/gandi; systemctl disable gandi-mount.service 2>&1');
  await rpm('--upgrade --nodeps', second);
  expect(await root.run('tail -n 1 /etc/sysconfig/gandi')).toBe('CONFIG_MOTD=0');
  expect(await enabled()).not.toContain('gandi-mount');

  await rpm('--erase --nodeps gandi-guest');
  // A changed file of the admin's is kept by rpm.
  expect(await root.run('tail -n 1 /etc/sysconfig/gandi.rpmsave; rm -r /etc/sysconfig')).toBe(
    'CONFIG_MOTD=0',
  );
  const ignored = /^\.\/var\/lib\/rpm/;
  expect((await root.snapshot()).filter((line) => !ignored.test(line))).toEqual(before);
});

it('enables the other units where one is masked', async () => {
  await root.run('ln -s /dev/null /etc/systemd/system/gandi-bootstrap.service');
  await rpm('--install --nodeps', first);
  expect(await root.run(`systemctl is-enabled ${ours.replaceAll('\n', ' ')} || true`)).toBe(
    'masked\nenabled\nenabled\nenabled\nenabled\nenabled\nenabled',
  );
});

describe('in place of version 2.43', () => {
  let old: string;

  beforeAll(async () => {
    old = await oldRpmPackage(folder);
  });
  beforeEach(async () => {
    await rpm('--install --nodeps', old);
  });

  /** The tree's own rpm, which scriptlets can ask: it answers what this machine's says of the tree as it is now. */
  async function giveRpm(): Promise<void> {
    await root.outside(
      `rpm --root "$ROOT" --dbpath /var/lib/rpm --verify --nodeps gandi-hosting-vm2 > "$ROOT/verified" || true
       printf '#!/bin/sh\ncase "$*" in *--verify*) cat /verified ;; *) [ "$2" = gandi-hosting-vm2 ] ;; esac\n' > "$ROOT/usr/bin/rpm"
       chmod +x "$ROOT/usr/bin/rpm"`,
    );
  }

  /** Files that are left, or were put aside, of what version 2 had. */
  const left = async () => [
    ...(await root.existing(OLD_PATHS)),
    ...(await root.run("find /etc /usr/lib/systemd -path '*gandi*' -name '*.old' | sort")).split('\n'),
  ];

  it('has the new tools only where nobody changed it', async () => {
    await giveRpm();
    await rpm('--upgrade --nodeps', first);
    expect(await rpm('--query --all')).toBe('gandi-guest-3.0.0-1.x86_64');
    expect(await rpm('--verify --nodeps gandi-guest')).toBe('');
    expect(await left()).toEqual(['']);
    expect(await enabled()).toBe(ours);
    expect(await root.read('/etc/sysconfig/gandi')).toContain('CONFIG_SEED_WAIT=10');
    expect(await root.run('ls /etc/gandi/hooks')).toBe('post-disk-attach\npost-vm-config\npre-disk-detach');
    // The guest's sources of packages name it.
    expect(await root.existing(['/etc/pki/rpm-gpg/RPM-GPG-KEY-Gandi'])).toHaveLength(1);
    expect(await root.existing(['/var/lib/rpm-state/gandi-guest'])).toEqual([]);
  });

  const ADMIN = `cd /etc/gandi
    sed -i 's/^CONFIG_MOTD=1/CONFIG_MOTD=0/' /etc/sysconfig/gandi
    echo 'vm.swappiness = 60' > sysctl.conf
    echo 'echo attached' >> hooks/post-disk-attach
    printf '#!/bin/sh\n. /etc/gandi/plugins-lib\n' > plugins.d/50-mine
    echo '# mine' >> plugins.d/07-config_timezone
    echo '# mine' >> manage_iface.sh
    echo '# mine' >> /etc/udev/rules.d/86-gandi.rules
    chmod a-x plugins.d/03-vm-fix-cron
    chmod a+x plugins.d/50-mine
    systemctl disable gandi-config.service 2>&1
    systemctl mask gandi-postboot.service 2>&1`;

  const settingsAndHooks = async () => {
    expect(await root.read('/etc/sysconfig/gandi')).toContain('CONFIG_MOTD=0');
    expect(await root.read('/etc/gandi/sysctl.conf')).toBe('vm.swappiness = 60');
    expect(await root.read('/etc/gandi/hooks/post-disk-attach')).toContain('echo attached');
    expect(await root.read('/etc/udev/rules.d/86-gandi.rules.rpmsave')).toContain('# mine');
    expect(await root.read('/etc/gandi/manage_iface.sh.old')).toContain('# mine');
    expect(await root.run(`systemctl is-enabled ${ours.replaceAll('\n', ' ')} || true`)).toBe(
      'enabled\ndisabled\nenabled\nenabled\nenabled\nmasked\nenabled',
    );
  };

  it('keeps what the admin made of it', async () => {
    await root.run(ADMIN);
    await giveRpm();
    await rpm('--upgrade --nodeps', first);
    await settingsAndHooks();
    expect(await root.run('ls /etc/gandi/plugins.d')).toBe('03-vm-fix-cron\n07-config_timezone\n50-mine');
    expect(await left()).toEqual([
      // 50-mine reads it.
      '/etc/gandi/plugins-lib',
      '/etc/gandi/plugins.d/03-vm-fix-cron',
      '/etc/gandi/plugins.d/07-config_timezone',
      '/etc/gandi/manage_iface.sh.old',
    ]);
  });

  it('puts aside all that may be the admin’s where rpm cannot be asked', async () => {
    await root.run(ADMIN);
    await rpm('--upgrade --nodeps', first);
    await settingsAndHooks();
    expect(await root.run('cd /etc/gandi/plugins.d; ls | grep -v "old$"')).toBe('03-vm-fix-cron\n50-mine');
    expect(await root.read('/etc/gandi/plugins.d/07-config_timezone.old')).toContain('# mine');
  });

  it('stays where there is no room to keep what the admin made of it', async () => {
    await root.run(ADMIN);
    const upgrade = root.outside(
      `mkdir -p "$ROOT/var/lib/rpm-state"; mount -t tmpfs -o size=16k tmpfs "$ROOT/var/lib/rpm-state"
       rpm --root "$ROOT" --dbpath /var/lib/rpm --upgrade --nodeps "$FILE"`,
      { FILE: first },
    );
    await expect(upgrade).rejects.toThrow('version 2 stays');
    expect(await rpm('--query --all')).toBe('gandi-hosting-vm2-2.43-1.noarch');
    expect(await root.read('/etc/gandi/plugins.d/07-config_timezone')).toContain('# mine');
  });

  it('is upgraded again after it was installed again', async () => {
    await rpm('--upgrade --nodeps', first);
    await rpm('--erase --nodeps gandi-guest');
    await rpm('--install --nodeps', old);
    await giveRpm();
    await rpm('--upgrade --nodeps', first);
    expect(await root.existing(OLD_PATHS)).toEqual([]);
    expect(await enabled()).toBe(ours);
  });
});

it('brings the licences of its runtime with their texts', async () => {
  const { stdout } = await execa('rpm', ['--query', '--package', '--list', first]);
  const names = ['RUNTIME-LICENSES', 'RUNTIME-LICENSE-TEXTS', 'LGPL-2', 'LGPL-2.1', 'Apache-2.0'];
  const paths = names.map((name) => `/usr/share/doc/gandi-guest/${name}`);
  expect(stdout.split('\n')).toEqual(expect.arrayContaining(paths));
});

it('is the same to the byte when it is built elsewhere', async () => {
  const elsewhere = join(folder, 'elsewhere');
  await copyRepository(elsewhere);
  // That the programs are the same is what the test of the Debian package looks at.
  const built = ['gandi', 'gandi.cjs', 'man', 'completions', 'THIRD-PARTY-LICENSES'];
  // There is none for other architectures.
  if (process.arch === 'x64') built.push('gandi-read-ahead');
  await mkdir(join(elsewhere, 'dist'));
  await execa('cp', ['-R', ...built.map((name) => join(project, 'dist', name)), join(elsewhere, 'dist')]);
  await execa('cmp', [first, await quickPackage('rpm', join(elsewhere, 'dist'), {}, elsewhere)]);
  const { stdout: times } = await execa('sh', [
    '-c',
    'rpm -qp --queryformat "[%{FILEMTIMES}\n]" "$0" | sort -u',
    first,
  ]);
  expect(times.split('\n')).toHaveLength(1);
});

it('needs what each kind of system with RPM has', async () => {
  const { stdout } = await execa('rpm', ['--query', '--package', '--requires', first]);
  const names = new Set(stdout.split('\n').map((line) => line.trim()));
  expect([...names].filter((name) => !name.startsWith('rpmlib('))).toEqual([
    '/bin/sh',
    // shadow-utils in Fedora and CentOS, shadow in openSUSE.
    '/usr/sbin/useradd',
    'glibc',
    'systemd',
    // A package in openSUSE; provided by systemd in CentOS 7, by systemd-udev in CentOS 8 and Fedora.
    'udev',
    'util-linux',
  ]);
  // What newer ones of these say is not understood by the rpm 4.11 of CentOS 7, such as payloads in zstd.
  expect([...names].filter((name) => name.startsWith('rpmlib(')).sort()).toEqual([
    'rpmlib(CompressedFileNames) <= 3.0.4-1',
    'rpmlib(FileDigests) <= 4.6.0-1',
    'rpmlib(PayloadFilesHavePrefix) <= 4.0-1',
  ]);
});
