import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

/** A file as version 2.43 has it: its text, and its mode where that is not 0644. */
type OldFile = string | { text: string; mode: number };

const program = (text: string, mode = 0o750): OldFile => ({ text, mode });

const PLUGINS = [
  '01-config_console',
  '02-config_system_file',
  '03-vm-fix-cron',
  '07-config_timezone',
  '11-config_ssh',
  '13-config_motd',
  '16-vm-fix-ext3',
];
const SERVICES = ['bootstrap', 'config', 'mount', 'postboot'];

export const OLD_SETTINGS = `# gandi settings
CONFIG_MOTD=1
CONFIG_ALLOW_MOUNT=1
CONFIG_DISK_ROOT="/srv"
CONFIG_NODHCP="eth0"
`;

/** The rule for disks as the package brings it, and as it leaves it where udevd cannot mount. */
const DISK_RULE =
  'SUBSYSTEMS=="xen", DRIVERS=="vbd", SUBSYSTEM=="block", RUN+="/etc/gandi/manage_data_disk.py", OPTIONS+="last_rule"';

/** What the package of 2.43 holds, in the places and with the modes of its makefile; the texts are stand-ins. */
const FILES: Readonly<Record<string, OldFile>> = {
  '/etc/default/gandi': OLD_SETTINGS,
  '/etc/gandi/sysctl.conf': 'vm.swappiness = 10\n',
  '/etc/gandi/plugins-lib': 'log() { logger "$@"; }\n',
  '/etc/gandi/hooks/post-disk-attach': program('#!/bin/sh\n'),
  '/etc/udev/rules.d/86-gandi.rules': `SUBSYSTEM=="cpu", ACTION=="add", RUN+="cpu_online"\n${DISK_RULE}\n`,
  '/etc/auto.master.d/gandi.autofs': '/srv\t/etc/auto.gandi\t--timeout=2592000,sync,nodev,nosuid,noatime\n',
  '/etc/auto.gandi': program('#!/bin/bash\nblkid -L "$1"\n'),
  '/usr/share/gandi/get_json.py': program('#!/usr/bin/python3\n'),
  '/usr/share/gandi/kvm_to_xen_migration.sh': program('#!/bin/bash\n'),
  ...Object.fromEntries([
    ...['manage_data_disk.py', 'manage_data_disk.sh', 'manage_iface.sh'].map((name) => [
      `/etc/gandi/${name}`,
      program('#!/bin/sh\n'),
    ]),
    ...PLUGINS.map((name) => [
      `/etc/gandi/plugins.d/${name}`,
      program(`#!/bin/bash\n. /etc/gandi/plugins-lib\n# ${name}\n`),
    ]),
    ...['01-config_swap', '02-config_sysctl', '03-resize_main_disk'].map((name) => [
      `/usr/share/gandi/bootstrap.d/${name}`,
      program('#!/bin/bash\n'),
    ]),
    ...['cpu_online', 'manage_memory', 'fake_blkid'].map((name) => [
      `/usr/lib/udev/${name}`,
      program('#!/bin/sh\n', 0o755),
    ]),
    ...SERVICES.flatMap((name) => [
      [`/etc/init.d/gandi-${name}`, program('#!/bin/sh\n### BEGIN INIT INFO\n', 0o755)],
      [
        `/usr/share/gandi/systemd/gandi-${name}.service`,
        `[Service]\nType=oneshot\nExecStart=/etc/init.d/gandi-${name} start\n[Install]\nWantedBy=multi-user.target\n`,
      ],
    ]),
    [
      '/usr/share/gandi/systemd/gandi-dhclient@.service',
      '[Service]\nExecStart=/sbin/dhclient -d %I\n[Install]\nWantedBy=multi-user.target\n',
    ],
  ]),
};

/** What its scripts do once the files are there: units, links, the udev rule off, autofs on. */
export const OLD_SET_UP = `
cp /usr/share/gandi/systemd/*.service /etc/systemd/system
mkdir -p /etc/systemd/system/multi-user.target.wants
for service in ${SERVICES.join(' ')}; do
  ln -sf /etc/systemd/system/gandi-$service.service /etc/systemd/system/multi-user.target.wants
  mkdir -p /etc/rc2.d
  ln -sf ../init.d/gandi-$service /etc/rc2.d/S01gandi-$service
done
ln -sf /etc/systemd/system/gandi-dhclient@.service \\
  /etc/systemd/system/multi-user.target.wants/gandi-dhclient@eth1.service
sed -i '/manage_data_disk/s/^/#disabled#/' /etc/udev/rules.d/86-gandi.rules
`;

/** Paths that only version 2 has; none of them may be there after an upgrade. */
export const OLD_PATHS: readonly string[] = [
  ...Object.keys(FILES).filter(
    (path) => !/^\/etc\/(default|gandi\/sysctl\.conf|gandi\/hooks|auto\.gandi)/.test(path),
  ),
  '/usr/share/gandi',
  '/etc/systemd/system/gandi-dhclient@.service',
  '/etc/systemd/system/multi-user.target.wants/gandi-dhclient@eth1.service',
  ...SERVICES.flatMap((name) => [`/etc/rc2.d/S01gandi-${name}`, `/etc/systemd/system/gandi-${name}.service`]),
];

/** Writes the files into a directory. @param settings where the settings file is */
export async function writeOldTree(tree: string, settings = '/etc/default/gandi'): Promise<void> {
  for (const [path, file] of Object.entries(FILES)) {
    const { text, mode } = typeof file === 'string' ? { text: file, mode: 0o644 } : file;
    const target = join(tree, path === '/etc/default/gandi' ? settings : path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
    await chmod(target, mode);
  }
}

/** Makes a Debian package of version 2.43. */
export async function oldDebianPackage(folder: string): Promise<string> {
  const tree = join(folder, 'old-deb');
  await writeOldTree(tree);
  const control = join(tree, 'DEBIAN');
  await mkdir(control);
  const fields =
    'Package: gandi-hosting-vm2\nVersion: 2.43\nArchitecture: all\nMaintainer: Gandi <a@example.org>\n';
  await writeFile(join(control, 'control'), `${fields}Description: guest tools\n`);
  const inEtc = Object.keys(FILES).filter((path) => path.startsWith('/etc/'));
  await writeFile(join(control, 'conffiles'), `${inEtc.join('\n')}\n`);
  await writeFile(join(control, 'postinst'), `#!/bin/sh\nset -e\n${OLD_SET_UP}`);
  await chmod(join(control, 'postinst'), 0o755);
  const file = join(folder, 'gandi-hosting-vm2_2.43_all.deb');
  await execa('dpkg-deb', ['--root-owner-group', '-Znone', '--build', tree, file]);
  return file;
}

/** Makes an RPM package of version 2.43. */
export async function oldRpmPackage(folder: string): Promise<string> {
  const tree = join(folder, 'old-rpm');
  await writeOldTree(tree, '/etc/sysconfig/gandi');
  const list = Object.keys(FILES).map((path) => {
    const place = path === '/etc/default/gandi' ? '/etc/sysconfig/gandi' : path;
    return path.startsWith('/etc/') ? `%config(noreplace) ${place}` : place;
  });
  const spec = join(folder, 'old.spec');
  await writeFile(
    spec,
    `Name: gandi-hosting-vm2
Version: 2.43
Release: 1
Summary: guest tools
License: GPL-3.0
BuildArch: noarch
AutoReqProv: no
%global __os_install_post %{nil}
%description
Guest tools.
%install
cp -a ${tree}/. %{buildroot}
%post
${OLD_SET_UP}
%files
${list.join('\n')}
`,
  );
  await execa('rpmbuild', ['-bb', '--define', `_topdir ${folder}/old-build`, spec]);
  return join(folder, 'old-build/RPMS/noarch/gandi-hosting-vm2-2.43-1.noarch.rpm');
}
