import type { SettingKind } from './setting-kinds.ts';
import type { Switch } from './switches.ts';

/** The settings that are not switches. */
export type ValueName =
  | 'CONFIG_SOURCES'
  | 'CONFIG_SEED_WAIT'
  | 'CONFIG_REPORT'
  | 'CONFIG_DEFAULT_USER'
  | 'CONFIG_SWAP_FILE'
  | 'CONFIG_NETWORK_MANAGER'
  | 'CONFIG_MOUNT_MODE'
  | 'CONFIG_MOUNT_PARAMS'
  | 'CONFIG_DISK_ROOT'
  | 'CONFIG_DISK_BUSES'
  | 'CONFIG_DISK_FILE_SYSTEMS'
  | 'CONFIG_DISK_GROUP'
  | 'CONFIG_DISK_WAIT'
  | 'CONFIG_NODHCP'
  | 'CONFIG_MOTD_FILE'
  | 'CONFIG_POSTBOOT_TIMEOUT'
  | 'CONFIG_PLUGIN_TIMEOUT'
  | 'GANDI_PLUGIN_DIR'
  | 'GANDI_HOOK_DIR'
  | 'TEMP_DIR_CONF'
  | 'SYSLOG_TARGET';

export type SettingName = Switch | ValueName;

export interface SettingDefinition {
  name: SettingName;
  kind: SettingKind;
  /** As it is written in the settings file. */
  default: string;
  /** One line for the settings file and the manual. */
  summary: string;
}

export interface SettingSection {
  title: string;
  settings: readonly SettingDefinition[];
}

const on = (name: Switch, summary: string): SettingDefinition => ({
  name,
  kind: 'switch',
  default: '1',
  summary,
});
const off = (name: Switch, summary: string): SettingDefinition => ({
  name,
  kind: 'switch',
  default: '0',
  summary,
});

/** Every setting there is, in the order of the settings file and the manual. */
export const SETTING_SECTIONS: readonly SettingSection[] = [
  {
    title: 'What the host prepared (gandi-bootstrap)',
    settings: [
      {
        name: 'CONFIG_SOURCES',
        kind: 'sources',
        default: 'all',
        summary:
          'Whose word counts: all (each source that is on this machine, and a service that its firmware names), none, or names such as gandi, nocloud and configdrive, separated by blanks',
      },
      {
        name: 'CONFIG_SEED_WAIT',
        kind: 'seconds',
        default: '10',
        summary:
          "Seconds that a first boot waits at most for the disk with the host's configuration (0 to 300)",
      },
      {
        name: 'CONFIG_REPORT',
        kind: 'report channels',
        default: 'auto',
        summary:
          'How the host is told what became of a boot: auto (each way that it offers; on the console only what an operator script or seal comes to), none, or some of virtio, smartos, xenstore and console, separated by blanks',
      },
      on(
        'CONFIG_SWAP',
        "Once the host's files are in /gandi, erase them from its disk, and make that swap; without it they stay there, and the disk is as the host left it",
      ),
      {
        name: 'CONFIG_SWAP_FILE',
        kind: 'swap file',
        default: '0',
        summary:
          'Swap file /swap.img where there is no swap disk: 0 (where the source asks for one), never, auto (by memory and room), or a size such as 512M or 2G',
      },
      on('CONFIG_MODULES', 'Install the kernel modules that the host sent'),
      on(
        'CONFIG_IDENTITY',
        'Give a clone of another guest a machine ID, SSH host keys, random seed and leases of its own',
      ),
      on('CONFIG_FILES', 'Write the files, and the lines of /etc/fstab, that the source brings'),
      on('CONFIG_HOSTNAME', 'Set the host name, also in /etc/hosts'),
      on('CONFIG_USERS', 'Make the user, and set passwords and SSH keys'),
      {
        name: 'CONFIG_DEFAULT_USER',
        kind: 'optional user',
        default: '',
        summary:
          'User that SSH keys without a name are for; empty: the usual one of the distribution, such as debian',
      },
      on('CONFIG_NAMESERVER', 'Set the DNS servers'),
      on('CONFIG_NETWORK', 'Configure the network interfaces'),
      {
        name: 'CONFIG_NETWORK_MANAGER',
        kind: 'network manager',
        default: 'auto',
        summary:
          'Whose files to write: auto (what is enabled), ifupdown, systemd-networkd, netplan, NetworkManager, ifcfg or wicked',
      },
      on('CONFIG_MULTIQUEUE', 'Use several queues of virtio network devices'),
      on('CONFIG_SYSCTL', 'Apply the kernel values of /etc/gandi/sysctl.conf'),
      on('CONFIG_RESIZE', 'Grow the root partition and file system when the disk has grown'),
      off(
        'CONFIG_HOST_INIT',
        "Run the host's own first-boot script in place of host name, users and network",
      ),
    ],
  },
  {
    title: 'Data disks and interfaces',
    settings: [
      on('CONFIG_ALLOW_MOUNT', 'Mount data disks'),
      {
        name: 'CONFIG_MOUNT_MODE',
        kind: 'mount mode',
        default: 'udev',
        summary:
          'Mount them as they come (udev), on first access (autofs), or never (off); see gandi-mount apply-mode',
      },
      {
        name: 'CONFIG_MOUNT_PARAMS',
        kind: 'mount options',
        default: 'rw,nosuid,nodev,noatime',
        summary: 'Mount options of data disks',
      },
      {
        name: 'CONFIG_DISK_ROOT',
        kind: 'directory',
        default: '/srv',
        summary: 'Directory below which data disks are mounted',
      },
      {
        name: 'CONFIG_DISK_BUSES',
        kind: 'disk buses',
        default: 'gandi xen',
        summary:
          'Disks that can be data disks: vendor gandi.ne (gandi), xen, virtio, scsi, nvme, or all; separated by blanks',
      },
      {
        name: 'CONFIG_DISK_FILE_SYSTEMS',
        kind: 'file systems',
        default: '',
        summary:
          'More types of file systems to mount, such as jfs, nilfs2 or reiserfs, separated by blanks; a disk made with malice can harm the guest by a type that hardly anybody maintains',
      },
      {
        name: 'CONFIG_DISK_GROUP',
        kind: 'group',
        default: '1001',
        summary:
          'Group, by number or name, that a file system belongs to when it is mounted for the first time ever',
      },
      {
        name: 'CONFIG_DISK_WAIT',
        kind: 'waiting seconds',
        default: '0',
        summary:
          'Seconds that the boot waits at most for data disks that were not unmounted in order and are checked (0 to 3000); who needs one waits for its mount unit',
      },
      off('CONFIG_DISK_NOTIFY', 'Tell logged-in users when a data disk comes or goes'),
      off(
        'CONFIG_DISK_UNITS',
        'Make a mount unit for each data disk, which services can order themselves after',
      ),
      {
        name: 'CONFIG_NODHCP',
        kind: 'interfaces',
        default: 'eth0',
        summary:
          'Interfaces that DHCP is not started for when the host says nothing of them, separated by blanks',
      },
    ],
  },
  {
    title: 'Every boot (gandi-config)',
    settings: [
      on('CONFIG_CONSOLE', 'Log in on the console of the hypervisor'),
      on(
        'CONFIG_SYSTEM_FILE',
        'Write a missing /etc/hosts or /etc/fstab, and name root by its UUID in fstab',
      ),
      on('CONFIG_CRON', 'Spread the times of periodic jobs so that guests do not all start them at once'),
      {
        name: 'CONFIG_TIMEZONE',
        kind: 'time zone',
        default: '1',
        summary:
          'Set the time zone unless you did: 1 for what the host asks by the kernel command line, or a name such as Europe/Paris',
      },
      on('CONFIG_SSHD', 'Make SSH host keys that are missing, and harden the SSH server'),
      on('CONFIG_MOTD', 'Write the message of the day, unless you wrote one'),
      {
        name: 'CONFIG_MOTD_FILE',
        kind: 'optional file',
        default: '',
        summary: 'File with your own text for the message of the day',
      },
      on('CONFIG_ROOT_CHECK', 'Have an ext3 or ext4 root checked now and then if that is turned off'),
      off(
        'CONFIG_DECOMPRESS_KERNEL',
        'Unpack new kernels for old Xen boot loaders, also where there is no Xen',
      ),
    ],
  },
  {
    title: 'Script and command of the host (gandi-postboot)',
    settings: [
      on('CONFIG_POSTBOOT', 'Run the script and the command that the host gave, once'),
      {
        name: 'CONFIG_POSTBOOT_TIMEOUT',
        kind: 'long seconds',
        default: '3600',
        summary: 'Seconds that the script and the command may take each (1 to 86400)',
      },
      on('CONFIG_POSTBOOT_WAIT', 'Have the boot wait for them'),
    ],
  },
  {
    title: 'Places',
    settings: [
      {
        name: 'GANDI_PLUGIN_DIR',
        kind: 'directory',
        default: '/etc/gandi/plugins.d',
        summary: 'Your own programs, run by gandi-config',
      },
      {
        name: 'CONFIG_PLUGIN_TIMEOUT',
        kind: 'some seconds',
        default: '60',
        summary: 'Seconds that each of your own programs and hooks may take (1 to 300)',
      },
      {
        name: 'GANDI_HOOK_DIR',
        kind: 'directory',
        default: '/etc/gandi/hooks',
        summary:
          'Your own programs, run when a disk comes or goes, an interface has come, or gandi-config has ended',
      },
      {
        name: 'TEMP_DIR_CONF',
        kind: 'directory',
        default: '/var/gandi',
        summary: 'Passed on to your own programs alone: where version 2 kept files until the next boot',
      },
      {
        name: 'SYSLOG_TARGET',
        kind: 'tag',
        default: 'gandi',
        summary: 'Passed on to your own programs alone: tag for their lines in the system log',
      },
    ],
  },
];

export const SETTINGS: readonly SettingDefinition[] = SETTING_SECTIONS.flatMap(({ settings }) => settings);
