import {
  BACKUP_DIRECTORY,
  DISKS_FILE,
  FILE_SYSTEMS_FILE,
  HOST_DIRECTORY,
  HOST_DISK_FILE,
  LOG_FILE,
  POST_BOOT_BACKGROUND_ORDER,
  POST_BOOT_LOG,
  POST_BOOT_ORDER,
  POST_BOOT_STARTED,
  RUNTIME_DIRECTORY,
  STATE_DIRECTORY,
} from '../../src/machine/files/paths.ts';
import type { ProgramName } from '../../src/state/programs.ts';

/** A name and what is to be said of it. */
type Named = readonly [name: string, text: string];

/** What a page says beside what the program's code says by itself; backquotes make bold. */
export interface ManualText {
  /** Paragraphs. */
  description: readonly string[];
  /** Paragraphs behind the exit statuses that all programs share. */
  exit?: readonly string[];
  /** Variables of this program alone. */
  environment?: readonly Named[];
  files: readonly Named[];
  /** Such as `gandi-mount(8)`. */
  seeAlso: readonly string[];
}

/** What all programs honour. */
export const ENVIRONMENT: readonly Named[] = [
  ['NO_COLOR', 'Output has no colours if it is set; nor has it where it goes to no terminal.'],
  [
    'NODE_OPTIONS, BUN_*',
    'They are taken out before the program starts: variables for its runtime are not meant for a program of the system.',
  ],
];

const SETTINGS: readonly Named[] = [
  ['/etc/default/gandi', 'The settings, see gandi-settings(5).'],
  ['/etc/sysconfig/gandi', 'The settings where the file above does not exist, as on RPM systems.'],
];

const KILL_SWITCH: Named = [
  '/etc/gandi/disabled',
  'While this file exists the units start nothing; so does `gandi.disabled` on the kernel command line.',
];

const LOG: Named = [LOG_FILE, 'What was done and what went wrong, as JSON lines.'];

const OWN_PROGRAMS =
  'It must be executable, belong to root and not be writable by everyone. All settings are in its environment. It has `CONFIG_PLUGIN_TIMEOUT` seconds.';

/** What the four programs have in common that talk to SmartOS's metadata host. */
const mdataText = (description: string): ManualText => ({
  description: [
    description,
    'The host is reached by the second serial port of a virtual machine, `/dev/ttyS1`, or by the socket of an LX zone, by version 2 of its protocol or version 1, which can only get and list. The line is one program’s at a time. Arguments, output and exit statuses are those of the programs of these names of joyent/mdata-client; but a host that is silent is given up after 100 seconds.',
    'Where another package has a program of this name, that is the one in `/usr/sbin` or `/usr/bin`.',
  ],
  files: [
    ['/dev/ttyS1', 'The serial line, of a virtual machine.'],
    ['/native/.zonecontrol/metadata.sock', 'The socket, of a zone.'],
  ],
  seeAlso: ['gandi-guest(8)', ...['get', 'put', 'list', 'delete'].map((word) => `mdata-${word}(8)`)],
});

export const MANUAL_TEXTS: Readonly<Record<string, ManualText>> = {
  'gandi-bootstrap': {
    description: [
      'It runs at every boot, before the network is set up and before anyone can log in. It asks the sources that CONFIG_SOURCES allows what the host wants: of a disk of Gandi’s it checks the archive, and stores its files in `/gandi`; others are a volume, the firmware, or a line to the host. Later boots change only what the host asks for anew.',
      'A field that is wrong costs its group (host name, user, network, resolver, post-boot) and nothing else, a line of ssh_key that is no key only itself; one line names the field, what was found and what was expected. Every step is planned from what is there, so that a run which was cut off is made up for by the next one.',
      'What an admin changes afterwards stays, until the host asks for something else. An interface that an admin’s own file configures is left alone.',
      'A disk that comes to another machine makes another guest: machine ID, SSH host keys, random seed and DHCP leases are made anew, before the network is set up. The source’s instance id decides, if everything else that is known is another, too; without one the SMBIOS UUID must be another and none of the recorded MAC addresses be there. Another id alone, a new network card, or a source that is silent renews nothing. `gandi-guest doctor` names near misses, and what a clone still shares. `CONFIG_IDENTITY=0` turns this off.',
      'An operator script of the host’s runs before any service, in `gandi-operator.service`; nothing is applied before. Then the guest is powered off, or does what a comment in it says: `# gandi-operator: after=continue timeout=60`. `gandi.operator=0` on the kernel command line skips it.',
      'With `--root` an unpacked image is configured: files only. What needs a running system is told as skipped.',
    ],
    exit: [
      'That the guest runs on an unsupported CPU without Node.js 20.16 or later gives 1, too; a line on standard error says so.',
    ],
    files: [
      ...SETTINGS,
      [HOST_DIRECTORY, 'What the host gave: `config`, `script`, `init` and kernel modules. Mode 0700.'],
      ['/etc/gandi/sysctl.conf', 'Kernel values that are set at each boot, in the format of sysctl.conf(5).'],
      [
        '/etc/gandi/bootstrap.d/NAME',
        `A program of yours that runs as a step, in the order of the names. ${OWN_PROGRAMS}`,
      ],
      ['/usr/share/gandi/bootstrap.d/NAME', 'The same, for packages.'],
      [
        '/etc/gandi/hooks/post-iface-attach',
        `Run with its name when an interface was configured. ${OWN_PROGRAMS}`,
      ],
      KILL_SWITCH,
      [
        STATE_DIRECTORY,
        'What was done of what the host asked for, and the report of the last run that had news.',
      ],
      [
        `${STATE_DIRECTORY}/instance.json`,
        'What tells this guest from a clone of it: the instance id, the SMBIOS UUID, the MAC addresses.',
      ],
      [BACKUP_DIRECTORY, 'Files of the admin’s that were replaced.'],
      [`${RUNTIME_DIRECTORY}/gandi-bootstrap.json`, 'Report of this boot.'],
      LOG,
    ],
    seeAlso: [
      'gandi-settings(5)',
      'gandi-guest(8)',
      'gandi-config(8)',
      'gandi-mount(8)',
      'gandi-postboot(8)',
    ],
  },
  'gandi-mount': {
    description: [
      'Data disks are disks of the vendor `gandi.ne` and Xen disks, or what `CONFIG_DISK_BUSES` says, that hold one file system and are not root’s, swap, a configuration disk, or named in `/etc/fstab` or a mount unit. Each is mounted at `CONFIG_DISK_ROOT`/`label`, or the kernel’s name of the disk where there is no label, and found there again at later boots.',
      'A file system of ext2, ext3 or ext4 that was not unmounted in order is checked first. One that has the whole disk to itself is grown to its size. One that was never mounted before is given to the group `CONFIG_DISK_GROUP`. Nothing is ever formatted.',
      'What is checked holds back nothing else. It has the state `checking`, and `list` says for how long; the boot waits for it as long as `CONFIG_DISK_WAIT` says.',
      'With `CONFIG_DISK_UNITS=1` each disk has a mount unit in /etc/systemd/system, such as `srv-u9.mount`: a service with `RequiresMountsFor=/srv/u9` starts once the disk is mounted, and not while it is away.',
      'The units call `gandi-mount rescan`; the other commands are for people.',
      'When a disk goes, services that it names in `.gandi/services` are stopped if their processes use it: one name a line, if the file and its directory belong to root and only root can write there. Services of the system itself, such as the SSH server, are not stopped.',
    ],
    files: [
      ...SETTINGS,
      [
        '/etc/gandi/hooks/post-disk-attach',
        `Run with device, file system type and mount point when a disk was mounted. ${OWN_PROGRAMS}`,
      ],
      [
        '/etc/gandi/hooks/pre-disk-detach',
        `Run with device and mount point before a disk is unmounted. ${OWN_PROGRAMS}`,
      ],
      ['/etc/auto.gandi', 'The map of autofs, for `CONFIG_MOUNT_MODE=autofs`.'],
      ['/etc/auto.master.d/gandi.autofs', 'Names that map, its directory and its options.'],
      [
        '/usr/lib/udev/rules.d/86-gandi.rules',
        'Which disks are announced. A copy in /etc/udev/rules.d takes its place.',
      ],
      KILL_SWITCH,
      [FILE_SYSTEMS_FILE, 'Which file system was mounted under which name.'],
      [DISKS_FILE, 'The data disks of this boot.'],
      LOG,
    ],
    seeAlso: ['gandi-settings(5)', 'gandi-guest(8)', 'autofs(5)', 'mount(8)', 'udev(7)'],
  },
  'gandi-config': {
    description: [
      'It runs at every boot, before SSH, cron and the login prompts start. It changes only what has the distribution’s own value or one that it gave itself; what an admin set stays.',
      'A disk that has come to another guest, as a copy or by a snapshot, gets SSH host keys and a random seed of its own: product UUID, MAC address and host name are compared with those of the last boot, as far as both are known. New keys take the place of the default ones that are there, all at once; a key that you named yourself by HostKey stays. A machine ID is made only where there is none, for DHCP servers and the journal know the guest by it: an image for many guests should have an empty /etc/machine-id.',
      'Programs in `GANDI_PLUGIN_DIR` run among its steps, in the order of their names. One with the name of a built-in step takes its place; one that is not executable turns it off. Copies such as `NAME~`, `NAME.bak`, `NAME.dpkg-old` and `NAME.rpmsave` are passed over, as is a name with `pre-first` in it.',
    ],
    environment: [
      [
        'CONFIG_*, GANDI_*, SYSLOG_TARGET, TEMP_DIR_CONF',
        'Programs of yours and hooks find all settings in their environment; the variables of gandi-config itself have no effect.',
      ],
    ],
    files: [
      ...SETTINGS,
      ['/etc/gandi/plugins.d/NAME', `A program of yours that runs as a step. ${OWN_PROGRAMS}`],
      ['/etc/gandi/hooks/post-vm-config', `Run at the end. ${OWN_PROGRAMS}`],
      KILL_SWITCH,
      [`${STATE_DIRECTORY}/gandi-config.json`, 'Report of the last run that had news.'],
      [`${RUNTIME_DIRECTORY}/gandi-config.json`, 'Report of this boot.'],
      LOG,
    ],
    seeAlso: ['gandi-settings(5)', 'gandi-bootstrap(8)', 'gandi-guest(8)'],
  },
  'gandi-postboot': {
    description: [
      'It runs as the last of a boot, where gandi-bootstrap left an order: first the host’s script with its arguments, split at blanks with quotes honoured and nothing evaluated, then the host’s command by `sh -c`, both as root and once the network is up.',
      'Each is started once for each configuration. It is noted down before it starts, so that one that fails, hangs or restarts the guest is not started again; any change of the host’s configuration or script makes a new one.',
      'Each has `CONFIG_POSTBOOT_TIMEOUT` seconds and a control group of its own, `gandi-postboot-script-*` or `gandi-postboot-command-*`; one that hangs is stopped with all of its processes.',
      'One that ends leaves running what it started. Its output is closed 250 ms later: a daemon that prints there then is killed by SIGPIPE, also if it was started by nohup(1). Give it an output of its own, such as `app > /var/log/app.log 2>&1 &`.',
    ],
    files: [
      ...SETTINGS,
      [POST_BOOT_LOG, 'What they printed: the start and the end, 512 KiB each.'],
      [POST_BOOT_ORDER, 'The order that gandi-bootstrap leaves; without it no process is started.'],
      [
        POST_BOOT_BACKGROUND_ORDER,
        'The same where `CONFIG_POSTBOOT_WAIT` is 0, and where only what is asked is to be compared with what is.',
      ],
      [POST_BOOT_STARTED, 'Which script and command were started.'],
      KILL_SWITCH,
      LOG,
    ],
    seeAlso: ['gandi-settings(5)', 'gandi-bootstrap(8)', 'gandi-guest(8)'],
  },
  'gandi-guest': {
    description: [
      'For people: it looks, and changes nothing, save for `accept`, `doctor --fix`, `decompress-kernel` and `seal`; `seed` makes the disk image that it is told.',
      'With `--root` it looks at an unpacked image. With `--json` commands that look print JSON for programs.',
      '`verify` compares what the host asked for with what the guest shows: host name, addresses, MTU, default routes, name servers and whether one has a route, search domains, accounts, passwords and SSH keys as sshd reads them, swap and data disks. Where sshd’s configuration lists who may log in it is asked who may. What a setting turns off is left out. What passes by itself, such as an interface without a link, is `pending` and does not count. No name server is asked, and no process started but sshd where its configuration leaves doubt, and one for each disk that may be the host’s, to see whether it answers. `doctor` does the same.',
      '`analyze` takes the times of units from systemd, those of earlier boots from the journal, and the steps from the reports of the programs. A step is told from 1 ms on, a change within it where it took long. Bars are drawn on a terminal that has room for them. `--blame` has the same by time alone: what a step took is in its unit’s time as well, and a change in its step’s. `systemd-analyze critical-chain UNIT` says what a unit waited for.',
      '`exec-port` serves a virtio port named `net.gandi.exec.0`, which a host gives a guest in which it is to run commands; gandi-exec.service starts it where udev finds the port. What the host asks for runs as root or as the user that it names, with a login’s environment; both outputs and the exit status go back over the port. A host that hangs up ends its command by SIGHUP.',
      'The host’s disk is remembered when it is first used. Another disk that claims to be it is refused, and `status` names it: `accept` has the next boot take it, as after a move to another bus or hypervisor. An archive counts only where no process of the guest can have written it.',
      '`seal` makes a guest ready to be an image: what is one guest’s alone goes, such as the machine ID, keys, leases, histories and logs, and what the admin installed stays. It is done at the end of a shutdown, when nothing else writes any more; `--root` seals an unpacked image, outside of which nothing is touched. `--check` tells what must not be in an image (`E`), probably not (`W`), and what is to know (`I`), by path and reason. Parts that `--keep` can name are in its output. Executable programs in `/etc/gandi/seal.d` take part, with `check` or `seal` as their argument.',
    ],
    exit: [
      '`seal` gives 1 if something failed, or what must not be in an image is left; `seal --check` for an `E`.',
      '`verify` gives 1 if something differs, 3 if nothing is known of what the host asked for.',
      '`status` and `doctor` give 1 for a failure or problem that they show, `validate` and `inspect` for a configuration with problems. `status` gives 3 if a program has not run yet, `inspect` if no configuration was found.',
    ],
    files: [
      ...SETTINGS,
      [`${HOST_DIRECTORY}/config`, 'The configuration that the host gave.'],
      [STATE_DIRECTORY, 'What was done at earlier boots.'],
      [HOST_DISK_FILE, 'The host’s disk: `accept` writes it.'],
      ['/etc/gandi/seal.d', 'Programs of yours that take part in a sealing.'],
      ['/var/lib/gandi/seal.json', 'What was sealed; it goes with the image.'],
      [RUNTIME_DIRECTORY, 'What was done at this boot.'],
      LOG,
    ],
    seeAlso: [
      'gandi-settings(5)',
      'gandi-bootstrap(8)',
      'gandi-mount(8)',
      'gandi-config(8)',
      'gandi-postboot(8)',
    ],
  },
  'mdata-get': mdataText(
    'It prints the value of a key, and a newline where the value does not end with one.',
  ),
  'mdata-put': mdataText('It sets the value of a key. An empty value removes the key.'),
  'mdata-list': mdataText(
    'It prints the customer’s keys. Those of the host, which begin with `sdc:`, are never in the list.',
  ),
  'mdata-delete': mdataText('It removes a key.'),
} satisfies Record<ProgramName, ManualText>;
