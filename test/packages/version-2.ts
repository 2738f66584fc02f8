import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

/**
 * Stand-ins for the packages of version 2.43: its files by their paths and modes, what its scripts do to a guest, and which
 * of the files are the admin's to change, as its makefile, its spec and its scripts have it. The texts are our own.
 */
interface OldFile {
  readonly text: string;
  readonly mode: number;
}

/** Each program of version 2 that is run leaves its name in this file of the guest. */
export const OLD_TRACES = '/var/log/version-2-was-here';

const program = (name: string, mode = 0o750): OldFile => ({
  text: `#!/bin/sh\n# Stand-in for ${name}.\necho ${name} >> ${OLD_TRACES}\n`,
  mode,
});
const data = (text: string, mode = 0o640): OldFile => ({ text, mode });
const under = (folder: string, names: readonly string[], file: (name: string) => OldFile) =>
  Object.fromEntries(names.map((name) => [`${folder}/${name}`, file(name)]));

const SERVICES = ['bootstrap', 'config', 'mount', 'postboot'];
const HOOKS = ['post-disk-attach', 'post-vm-config', 'pre-disk-detach'];
const PLUGINS = [
  '01-config_console',
  '02-config_system_file',
  '03-vm-fix-cron',
  '07-config_timezone',
  '11-config_ssh',
  '13-config_motd',
  '16-vm-fix-ext3',
];

const SETTINGS = `# Stand-in for the settings.
CONFIG_MOTD=1
CONFIG_TIMEZONE=1
CONFIG_SYSCTL=1
CONFIG_SSHD=1
CONFIG_CONSOLE=1
CONFIG_HOSTNAME=1
CONFIG_NAMESERVER=1
CONFIG_ALLOW_MOUNT=1
CONFIG_CRON=1
CONFIG_MOUNT_PARAMS="rw,nosuid,nodev,noatime"
CONFIG_DISK_ROOT="/srv"
CONFIG_NODHCP="eth0"
CONFIG_MULTIQUEUE=1
CONFIG_NETWORK=1

# Not for admins.
GANDI_PLUGIN_DIR=/etc/gandi/plugins.d
TEMP_DIR_CONF=/var/gandi
SYSLOG_TARGET=gandi
SERVERURL=mirror.example.org
GANDI_HOOK_DIR=/etc/gandi/hooks/
`;

/** Two rules for disks, one that only tells and is delivered commented out, and those for what else comes. */
const RULES = `# Stand-in for the rules: disks
SUBSYSTEMS=="xen", DRIVERS=="vbd", SUBSYSTEM=="block", RUN+="fake_blkid -p $tempnode", RUN+="/etc/gandi/manage_data_disk.py"
#SUBSYSTEMS=="xen", DRIVERS=="vbd", SUBSYSTEM=="block", RUN+="fake_blkid -p $tempnode", RUN+="/etc/gandi/manage_data_disk.sh"
SUBSYSTEM=="block", ENV{DEVTYPE}=="disk", ENV{ID_VENDOR}=="gandi.ne", RUN+="fake_blkid -p $tempnode", RUN+="/etc/gandi/manage_data_disk.py"
# interfaces
SUBSYSTEM=="net", KERNEL=="eth?", RUN+="/etc/gandi/manage_iface.sh"
# processors
SUBSYSTEM=="cpu", ACTION=="add", KERNEL=="cpu*", RUN+="cpu_online"
# memory
SUBSYSTEM=="memory", RUN+="manage_memory"
`;

/** A map that works: it finds a disk by its label, unless that is mounted already. */
const MAP = `#!/bin/sh
device=$(/sbin/blkid -L "$1") || exit 1
if grep -q "^$device " /proc/mounts; then exit 1; fi
echo "-fstype=auto,rw :$device"
`;

const unit = (name: string) =>
  data(
    `[Unit]\nDescription=Stand-in for ${name}\n[Service]\nType=oneshot\nExecStart=/etc/init.d/gandi-${name} start
[Install]\nWantedBy=multi-user.target\n`,
    0o644,
  );

const initScript = (name: string): OldFile => ({
  text: `#!/bin/sh
### BEGIN INIT INFO
# Provides:          gandi-${name}
# Required-Start:    $local_fs udev
# Required-Stop:     $remote_fs
# Default-Start:     S
# Default-Stop:      0 1 6
# X-Start-After:     $local_fs udev
# Short-Description: stand-in for ${name}
### END INIT INFO
echo ${name} >> ${OLD_TRACES}
`,
  mode: 0o755,
});

/** What both packages have. */
const COMMON: Readonly<Record<string, OldFile>> = {
  '/etc/gandi/plugins-lib': data('log() { logger "$@"; }\n'),
  '/etc/gandi/sysctl.conf': data('vm.swappiness = 10\n'),
  ...under('/etc/gandi', ['manage_data_disk.py', 'manage_data_disk.sh', 'manage_iface.sh'], program),
  ...under('/etc/gandi/plugins.d', PLUGINS, (name) => ({
    text: `#!/bin/bash\n. /etc/gandi/plugins-lib\necho ${name} >> ${OLD_TRACES}\n`,
    mode: 0o750,
  })),
  // They have no line that names an interpreter, and do nothing.
  ...under('/etc/gandi/hooks', HOOKS, (name) => data(`#\n# Stand-in for ${name}\n#\n`, 0o750)),
  '/etc/udev/rules.d/86-gandi.rules': data(RULES),
  ...under('/lib/udev', ['cpu_online', 'manage_memory', 'fake_blkid'], (name) => program(name, 0o755)),
  ...under(
    '/usr/share/gandi/bootstrap.d',
    ['01-config_swap', '02-config_sysctl', '03-resize_main_disk'],
    program,
  ),
  '/usr/share/gandi/get_json.py': program('get_json'),
  '/usr/share/gandi/kvm_to_xen_migration.sh': program('migration'),
  ...Object.fromEntries(
    SERVICES.flatMap((name) => [
      [`/etc/init.d/gandi-${name}`, initScript(name)],
      [`/usr/share/gandi/systemd/gandi-${name}.service`, unit(name)],
    ]),
  ),
};

const DEBIAN: Readonly<Record<string, OldFile>> = {
  ...COMMON,
  '/etc/default/gandi': data(SETTINGS, 0o644),
  '/etc/apt/trusted.gpg.d/gandi-archive.gpg': data('stand-in for a key\n', 0o644),
  '/etc/auto.gandi': data(MAP, 0o750),
  '/etc/auto.master.d/gandi.autofs': data(
    '/srv   /etc/auto.gandi --timeout=2592000,sync,nodev,nosuid,noatime\n',
  ),
  '/etc/kernel/postinst.d/gandi-decompress-kernel': data(
    '#!/bin/sh\nexec /usr/share/gandi/decompress-kernel "$2"\n',
    0o750,
  ),
  '/usr/share/gandi/decompress-kernel': program('decompress-kernel'),
  '/usr/share/gandi/extract-vmlinux': program('extract-vmlinux'),
  '/usr/share/gandi/systemd/gandi-dhclient@.service': data(
    '[Service]\nType=forking\nExecStart=/sbin/dhclient -4 %I\n[Install]\nWantedBy=multi-user.target\n',
    0o644,
  ),
  '/usr/share/gandi/systemd/gandi-sshdkeygen.service': data(
    '[Service]\nType=oneshot\nExecStart=/usr/bin/ssh-keygen -A\n[Install]\nWantedBy=ssh.service\n',
    0o644,
  ),
};

/** Its spec gives all programs one mode and all else another. */
const RPM: Readonly<Record<string, OldFile>> = Object.fromEntries(
  Object.entries({
    ...COMMON,
    '/etc/sysconfig/gandi': data(SETTINGS),
    '/etc/pki/rpm-gpg/RPM-GPG-KEY-Gandi': data('stand-in for a key\n'),
    '/usr/lib/sysctl.d/90-gandi.conf': data('net.ipv4.conf.all.rp_filter = 2\n'),
  }).map(([path, { text, mode }]) => [path, { text, mode: mode & 0o100 ? 0o755 : 0o644 }]),
);

/**
 * What the Debian package's postinst does: it patches two init scripts, makes links to its units and enables them, and
 * comments its rules for disks out where autofs mounts them.
 */
export const OLD_SET_UP = `
for service in mount bootstrap; do
  sed -i 's/^\\(# \\(X-Start-After\\|Required-Start\\):.*\\)udev/\\1 boot.udev/' /etc/init.d/gandi-$service
done
for service in ${SERVICES.join(' ')}; do
  rm -f /lib/systemd/system/gandi-$service.service
  ln -s /usr/share/gandi/systemd/gandi-$service.service /lib/systemd/system/
  systemctl enable gandi-$service.service 2> /dev/null || true
  update-rc.d gandi-$service defaults > /dev/null 2>&1 || true
done
if ! grep -q '^#disabled#' /etc/udev/rules.d/86-gandi.rules; then
  sed -i 's/^.*manage_data_disk\\.py.*$/#disabled# &/' /etc/udev/rules.d/86-gandi.rules
fi
mkdir -p /var/gandi
`;

const OLD_PRERM = `if [ "$1" = remove ] || [ "$1" = deconfigure ]; then
  for service in ${SERVICES.join(' ')}; do systemctl disable gandi-$service.service 2> /dev/null; done
fi
`;

const OLD_POSTRM = `for service in ${SERVICES.join(' ')}; do
  update-rc.d -f gandi-$service remove > /dev/null 2>&1 || true
done
`;

/** What the RPM package's %posttrans does, links into a directory of their own included. */
const OLD_POSTTRANS = `mkdir -p /etc/systemd/system/default.target.wants
for service in ${SERVICES.join(' ')}; do
  sed -i 's/^# Default-Start:.*S/# Default-Start: 2 3 5/' /etc/init.d/gandi-$service
  for folder in /lib /usr/lib; do
    rm -f $folder/systemd/system/gandi-$service.service
    ln -s /usr/share/gandi/systemd/gandi-$service.service $folder/systemd/system/
    ln -sf $folder/systemd/system/gandi-$service.service /etc/systemd/system/default.target.wants/
  done
done
`;

/** Its %preun: what chkconfig does where there is systemd. */
const OLD_PREUN = `if [ "$1" = 0 ]; then
  for service in ${SERVICES.join(' ')}; do systemctl disable gandi-$service.service 2> /dev/null || true; done
fi
`;

/** What an upgrade keeps: settings, hooks, and the keys of the package sources. */
const KEPT = /^\/etc\/(default|sysconfig|gandi\/sysctl\.conf|gandi\/hooks|auto\.gandi|apt|pki)/;

/** Paths that only version 2 has; none of them may be there after an upgrade. */
export const OLD_PATHS: readonly string[] = [
  ...Object.keys({ ...DEBIAN, ...RPM }).filter((path) => !KEPT.test(path)),
  '/usr/share/gandi',
  '/etc/systemd/system/multi-user.target.wants/gandi-dhclient@eth1.service',
  '/etc/systemd/system/ssh.service.wants/gandi-sshdkeygen.service',
  '/etc/systemd/system/gandi-sshdkeygen.service',
  '/etc/systemd/system/default.target.wants/gandi-mount.service',
  '/etc/systemd/system/multi-user.target.wants/gandi-bootstrap.service',
];

async function writeFiles(tree: string, files: Readonly<Record<string, OldFile>>): Promise<void> {
  for (const [path, { text, mode }] of Object.entries(files)) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), text);
    await chmod(join(tree, path), mode);
  }
}

/** Writes the files of the Debian package into a directory, as somebody who builds an image by hand does. */
export async function writeOldTree(tree: string): Promise<void> {
  await writeFiles(tree, DEBIAN);
}

/** Makes a Debian package of version 2.43. */
export async function oldDebianPackage(folder: string): Promise<string> {
  const tree = join(folder, 'old-deb');
  await writeFiles(tree, DEBIAN);
  const control = join(tree, 'DEBIAN');
  await mkdir(control);
  const fields = [
    'Package: gandi-hosting-vm2',
    'Version: 2.43',
    'Architecture: all',
    'Maintainer: Nobody <nobody@example.org>',
    'Conflicts: gandi-hosting-vm',
    'Replaces: gandi-hosting-vm',
    'Provides: gandi-hosting-vm',
    'Description: stand-in for the guest tools\n',
  ];
  await writeFile(join(control, 'control'), fields.join('\n'));
  const inEtc = Object.keys(DEBIAN).filter((path) => path.startsWith('/etc/'));
  await writeFile(join(control, 'conffiles'), `${inEtc.join('\n')}\n`);
  const scripts = { postinst: OLD_SET_UP, prerm: OLD_PRERM, postrm: OLD_POSTRM };
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(control, name), `#!/bin/sh\nset -e\n${script}`);
    await chmod(join(control, name), 0o755);
  }
  const file = join(folder, 'gandi-hosting-vm2_2.43_all.deb');
  await execa('dpkg-deb', ['--root-owner-group', '-Znone', '--build', tree, file]);
  return file;
}

/** How rpm treats a file: few of those in /etc are the admin's. */
function rpmEntry(path: string): string {
  if (/^\/etc\/(sysconfig|gandi\/hooks)\//.test(path)) return `%config(noreplace) ${path}`;
  return path.startsWith('/etc/udev/') ? `%config ${path}` : path;
}

/** Makes an RPM package of version 2.43. */
export async function oldRpmPackage(folder: string): Promise<string> {
  const tree = join(folder, 'old-rpm');
  await writeFiles(tree, RPM);
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
Stand-in for the guest tools.
%install
cp -a ${tree}/. %{buildroot}
%preun
${OLD_PREUN}
%posttrans
${OLD_POSTTRANS}
%files
${Object.keys(RPM).map(rpmEntry).join('\n')}
`,
  );
  await execa('rpmbuild', ['-bb', '--define', `_topdir ${folder}/old-build`, spec]);
  return join(folder, 'old-build/RPMS/noarch/gandi-hosting-vm2-2.43-1.noarch.rpm');
}
