import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { quickPackage } from './build.ts';
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
const ours = ['bootstrap', 'config', 'mount', 'postboot-background', 'postboot']
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

it('takes the place of version 2.43, and keeps what the admin made of it', async () => {
  await rpm('--install --nodeps', await oldRpmPackage(folder));
  await root.run(`cd /etc/gandi
    sed -i 's/^CONFIG_MOTD=1/CONFIG_MOTD=0/' /etc/sysconfig/gandi
    echo 'echo attached' >> hooks/post-disk-attach
    printf '#!/bin/sh\\n' > hooks/post-vm-config
    printf '#!/bin/sh\\n. /etc/gandi/plugins-lib\\n' > plugins.d/50-mine
    echo '# mine' >> plugins.d/07-config_timezone
    chmod a-x plugins.d/03-vm-fix-cron
    chmod a+x hooks/post-vm-config plugins.d/50-mine`);
  await rpm('--upgrade --nodeps', first);
  expect(await rpm('--query --all')).toBe('gandi-guest-3.0.0-1.x86_64');
  expect(await root.read('/etc/sysconfig/gandi')).toContain('CONFIG_MOTD=0');
  expect(await root.run('ls /etc/gandi/hooks')).toBe('post-disk-attach\npost-vm-config');
  expect(await root.run('ls /etc/gandi/plugins.d')).toBe('03-vm-fix-cron\n07-config_timezone\n50-mine');
  const kept = [
    '/etc/gandi/plugins-lib',
    '/etc/gandi/plugins.d/03-vm-fix-cron',
    '/etc/gandi/plugins.d/07-config_timezone',
  ];
  expect(await root.existing(OLD_PATHS)).toEqual(expect.arrayContaining(kept));
  expect(await root.existing(OLD_PATHS.filter((path) => !kept.includes(path)))).toEqual([]);
  expect(await enabled()).toBe(ours);
});

it('is the same to the byte when it is built again', async () => {
  const again = await mkdtemp(join(folder, 'again-'));
  await execa('cmp', [first, await quickPackage('rpm', again)]);
});
