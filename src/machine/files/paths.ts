/** By this file the admin turns all programs off: the units' conditions look for it. */
export const TURNED_OFF = '/etc/gandi/disabled';

/** The host's files, as stored by bootstrap; 0700, for they hold a password hash. */
export const HOST_DIRECTORY = '/gandi';
export const HOST_CONFIG = '/gandi/config';
export const HOST_INIT = '/gandi/init';
export const HOST_SCRIPT = '/gandi/script';

/** What outlives a boot: what was applied, the last report that had news, files replaced. */
export const STATE_DIRECTORY = '/var/lib/gandi';
/** One file a program. */
export const APPLIED_DIRECTORY = '/var/lib/gandi/applied';
/** The last report of gandi-bootstrap's that had news; the first boot leaves one in any case. */
export const BOOTSTRAP_REPORT = `${STATE_DIRECTORY}/gandi-bootstrap.json`;
/** By what each program's next boot can tell that all is as it was. */
export const BOOT_RECORD_DIRECTORY = '/var/lib/gandi/steady';
/** What the source of the configuration said, in its normal form; 0600, for it holds password hashes. */
export const SOURCE_FILE = '/var/lib/gandi/source.json';
/** The host's disk as it was last used: archives come from there. */
export const HOST_DISK_FILE = '/var/lib/gandi/host-disk.json';
/** UUIDs of swap areas that were in use before the packages came, one a line: any process may have written there. */
export const EARLIER_SWAP_FILE = '/var/lib/gandi/earlier-swap';
/** How far an account has come that is being made; one file an account. */
export const newUserMark = (name: string) => `/var/lib/gandi/new-user-${name}`;
export const BACKUP_DIRECTORY = '/var/lib/gandi/backup';

/** What this boot did, and locks; gone with the next boot (file-hierarchy(7)). */
export const RUNTIME_DIRECTORY = '/run/gandi';
/** What a program said whose work was done in gandi-bootstrap's start, behind its exit status; empty once its unit has said so. */
export const doneInSameStart = (program: string) => `${RUNTIME_DIRECTORY}/done-${program}`;

/**
 * What gandi-bootstrap leaves for gandi-postboot where there is work, and where nothing waits for that work: the units'
 * conditions look for these files.
 */
export const POST_BOOT_ORDER = '/run/gandi/postboot';
export const POST_BOOT_BACKGROUND_ORDER = '/run/gandi/postboot-background';
/** Has units/gandi-network-online.path pull in the network, which script and command are to find. */
export const POST_BOOT_NETWORK = '/run/gandi/postboot-network';
/** Which configuration's script and command were started. */
export const POST_BOOT_STARTED = '/var/lib/gandi/postboot.json';
/** What of a source's late work has been done: packages, the end of the guest's run. */
export const LATE_DIRECTORY = '/var/lib/gandi/late';
/** Has the digest of the late work once all of it is done. */
export const LATE_MARK = '/var/lib/gandi/late/done';
/** Scripts of a source, and which of them have run. */
export const SCRIPT_DIRECTORY = '/var/lib/gandi/scripts';
/** What those printed that run early: behind no mount that is still to come. */
export const EARLY_LOG = '/run/gandi/early-scripts.log';
/** What the script and the command printed. */
export const POST_BOOT_LOG = '/var/log/gandi-postboot.log';
/** Which file system was mounted under which name, over boots. */
export const FILE_SYSTEMS_FILE = '/var/lib/gandi/disks.json';
/** The data disks of this boot and what became of them. */
export const DISKS_FILE = '/run/gandi/disks.json';
/** An empty file for each interface that is served in this boot: units/gandi-iface@.service passes over it. */
export const SERVED_DIRECTORY = '/run/gandi/interfaces';

/** Has units/gandi-homes.service run once homes are mounted that were not when gandi-bootstrap ran. */
export const LATE_HOMES = '/run/gandi/late-homes';

/** An empty file, with the name of a device, for the one that the configuration was found on: packaging/mount-needed.sh passes over it. */
export const SOURCE_DISKS_DIRECTORY = '/run/gandi/source-disks';
/** Left by gandi-bootstrap where a service of the network is to be asked: the condition of units/gandi-metadata.service. */
export const METADATA_ORDER = '/run/gandi/metadata';
/** Has units/gandi-network-online.path pull in the network, by which that service is asked. */
export const METADATA_NETWORK = '/run/gandi/metadata-network';

/** An operator script that is to run before any service; gone once it runs: the condition of units/gandi-operator.service. */
export const OPERATOR_DIRECTORY = '/run/gandi/operator';
export const OPERATOR_SCRIPT = '/run/gandi/operator/script';
/** Where it is while it runs. */
export const OPERATOR_SCRIPT_RUNS = '/run/gandi/operator/running';
/** How it is to run. */
export const OPERATOR_ORDER = '/run/gandi/operator/order.json';
/** It has been taken in this boot: no other run orders it again. */
export const OPERATOR_TAKEN = '/run/gandi/operator/taken';
/** Which operator script was run for which instance, where it is to run once. */
export const OPERATOR_STAMP = '/var/lib/gandi/operator-stamp';

/** The line by which packaging/ready.sh tells the host that the guest is ready; empty where nobody is to be told. */
export const READY_LINE = '/var/lib/gandi/ready-line';
/** Has packaging/ready.sh leave it to the program: the host is told by more than the port. */
export const READY_BY_PROGRAM = '/run/gandi/ready-by-program';

/** Says that autofs is told of no data disk: packaging/mount-needed.sh then need not look for that. */
export const NO_AUTOFS = '/run/gandi/no-autofs';
/** Our part of autofs's master map (auto.master(5)). */
export const AUTOFS_MASTER_MAP = '/etc/auto.master.d/gandi.autofs';

/** What tells this guest from others (machine-id(5)). */
export const MACHINE_ID_FILE = '/etc/machine-id';

export const LOG_FILE = '/var/log/gandi.log';
