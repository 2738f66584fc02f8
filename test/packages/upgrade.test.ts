import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quickPackage } from './build.ts';
import { ScratchRoot } from './scratch-root.ts';
import { OLD_PATHS, OLD_SET_UP, oldDebianPackage, writeOldTree } from './version-2.ts';

let folder: string;
let deb: string;
let old: string;
let root: ScratchRoot;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gandi-guest-upgrade-'));
  deb = await quickPackage('deb', folder);
  old = await oldDebianPackage(folder);
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Our services, each enabled once, by the unit that our package brings. */
const enabledOnce = async () => {
  const links = await root.run(
    "find /etc/systemd /etc/rc?.d -name '*gandi-*' ! -name '*.old' -printf '%f %l\\n' | sort; ls /etc/init.d | grep gandi || true",
  );
  expect(links).toBe(
    ['bootstrap', 'config', 'mount', 'postboot-background', 'postboot']
      .map((name) => `gandi-${name}.service /lib/systemd/system/gandi-${name}.service`)
      .join('\n'),
  );
};

/** Which files call on the library of version 2. */
const oldProgramsIn = async (places: string) => await root.run(`grep -rl plugins-lib ${places} || true`);

describe('a guest with version 2.43 that nobody changed', () => {
  beforeAll(async () => {
    root = await ScratchRoot.create();
    await root.install(old);
    await root.install(deb);
  });

  afterAll(() => root.remove());

  it('has the new tools only', async () => {
    expect(await root.existing(OLD_PATHS)).toEqual([]);
    await enabledOnce();
    expect(await oldProgramsIn('/etc /usr/share/gandi 2>/dev/null')).toBe('');
    // No package knows the units that the old one's script had copied: whether they are changed cannot be told.
    const copies = "find /etc \\( -name '*.old' -o -name '*.kept' -o -name '*.dpkg-*' \\) -path '*gandi*'";
    expect(await root.run(`${copies} ! -path '/etc/systemd/system/gandi-*.service.old'`)).toBe('');
    expect(await root.run('dpkg --list gandi-hosting-vm2 | tail -n 1')).toMatch(/^.c /);
  });

  it('gets the new settings file, and keeps the hook', async () => {
    expect(await root.read('/etc/default/gandi')).toContain('CONFIG_SEED_WAIT=10');
    expect(await root.read('/etc/gandi/sysctl.conf')).toContain('net.ipv4.tcp_syncookies = 1');
    expect(await root.read('/etc/auto.gandi')).toContain('gandi-mount autofs');
    expect(await root.existing(['/etc/gandi/hooks/post-disk-attach'])).toHaveLength(1);
    expect(await root.outside('debsums --root="$ROOT" --all --silent gandi-guest')).toBe('');
  });

  it('keeps the new tools when what is left of the old package is purged', async () => {
    await root.run('dpkg --purge gandi-hosting-vm2');
    await enabledOnce();
    expect(await root.outside('debsums --root="$ROOT" --all --silent gandi-guest')).toBe('');
  });
});

/** What admins change in version 2.43. */
const ADMIN = `
cd /etc/gandi
sed -i 's/^CONFIG_MOTD=1/CONFIG_MOTD=0/' /etc/default/gandi
echo 'vm.swappiness = 60' > sysctl.conf
printf '#!/bin/sh\\necho mine\\n' > hooks/post-vm-config
echo 'echo attached' >> hooks/post-disk-attach
printf '#!/bin/sh\\n. /etc/gandi/plugins-lib\\n' > plugins.d/50-mine
echo '# my own time zone' >> plugins.d/07-config_timezone
chmod a-x plugins.d/03-vm-fix-cron
chmod a+x hooks/* plugins.d/50-mine
echo '# mine' >> /etc/init.d/gandi-mount
echo 'KERNEL=="sdq", RUN+="/bin/true"' >> /etc/udev/rules.d/86-gandi.rules
sed -i 's|^/srv|/data|' /etc/auto.master.d/gandi.autofs
printf '/net -hosts\\n/data /etc/auto.gandi\\n' >> /etc/auto.master
ln -sf /dev/null /etc/systemd/system/gandi-postboot.service
`;

describe.each([
  ['from the package of version 2.43', async () => void (await root.install(old))],
  [
    'where version 2.43 was copied into an image',
    async () => {
      const tree = join(folder, 'tree');
      await writeOldTree(tree);
      await root.outside('cp -R "$TREE"/. "$ROOT"', { TREE: tree });
      await root.run(OLD_SET_UP);
    },
  ],
])('a guest that its admin changed, %s', (_, installOld) => {
  let said: string;

  beforeAll(async () => {
    root = await ScratchRoot.create();
    await installOld();
    await root.run(ADMIN);
    said = await root.install(deb);
  });

  afterAll(() => root.remove());

  it('keeps its settings, hooks and plugins', async () => {
    expect(await root.read('/etc/default/gandi')).toContain('CONFIG_MOTD=0\n');
    expect(await root.read('/etc/gandi/sysctl.conf')).toBe('vm.swappiness = 60');
    expect(await root.run('ls /etc/gandi/hooks')).toBe('post-disk-attach\npost-vm-config');
    expect(await root.read('/etc/gandi/hooks/post-disk-attach')).toContain('echo attached');
    const plugins = await root.run('cd /etc/gandi/plugins.d; find . -type f -perm /111 | sort');
    expect(plugins).toContain('./50-mine');
    // Its name turns our step off.
    expect(await root.existing(['/etc/gandi/plugins.d/03-vm-fix-cron'])).toHaveLength(1);
    // 50-mine reads it.
    expect(await root.existing(['/etc/gandi/plugins-lib'])).toHaveLength(1);
    expect(await root.run('grep -h "my own time zone" /etc/gandi/plugins.d/07-config_timezone*')).toContain(
      'my own',
    );
    expect(await root.run('systemctl is-enabled gandi-postboot.service || true')).toBe('masked');
  });

  it('keeps its data disks where autofs had them, and other maps', async () => {
    expect(await root.read('/etc/default/gandi')).toContain('\nCONFIG_DISK_ROOT=/data\n');
    expect(said).toContain('CONFIG_DISK_ROOT=/data');
    const maps = await root.read('/etc/auto.master');
    expect(maps).toContain('/net -hosts');
    expect(maps).not.toContain('/etc/auto.gandi');
  });

  it('runs nothing of version 2, and says what it put aside', async () => {
    expect(await root.existing(['/etc/init.d/gandi-mount', '/etc/udev/rules.d/86-gandi.rules'])).toEqual([]);
    expect(await root.read('/etc/udev/rules.d/86-gandi.rules.old')).toContain('sdq');
    expect(await root.read('/etc/init.d/gandi-mount.old')).toContain('# mine');
    expect(said).toMatch(/not used any more.* \/etc\/init\.d\/gandi-mount\.old/);
    expect(await root.run('find /etc/init.d /etc/rc?.d -name "*gandi*" -perm /111 ! -type l')).toBe('');
    expect(await root.run('find /etc/rc?.d -name "*gandi*"')).toBe('');
  });
});

it('leaves data disks unmounted where the rule for them was commented out by hand', async () => {
  root = await ScratchRoot.create();
  await root.install(old);
  await root.run(`sed -i 's/^#disabled#/#/' /etc/udev/rules.d/86-gandi.rules
    sed -i 's|^/srv|#/srv|' /etc/auto.master.d/gandi.autofs`);
  await root.install(deb);
  expect(await root.read('/etc/default/gandi')).toContain('\nCONFIG_ALLOW_MOUNT=0\n');
  await root.remove();
});
