/** The host's files, as stored by bootstrap; 0700, for they hold a password hash. */
export const HOST_DIRECTORY = '/gandi';
export const HOST_CONFIG = '/gandi/config';
export const HOST_INIT = '/gandi/init';

/** What outlives a boot: what was applied, the last report that had news, files replaced. */
export const STATE_DIRECTORY = '/var/lib/gandi';
export const APPLIED_FILE = '/var/lib/gandi/applied.json';
export const BACKUP_DIRECTORY = '/var/lib/gandi/backup';

/** What this boot did, and locks; gone with the next boot (file-hierarchy(7)). */
export const RUNTIME_DIRECTORY = '/run/gandi';

/** An empty file for each interface that is served in this boot: units/gandi-iface@.service passes over it. */
export const SERVED_DIRECTORY = '/run/gandi/interfaces';

export const LOG_FILE = '/var/log/gandi.log';
