import type { FileView } from '../files/files.ts';
import { parseShellAssignments } from '../formats/text/shell-assignments.ts';
import { reasonOf } from '../runtime/errors.ts';
import type { NetworkManagerName } from '../system/facts.ts';
import { SETTINGS, type SettingName } from './setting-definitions.ts';
import {
  type DiskBus,
  EXPECTED,
  type MountMode,
  READERS,
  type ReportChannelName,
  readDirectory,
  readDiskBuses,
  readFileSystems,
  readGroup,
  readInterfaces,
  readLongSeconds,
  readMountMode,
  readMountOptions,
  readNetworkManager,
  readOptionalFile,
  readOptionalUser,
  readReportChannels,
  readSeconds,
  readSources,
  readSwapFile,
  readSwitch,
  readTimeZone,
  readWaitingSeconds,
} from './setting-kinds.ts';
import type { Switch } from './switches.ts';

export type { DiskBus, MountMode } from './setting-kinds.ts';
export type { Switch } from './switches.ts';

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
  /** CONFIG_SOURCES: `all` or `none` alone, or names. */
  sources: readonly string[];
  /** CONFIG_REPORT: ways to tell the host what became of a boot; `auto`: those that are there. */
  reportChannels: readonly ReportChannelName[] | 'auto';
  /** CONFIG_DEFAULT_USER; absent: the distribution's. */
  defaultUser?: string;
  /** CONFIG_SWAP_FILE: bytes, or by memory and room; 0: as the source has it. */
  swapFile: number | 'auto' | 'never';
  /** CONFIG_SEED_WAIT: how long a first boot waits for a late disk at most, in seconds. */
  seedWaitSeconds: number;
  /** CONFIG_NETWORK_MANAGER: whose files to write, whatever is enabled. */
  networkManager: NetworkManagerName | 'auto';
  /** CONFIG_MOUNT_PARAMS: mount options of data disks. */
  mountParameters: string;
  /** CONFIG_DISK_ROOT */
  diskRoot: string;
  /** CONFIG_MOUNT_MODE; CONFIG_ALLOW_MOUNT=0 counts more than this. */
  mountMode: MountMode;
  /** CONFIG_DISK_BUSES */
  diskBuses: readonly DiskBus[];
  /** CONFIG_DISK_FILE_SYSTEMS: types that are mounted beside those that always are. */
  diskFileSystems: readonly string[];
  /** CONFIG_DISK_GROUP: number or name. */
  diskGroup: string;
  /** CONFIG_DISK_WAIT: how long the boot waits for checks of data disks at most, in seconds. */
  diskWaitSeconds: number;
  /** CONFIG_NODHCP: whole interface names. */
  noDhcp: readonly string[];
  /** CONFIG_TIMEZONE where it names a zone, such as `Europe/Paris`. */
  timeZone?: string;
  /** CONFIG_MOTD_FILE; empty if there is none. */
  motdFile: string;
  /** CONFIG_POSTBOOT_TIMEOUT, in seconds. */
  postBootSeconds: number;
  /** CONFIG_PLUGIN_TIMEOUT, in seconds. */
  pluginSeconds: number;
  /** GANDI_PLUGIN_DIR */
  pluginDirectory: string;
  /** GANDI_HOOK_DIR */
  hookDirectory: string;
  /** Every setting as text, for the environment of the admin's own programs. */
  environment: Readonly<Record<string, string>>;
  warnings: readonly SettingsWarning[];
}

/** In every settings file of version 2, which asks not to change it; nothing reads it. */
const UNUSED = 'SERVERURL';

const SETTINGS_FILES = { debian: '/etc/default/gandi', rpm: '/etc/sysconfig/gandi' };

/** More warnings than this are counted only. */
const MOST_WARNINGS = 100;

/** Longest piece of a line that a warning repeats. */
const MOST_CHARACTERS = 60;

/** Text for people: quoted, shortened, control characters escaped. */
const quoted = (text: string) =>
  JSON.stringify(text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text);

function limited(warnings: SettingsWarning[]): SettingsWarning[] {
  const left = warnings.splice(MOST_WARNINGS).length;
  return left === 0 ? warnings : [...warnings, { line: 0, text: `${left} more lines are not understood` }];
}

/** The valid text of each setting, and warnings about everything else that stands in the file. */
function readTexts(text: string): { texts: Map<string, string>; warnings: SettingsWarning[] } {
  const texts = new Map<string, string>(SETTINGS.map((setting) => [setting.name, setting.default]));
  const { assignments, notUnderstood } = parseShellAssignments(text);
  const warnings = notUnderstood.map((rest) => ({
    line: rest.line,
    text: `${quoted(rest.text)} is not understood; expected NAME=value`,
  }));
  const known = new Map<string, (typeof SETTINGS)[number]>(
    SETTINGS.map((setting) => [setting.name, setting]),
  );
  const lines = new Map<string, number>();
  for (const { line, name, value, remark } of assignments.filter((one) => one.name !== UNUSED)) {
    const warn = (reason: string) => warnings.push({ line, text: `${name}: ${reason}` });
    const setting = known.get(name);
    if (setting === undefined) {
      warn('there is no such setting; it is ignored');
      continue;
    }
    if (remark !== undefined) warn(remark);
    const earlier = lines.get(name);
    // Most values are the defaults, which need no look.
    const valid =
      value === setting.default || (value !== undefined && READERS[setting.kind](value) !== undefined);
    if (value !== undefined && valid) {
      if (earlier !== undefined) warn(`set before in line ${earlier}; the last one counts`);
      lines.set(name, line);
      texts.set(name, value);
    } else {
      const found = value === undefined ? 'no plain value' : quoted(value);
      warn(`found ${found}, expected ${EXPECTED[setting.kind]}; it stays ${quoted(texts.get(name) ?? '')}`);
    }
  }
  return { texts, warnings: limited(warnings.sort((one, other) => one.line - other.line)) };
}

/**
 * Reads the settings file. Nothing in it is evaluated, and nothing in it is fatal: what is not understood is a
 * warning, and the setting keeps its default, or what an earlier line gave it.
 * @param text the file's text; empty for the defaults
 * @param path where the text comes from
 */
export function parseSettings(text: string, path: string): Settings {
  if (parsed?.text !== text || parsed.settings.path !== path)
    parsed = { text, settings: toSettings(text, path) };
  return parsed.settings;
}

/** The text of a settings file, and what it says. */
export interface ParsedSettings {
  text: string;
  settings: Settings;
}

/** What was parsed last: programs that share a start have the same file, and parsing it costs five million instructions. */
let parsed: ParsedSettings | undefined;

/** Has a text not be parsed again that an earlier run has parsed. */
export function recallSettings(earlier: ParsedSettings): void {
  parsed = earlier;
}

export const lastParsedSettings = (): ParsedSettings | undefined => parsed;

function toSettings(text: string, path: string): Settings {
  const { texts, warnings } = readTexts(text);
  const settingOf = <T>(name: SettingName, read: (text: string) => T | undefined): T => {
    const value = read(texts.get(name) ?? '');
    if (value === undefined) throw new Error(`the default of ${name} is not valid`);
    return value;
  };
  const switches = SETTINGS.filter(({ kind }) => kind === 'switch' || kind === 'time zone');
  const defaultUser = settingOf('CONFIG_DEFAULT_USER', readOptionalUser);
  const timeZone = settingOf('CONFIG_TIMEZONE', readTimeZone);
  return {
    path,
    switches: Object.fromEntries(
      switches.map(({ name }) => [name, settingOf(name, (value) => readSwitch(value) ?? true)]),
    ) as Record<Switch, boolean>,
    sources: settingOf('CONFIG_SOURCES', readSources),
    reportChannels: settingOf('CONFIG_REPORT', readReportChannels),
    ...(defaultUser === '' ? {} : { defaultUser }),
    swapFile: settingOf('CONFIG_SWAP_FILE', readSwapFile),
    seedWaitSeconds: settingOf('CONFIG_SEED_WAIT', readSeconds),
    networkManager: settingOf('CONFIG_NETWORK_MANAGER', readNetworkManager),
    mountParameters: settingOf('CONFIG_MOUNT_PARAMS', readMountOptions),
    diskRoot: settingOf('CONFIG_DISK_ROOT', readDirectory),
    mountMode: settingOf('CONFIG_MOUNT_MODE', readMountMode),
    diskBuses: settingOf('CONFIG_DISK_BUSES', readDiskBuses),
    diskFileSystems: settingOf('CONFIG_DISK_FILE_SYSTEMS', readFileSystems),
    diskWaitSeconds: settingOf('CONFIG_DISK_WAIT', readWaitingSeconds),
    diskGroup: settingOf('CONFIG_DISK_GROUP', readGroup),
    noDhcp: settingOf('CONFIG_NODHCP', readInterfaces),
    ...(readSwitch(timeZone) === undefined ? { timeZone } : {}),
    motdFile: settingOf('CONFIG_MOTD_FILE', readOptionalFile),
    postBootSeconds: settingOf('CONFIG_POSTBOOT_TIMEOUT', readLongSeconds),
    pluginSeconds: settingOf('CONFIG_PLUGIN_TIMEOUT', readSeconds),
    pluginDirectory: settingOf('GANDI_PLUGIN_DIR', readDirectory),
    hookDirectory: settingOf('GANDI_HOOK_DIR', readDirectory),
    environment: Object.fromEntries(texts),
    warnings,
  };
}

/** Where the settings file is: below /etc/sysconfig only where the guest has it there and not in /etc/default. */
export function settingsPath(files: FileView): string {
  const { debian, rpm } = SETTINGS_FILES;
  return files.status(debian) === undefined && files.status(rpm) !== undefined ? rpm : debian;
}

/**
 * The guest's settings; the defaults if it has no settings file, or one that cannot be read: then with a warning, for
 * the guest is to be reachable all the same.
 */
export function readSettings(files: FileView): Settings {
  const path = settingsPath(files);
  try {
    const text = files.readText(path);
    const target = text === undefined ? files.linkTarget(path) : undefined;
    if (target === undefined) return parseSettings(text ?? '', path);
    const warning = `is a link to ${target}, which is not there: the defaults are used, and nothing is turned off by it; correct or remove it`;
    return { ...parseSettings('', path), warnings: [{ line: 0, text: warning }] };
  } catch (error) {
    const text = `cannot be read (${reasonOf(error)}): the defaults are used; make it a text file`;
    return { ...parseSettings('', path), warnings: [{ line: 0, text }] };
  }
}
