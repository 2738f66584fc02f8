/** Settings that turn something on or off. */
export type Switch =
  | 'CONFIG_SWAP'
  | 'CONFIG_MODULES'
  | 'CONFIG_HOSTNAME'
  | 'CONFIG_USERS'
  | 'CONFIG_NAMESERVER'
  | 'CONFIG_NETWORK'
  | 'CONFIG_MULTIQUEUE'
  | 'CONFIG_SYSCTL'
  | 'CONFIG_RESIZE'
  | 'CONFIG_HOST_INIT'
  | 'CONFIG_ALLOW_MOUNT'
  | 'CONFIG_MOTD'
  | 'CONFIG_TIMEZONE'
  | 'CONFIG_SSHD'
  | 'CONFIG_CONSOLE'
  | 'CONFIG_CRON';

/** A line of the settings file that was not understood. */
export interface SettingsWarning {
  /** From 1; 0 where no line can be named. */
  line: number;
  text: string;
}

/** The settings file, typed, with defaults for what it does not say. */
export interface Settings {
  /** The file that was read, such as `/etc/default/gandi`. */
  path: string;
  switches: Readonly<Record<Switch, boolean>>;
  /** CONFIG_SEED_WAIT: how long a first boot waits for a late disk at most, in seconds. */
  seedWaitSeconds: number;
  /** CONFIG_MOUNT_PARAMS: mount options of data disks. */
  mountParameters: string;
  /** CONFIG_DISK_ROOT */
  diskRoot: string;
  /** CONFIG_NODHCP: whole interface names. */
  noDhcp: readonly string[];
  /** GANDI_PLUGIN_DIR */
  pluginDirectory: string;
  /** GANDI_HOOK_DIR */
  hookDirectory: string;
  /** TEMP_DIR_CONF */
  temporaryDirectory: string;
  /** SYSLOG_TARGET */
  logTag: string;
  warnings: readonly SettingsWarning[];
}
