type Entries = Readonly<Record<string, string | { link: string }>>;

/** A distribution's relevant files as its packages install them, cut down to what steps look at. */
export interface Distribution {
  files: Entries;
  /** Of the root file system. */
  rootType: string;
}

export const MACHINE_ID = '0123456789abcdef0123456789abcdef';

const common: Entries = {
  '/etc/machine-id': `${MACHINE_ID}\n`,
  '/etc/hostname': 'web1\n',
  '/etc/hosts': '127.0.0.1\tlocalhost\n',
  '/sys/class/tty/console/active': 'tty0 ttyS0\n',
  '/sys/class/dmi/id/product_uuid': 'aaaaaaaa-0000-4000-8000-000000000001\n',
  '/run/systemd/system/.keep': '',
  '/run/systemd/generator/getty.target.wants/serial-getty@ttyS0.service': '',
  '/run/gandi/.keep': '',
  '/lost+found/.keep': '',
  '/usr/share/zoneinfo/Europe/Paris': 'TZif2',
  '/usr/share/zoneinfo/Etc/UTC': 'TZif2',
  '/usr/sbin/sshd': '',
};

const ssh = (lines: string) => ({ '/etc/ssh/sshd_config': lines });
const timer = (name: string, lines: string) => ({
  [`/usr/lib/systemd/system/${name}.timer`]: `[Unit]\nDescription=${name}\n\n[Timer]\n${lines}\n`,
});

export const DEBIAN_CRONTAB = `# /etc/crontab: system-wide crontab
SHELL=/bin/sh
# m h dom mon dow user  command
17 *\t* * *\troot\tcd / && run-parts --report /etc/cron.hourly
25 6\t* * *\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }
47 6\t* * 7\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.weekly; }
52 6\t1 * *\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.monthly; }
#
`;

export const CRONIE_HOURLY = `# Run the hourly jobs
SHELL=/bin/bash
MAILTO=root
01 * * * * root run-parts /etc/cron.hourly
`;

export const CRONIE_ANACRONTAB = `SHELL=/bin/sh
# the maximal random delay added to the base delay of the jobs
RANDOM_DELAY=45
START_HOURS_RANGE=3-22

#period in days   delay in minutes   job-identifier   command
1\t5\tcron.daily\t\tnice run-parts /etc/cron.daily
7\t25\tcron.weekly\t\tnice run-parts /etc/cron.weekly
@monthly 45\tcron.monthly\t\tnice run-parts /etc/cron.monthly
`;

const debianSsh = ssh(
  'Include /etc/ssh/sshd_config.d/*.conf\n#PermitRootLogin prohibit-password\nKbdInteractiveAuthentication no\nUsePAM yes\nSubsystem\tsftp\t/usr/lib/openssh/sftp-server\n',
);
const debianTimers = {
  ...timer('apt-daily', 'OnCalendar=*-*-* 6,18:00\nRandomizedDelaySec=12h'),
  ...timer('apt-daily-upgrade', 'OnCalendar=*-*-* 6:00\nRandomizedDelaySec=60m'),
  ...timer('fstrim', 'OnCalendar=weekly\nAccuracySec=1h\nRandomizedDelaySec=6000'),
};
const debianMotd =
  '\nThe programs included with the Debian GNU/Linux system are free software;\nthe exact distribution terms for each program are described in the\nindividual files in /usr/share/doc/*/copyright.\n';

const debian12: Entries = {
  ...common,
  ...debianSsh,
  ...debianTimers,
  ...timer('logrotate', 'OnCalendar=daily\nAccuracySec=1h'),
  '/etc/os-release':
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nID=debian\n',
  '/etc/crontab': DEBIAN_CRONTAB,
  '/etc/timezone': 'Etc/UTC\n',
  '/etc/localtime': { link: '/usr/share/zoneinfo/Etc/UTC' },
  '/etc/fstab': '/dev/sda1 / ext4 errors=remount-ro 0 1\nLABEL=data /data ext4 defaults 0 2\n',
  '/etc/motd': debianMotd,
  '/etc/default/console-setup': 'ACTIVE_CONSOLES="/dev/tty[1-6]"\nCHARMAP="UTF-8"\n',
};

const debian13: Entries = {
  ...debian12,
  ...timer('logrotate', 'OnCalendar=daily\nRandomizedDelaySec=1h'),
  '/etc/os-release':
    'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nNAME="Debian GNU/Linux"\nVERSION_ID="13"\nVERSION_CODENAME=trixie\nID=debian\n',
  '/etc/fstab': 'PARTUUID=5f0d3a52-01 / ext4 rw,discard,errors=remount-ro 0 1\n',
};

const ubuntu2404: Entries = {
  ...common,
  ...debianSsh,
  ...debianTimers,
  ...timer('logrotate', 'OnCalendar=daily\nAccuracySec=1h'),
  ...timer('dpkg-db-backup', 'OnCalendar=daily\nAccuracySec=1h'),
  '/etc/os-release':
    'PRETTY_NAME="Ubuntu 24.04 LTS"\nNAME="Ubuntu"\nVERSION_ID="24.04"\nID=ubuntu\nID_LIKE=debian\n',
  '/etc/ssh/sshd_config.d/60-cloudimg-settings.conf': 'PasswordAuthentication no\n',
  '/etc/crontab': DEBIAN_CRONTAB,
  '/etc/timezone': 'Etc/UTC\n',
  '/etc/localtime': { link: '/usr/share/zoneinfo/Etc/UTC' },
  '/etc/fstab': 'LABEL=cloudimg-rootfs\t/\text4\tdiscard,commit=30,errors=remount-ro\t0 1\n',
};

const redHatSsh = ssh(
  'Include /etc/ssh/sshd_config.d/*.conf\n#PermitRootLogin prohibit-password\nAuthorizedKeysFile\t.ssh/authorized_keys\nSubsystem\tsftp\t/usr/libexec/openssh/sftp-server\n',
);

const rocky9: Entries = {
  ...common,
  ...redHatSsh,
  ...timer('dnf-makecache', 'OnBootSec=10min\nOnUnitInactiveSec=1h\nRandomizedDelaySec=60m'),
  ...timer('logrotate', 'OnCalendar=daily\nAccuracySec=1h'),
  '/etc/os-release':
    'NAME="Rocky Linux"\nVERSION="9.4 (Blue Onyx)"\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\nPRETTY_NAME="Rocky Linux 9.4 (Blue Onyx)"\n',
  '/etc/ssh/sshd_config.d/50-redhat.conf': 'Match final all\n  X11Forwarding yes\n',
  '/etc/crontab': 'SHELL=/bin/bash\nPATH=/sbin:/bin:/usr/sbin:/usr/bin\nMAILTO=root\n',
  '/etc/cron.d/0hourly': CRONIE_HOURLY,
  '/etc/anacrontab': CRONIE_ANACRONTAB,
  '/etc/localtime': { link: '../usr/share/zoneinfo/UTC' },
  '/etc/fstab': 'UUID=6f2a /                       xfs     defaults        0 0\n',
  '/etc/motd': '',
};

const fedora: Entries = {
  ...rocky9,
  ...timer('logrotate', 'OnCalendar=daily\nRandomizedDelaySec=1h'),
  '/etc/os-release':
    'NAME="Fedora Linux"\nID=fedora\nVERSION_ID=41\nPRETTY_NAME="Fedora Linux 41 (Cloud Edition)"\n',
  '/etc/ssh/sshd_config.d/01-permitrootlogin.conf': '# by the installer\nPermitRootLogin yes\n',
  '/etc/fstab': 'UUID=6f2a / btrfs subvol=root,compress=zstd:1 0 0\n',
};

const openSuse: Entries = {
  ...common,
  ...timer('logrotate', 'OnCalendar=daily\nAccuracySec=1h\nPersistent=true'),
  ...timer('fstrim', 'OnCalendar=weekly\nAccuracySec=1h\nRandomizedDelaySec=6000'),
  '/etc/os-release': { link: '../usr/lib/os-release' },
  '/usr/lib/os-release':
    'NAME="openSUSE Tumbleweed"\nID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\nVERSION_ID="20241101"\nPRETTY_NAME="openSUSE Tumbleweed"\n',
  '/usr/etc/ssh/sshd_config': 'Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n',
  '/etc/crontab':
    'SHELL=/bin/bash\nMAILTO=root\n-*/15 * * * *   root  test -x /usr/lib/cron/run-crons && /usr/lib/cron/run-crons >/dev/null 2>&1\n',
  '/etc/fstab': 'UUID=6f2a / btrfs defaults 0 0\n',
  '/etc/securetty': 'tty1\ntty2\n',
};

const arch: Entries = {
  ...common,
  ...timer('man-db', 'OnCalendar=daily\nAccuracySec=12h\nPersistent=true'),
  ...timer('logrotate', 'OnCalendar=daily\nAccuracySec=1h'),
  ...ssh('Include /etc/ssh/sshd_config.d/*.conf\nAuthorizedKeysFile\t.ssh/authorized_keys\n'),
  '/etc/os-release': { link: '../usr/lib/os-release' },
  '/usr/lib/os-release': 'NAME="Arch Linux"\nPRETTY_NAME="Arch Linux"\nID=arch\nBUILD_ID=rolling\n',
  '/etc/ssh/sshd_config.d/99-archlinux.conf': 'KbdInteractiveAuthentication no\nUsePAM yes\nPrintMotd no\n',
  '/etc/cron.d/0hourly': CRONIE_HOURLY,
  '/etc/anacrontab': CRONIE_ANACRONTAB,
  '/etc/fstab': '# Static information about the filesystems.\n',
  '/etc/motd': 'Kept by its admin\n',
};

/** By the name that a test shows. */
export const DISTRIBUTIONS: Readonly<Record<string, Distribution>> = {
  'Debian 12': { files: debian12, rootType: 'ext4' },
  'Debian 13': { files: debian13, rootType: 'ext4' },
  'Ubuntu 24.04': { files: ubuntu2404, rootType: 'ext4' },
  'Rocky 9': { files: rocky9, rootType: 'xfs' },
  Fedora: { files: fedora, rootType: 'btrfs' },
  openSUSE: { files: openSuse, rootType: 'btrfs' },
  Arch: { files: arch, rootType: 'ext4' },
};
