import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { project, quickPackage } from './build.ts';
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
  await writeOldTree(join(folder, 'tree'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const UNITS = ['bootstrap', 'config', 'metadata', 'mount', 'postboot-background', 'postboot', 'ready'].map(
  (name) => `gandi-${name}.service`,
);

/** Links that enable units, and init scripts, with what the links name. */
const enabledLinks = () =>
  root.run(
    "find /etc/systemd /etc/rc?.d -name '*gandi-*' ! -name '*.old' -printf '%f %l\\n' | sort; ls /etc/init.d | grep 'gandi[^.]*$' || true",
  );

/** Our services, each enabled once, by the unit that our package brings. */
const enabledOnce = async (folderOfUnits = '/lib') => {
  expect(await enabledLinks()).toBe(
    UNITS.map((name) => `${name} ${folderOfUnits}/systemd/system/${name}`).join('\n'),
  );
};

/** Which files call on the library of version 2. */
const oldProgramsIn = async (places: string) => await root.run(`grep -rl plugins-lib ${places} || true`);

/** Copies that an upgrade leaves beside files. */
const copies = () =>
  root.run(
    "find /etc \\( -name '*.old' -o -name '*.gandi-guest-*' -o -name '*.dpkg-*' \\) -path '*gandi*' | sort",
  );

/** As in an image that somebody builds without a package manager. */
async function copyOldTree(): Promise<void> {
  const unpack = 'tar -C "$TREE" -c . | tar -C "$ROOT" -x --keep-directory-symlink --no-overwrite-dir';
  await root.outside(unpack, { TREE: join(folder, 'tree') });
  await root.run(OLD_SET_UP);
}

/** A unit of version 2 that somebody linked, and what enabling that one and another one makes. */
const LINKED = '/lib/systemd/system/gandi-dhclient@.service';
const BY_HAND = [
  LINKED,
  '/etc/systemd/system/multi-user.target.wants/gandi-dhclient@eth1.service',
  '/etc/systemd/system/ssh.service.wants/gandi-sshdkeygen.service',
  '/etc/systemd/system/gandi-sshdkeygen.service',
];

describe('a guest with version 2.43 that nobody changed', () => {
  beforeAll(async () => {
    root = await ScratchRoot.create();
    await root.install(old);
    // Units that it delivers for admins who want them.
    await root.run(`ln -s /usr/share/gandi/systemd/gandi-dhclient@.service ${LINKED}
      systemctl enable gandi-dhclient@eth1.service 2>&1
      systemctl enable /usr/share/gandi/systemd/gandi-sshdkeygen.service 2>&1`);
    expect(await root.existing(BY_HAND)).toEqual(BY_HAND);
    await root.install(deb);
  });

  afterAll(() => root.remove());

  it('has the new tools only', async () => {
    expect(await root.existing([...OLD_PATHS, ...BY_HAND])).toEqual([]);
    await enabledOnce();
    expect(await oldProgramsIn('/etc /usr/share/gandi 2>/dev/null')).toBe('');
    expect(await copies()).toBe('');
    expect(await root.run('dpkg --list gandi-hosting-vm2 | tail -n 1')).toMatch(/^.c /);
  });

  it('gets the new settings file, and keeps the hooks and the key of its mirror', async () => {
    expect(await root.read('/etc/default/gandi')).toContain('CONFIG_SEED_WAIT=10');
    expect(await root.read('/etc/default/gandi')).not.toContain('SERVERURL');
    expect(await root.read('/etc/gandi/sysctl.conf')).toContain('net.ipv4.tcp_syncookies = 1');
    expect(await root.read('/etc/auto.gandi')).toContain('gandi-mount autofs');
    expect(await root.run('ls /etc/gandi/hooks')).toBe('post-disk-attach\npost-vm-config\npre-disk-detach');
    expect(await root.existing(['/etc/apt/trusted.gpg.d/gandi-archive.gpg'])).toHaveLength(1);
    expect(await root.outside('debsums --root="$ROOT" --all --silent gandi-guest')).toBe('');
  });

  it('can install kernels', async () => {
    const hooks = await root.run('run-parts --list /etc/kernel/postinst.d');
    expect(hooks.split('\n').filter((name) => name.includes('gandi'))).toEqual([
      '/etc/kernel/postinst.d/gandi-decompress',
    ]);
    await root.run("run-parts --exit-on-error --regex '^gandi' --arg=6.1.0 /etc/kernel/postinst.d");
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
echo '# mine' >> /etc/kernel/postinst.d/gandi-decompress-kernel
echo '# mine' >> /etc/auto.gandi
echo 'KERNEL=="sdq", RUN+="/bin/true"' >> /etc/udev/rules.d/86-gandi.rules
sed -i 's|^/srv|/data|' /etc/auto.master.d/gandi.autofs
printf '/net -hosts\\n/data /etc/auto.gandi\\n' >> /etc/auto.master
ln -sf /dev/null /etc/systemd/system/gandi-postboot.service
`;

describe.each([
  ['from the package of version 2.43', async () => void (await root.install(old))],
  ['where version 2.43 was copied into an image', copyOldTree],
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
    expect(await root.run('ls /etc/gandi/hooks')).toBe('post-disk-attach\npost-vm-config\npre-disk-detach');
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
    const aside = [
      ['/etc/udev/rules.d/86-gandi.rules.old', 'sdq'],
      ['/etc/init.d/gandi-mount.old', '# mine'],
      ['/etc/kernel/postinst.d/gandi-decompress-kernel.old', '# mine'],
      ['/etc/auto.gandi.old', '# mine'],
    ] as const;
    for (const [path, text] of aside) expect(await root.read(path)).toContain(text);
    expect(await root.read('/etc/auto.gandi')).toContain('gandi-mount autofs');
    expect(said).toMatch(/not used any more.* \/etc\/init\.d\/gandi-mount\.old/);
    expect(await root.run('find /etc/init.d /etc/rc?.d -name "*gandi*" -perm /111 ! -type l')).toBe('');
    expect(await root.run('find /etc/rc?.d -name "*gandi*"')).toBe('');
    expect(await root.run('run-parts --list /etc/kernel/postinst.d')).not.toContain(
      'kernel/postinst.d/gandi-decompress-',
    );
  });
});

describe('what purging the old package deletes', () => {
  afterEach(() => root.remove());

  it('is told: hooks and plugins of its names, and nothing else that the admin made', async () => {
    root = await ScratchRoot.create();
    await root.install(old);
    await root.run(ADMIN);
    const said = await root.install(deb);
    const theirs = [
      '/etc/gandi/plugins.d/07-config_timezone',
      '/etc/gandi/hooks/post-disk-attach',
      '/etc/gandi/hooks/post-vm-config',
    ];
    expect(said).toContain(`copy them before you do: ${theirs.join(' ')}`);
    await root.run('dpkg --purge gandi-hosting-vm2');
    expect(await root.existing(theirs)).toEqual([]);
    expect(await root.existing(['/etc/gandi/plugins.d/50-mine'])).toHaveLength(1);
    expect(await root.read('/etc/default/gandi')).toContain('CONFIG_MOTD=0\n');
    expect(await root.read('/etc/gandi/sysctl.conf')).toBe('vm.swappiness = 60');
  });
});

describe('the settings say what the admin had said by the files of version 2', () => {
  beforeEach(async () => {
    root = await ScratchRoot.create();
    await root.install(old);
  });
  afterEach(() => root.remove());

  it('data disks stay unmounted where the rules for them were commented out by hand', async () => {
    await root.run(`sed -i 's/^#disabled# /#/' /etc/udev/rules.d/86-gandi.rules
      sed -i 's|^/srv|#/srv|' /etc/auto.master.d/gandi.autofs`);
    await root.install(deb);
    expect(await root.read('/etc/default/gandi')).toContain('\nCONFIG_ALLOW_MOUNT=0\n');
  });

  it('they are left to a map of the admin’s for that directory', async () => {
    await root.run(`sed -i 's|^/srv|#/srv|' /etc/auto.master.d/gandi.autofs
      echo '/srv /etc/auto.mine' >> /etc/auto.master`);
    await root.install(deb);
    expect(await root.read('/etc/default/gandi')).toContain('\nCONFIG_MOUNT_MODE=off\n');
    expect(await root.read('/etc/auto.master')).toContain('/srv /etc/auto.mine');
  });

  it('they are mounted by udev where autofs was not used', async () => {
    await root.run("sed -i 's|^/srv|#/srv|' /etc/auto.master.d/gandi.autofs");
    await root.install(deb);
    const settings = await root.read('/etc/default/gandi');
    expect(settings).toContain('\nCONFIG_ALLOW_MOUNT=1\n');
    expect(settings).toContain('\nCONFIG_MOUNT_MODE=udev\n');
  });
});

it('is taken away whose package was removed before, as apt may do it', async () => {
  root = await ScratchRoot.create();
  await root.install(old);
  await root.run('echo CONFIG_MOTD=0 >> /etc/default/gandi; dpkg --remove gandi-hosting-vm2');
  await root.install(deb);
  expect(await root.existing(OLD_PATHS)).toEqual([]);
  await enabledOnce();
  expect(await copies()).toBe('');
  expect(await root.run('tail -n 1 /etc/default/gandi')).toBe('CONFIG_MOTD=0');
  await root.remove();
});

describe('an installation that does not come to its end', () => {
  const CHANGED = ['/etc/default/gandi', '/etc/gandi/sysctl.conf', '/etc/auto.gandi'];
  const contents = () => root.run(CHANGED.map((path) => `md5sum ${path}`).join('; '));

  beforeEach(async () => {
    root = await ScratchRoot.create();
    await root.install(old);
    await root.run(`echo CONFIG_MOTD=0 >> /etc/default/gandi; echo '# mine' >> /etc/auto.gandi
      echo 'kept by somebody' > /etc/auto.gandi.old`);
  });
  afterEach(() => root.remove());

  it('because the package is damaged leaves the files as they were', async () => {
    const before = await contents();
    const damaged = join(folder, 'damaged.deb');
    await execa('sh', ['-c', `head -c 40000000 ${deb} > ${damaged}`]);
    await expect(root.install(damaged)).rejects.toThrow(/unexpected end of file/);
    expect(await contents()).toBe(before);
    expect(await root.read('/etc/auto.gandi.old')).toBe('kept by somebody');
    expect(await copies()).toBe('/etc/auto.gandi.old');
  });

  it('because the disk is full loses no settings, and is made up for by the next', async () => {
    const before = await contents();
    // Room for the file that is there, and for the beginning of a second one.
    const { stdout: package_ } = await execa('basename', [deb]);
    const said = await root.outside(
      `settings=$ROOT/etc/default/gandi; cp -p "$settings" "$FOLDER/settings"; yes '#' | head -c 9000 >> "$FOLDER/settings"
       mount -t tmpfs -o size=16k tmpfs "$ROOT/etc/default"; cp -p "$FOLDER/settings" "$settings"
       cp "$DEB" "$ROOT/tmp"; chroot "$ROOT" dpkg --install /tmp/${package_} || true; rm "$ROOT/tmp/${package_}"
       cmp "$FOLDER/settings" "$settings" && echo as before; ls "$ROOT/etc/default"`,
      { DEB: deb },
    );
    expect(said).toMatch(/No space left on device/);
    expect(said).toMatch(/as before\ngandi$/);
    expect(await contents()).toBe(before);
    await root.install(deb);
    expect(await root.run('tail -n 1 /etc/default/gandi')).toBe('CONFIG_MOTD=0');
    await enabledOnce();
  });

  it('because the power failed while copies were made loses no settings', async () => {
    await root.run(': > /etc/default/gandi.gandi-guest-kept.new; : > /etc/auto.gandi.gandi-guest-kept.new');
    await root.install(deb);
    expect(await root.run('tail -n 1 /etc/default/gandi; tail -n 1 /etc/auto.gandi.old')).toBe(
      'CONFIG_MOTD=0\n# mine',
    );
    expect(await copies()).toBe('/etc/auto.gandi.old');
  });
});

describe('a guest that went back to version 2.43', () => {
  beforeAll(async () => {
    root = await ScratchRoot.create();
    await root.install(old);
    await root.install(deb);
    await root.run('echo CONFIG_MOTD=0 >> /etc/default/gandi; dpkg --remove gandi-guest');
  });
  afterAll(() => root.remove());

  it('starts nothing of ours', async () => {
    expect(await enabledLinks()).toBe('');
    // It is asked about the settings, which both have; the files that we took away come back.
    await root.install(old, ['--force-confold', '--force-confmiss']);
    expect(await root.existing(['/etc/systemd/system/sysinit.target.wants/gandi-bootstrap.service'])).toEqual(
      [],
    );
    expect(await root.run('systemctl is-enabled gandi-bootstrap gandi-mount')).toMatch(/^(enabled|linked)\n/);
  });

  it('is upgraded again like the first time', async () => {
    await root.install(deb);
    expect(await root.existing(OLD_PATHS)).toEqual([]);
    await enabledOnce();
    expect(await root.run('tail -n 1 /etc/default/gandi')).toBe('CONFIG_MOTD=0');
    expect(await root.read('/etc/auto.gandi')).toContain('gandi-mount autofs');
  });

  it('keeps a program that takes the place of a step when it is installed once more', async () => {
    await root.run(`mkdir -p /etc/gandi/plugins.d
      printf '#!/bin/sh\\n' > /etc/gandi/plugins.d/13-config_motd; chmod +x /etc/gandi/plugins.d/13-config_motd`);
    await root.install(deb);
    expect(await root.existing(['/etc/gandi/plugins.d/13-config_motd'])).toHaveLength(1);
  });
});

describe.each([
  ['make install, then the script', ['install', 'script']],
  ['the script, then make install', ['script', 'install']],
])('an image with version 2.43 that is upgraded by hand: %s', (_, order) => {
  const commands: Record<string, string> = {
    install: `make --silent -C ${project} install DESTDIR="$ROOT"`,
    // As README.md has it. Before the toolkit is in the image, the script is that of the repository.
    script: `script=$ROOT/usr/lib/gandi/replace-version-2; [ -e "$script" ] || script=${project}/packaging/replace-version-2.sh
      "$script" "$ROOT"`,
  };
  const upgrade = async () => {
    let said = '';
    for (const step of order) said += await root.outside(commands[step] ?? '');
    return said;
  };

  beforeAll(async () => {
    root = await ScratchRoot.create();
    await copyOldTree();
    await root.run(`echo '# mine' >> /etc/auto.gandi; echo CONFIG_MOTD=0 >> /etc/default/gandi
      ln -sf /dev/null /etc/systemd/system/gandi-postboot.service`);
    await upgrade();
  });
  afterAll(() => root.remove());

  it('has the new tools only, enabled unless they are masked', async () => {
    expect(await root.existing(OLD_PATHS.filter((path) => !path.startsWith('/etc/auto.master.d')))).toEqual(
      [],
    );
    expect(await root.run('grep -hs "^[^#]" /etc/auto.master.d/gandi.autofs || true')).toBe('');
    expect(await root.run(`systemctl is-enabled ${UNITS.join(' ')} || true`)).toBe(
      'enabled\nenabled\nenabled\nenabled\nenabled\nmasked\nenabled',
    );
    expect(await root.read('/etc/auto.gandi')).toContain('gandi-mount autofs');
    expect(await root.read('/etc/auto.gandi.old')).toContain('# mine');
    expect(await root.run('tail -n 1 /etc/default/gandi')).toBe('CONFIG_MOTD=0');
  });

  it('stays as the admin has it when that is done again', async () => {
    // It may bring the file for autofs that took the place of the old one.
    await root.outside(commands.install ?? '');
    await root.run('systemctl disable gandi-mount.service 2>&1; echo "# changed" >> /etc/auto.gandi');
    const before = await root.snapshot();
    expect(await upgrade()).toBe('');
    expect(await root.snapshot()).toEqual(before);
  });
});

describe('scripts in a system that does not do what they ask', () => {
  /**
   * A command with programs that come before those of the tree. It is no first process: that one's root directory is what
   * systemd-detect-virt compares with its own.
   */
  const withPrograms = (programs: Record<string, string>, command: string) =>
    root.outside('chroot "$ROOT" sh -euc "$SCRIPT" && true', {
      SCRIPT: `mkdir -p /fake /run/systemd/system
        ${Object.entries(programs)
          .map(([name, script]) => `printf '#!/bin/sh\n${script}\n' > /fake/${name}; chmod +x /fake/${name}`)
          .join('\n')}
        PATH=/fake:$PATH; ${command}`,
    });

  beforeEach(async () => {
    root = await ScratchRoot.create();
    await root.outside('cp "$DEB" "$ROOT/package.deb"', { DEB: deb });
  });
  afterEach(() => root.remove());

  it('are not stopped by a service manager that hangs', async () => {
    const hangs = { systemctl: '[ "$1" != daemon-reload ] || exit 1', 'systemd-detect-virt': 'exit 1' };
    for (const command of ['--install /package.deb', '--remove gandi-guest', '--purge gandi-guest'])
      await withPrograms(hangs, `dpkg ${command}`);
    expect(await root.run('dpkg --list gandi-guest 2>&1 | tail -n 1')).not.toMatch(/^.[iFHUc]/);
  });

  it('leave the system alone of which a tree that was entered by chroot shows /run', async () => {
    // systemctl and udevadm know by themselves that they are in such a tree.
    await withPrograms(
      { 'gandi-mount': 'touch /told' },
      'echo "/srv /etc/auto.gandi" > /etc/auto.master.d/gandi.autofs; dpkg --install /package.deb',
    );
    expect(await root.existing(['/told'])).toEqual([]);
  });
});
