import { resolve } from 'node:path';
import { parse } from 'ini';
import { type FileView, statusBehindLinks } from '../../machine/files/files.ts';
import type { Environment } from '../../machine/runtime/environment.ts';
import { HOST_SETTINGS, type HostSetting } from './setting-definitions.ts';

/** A value, and where it comes from. */
export interface Placed {
  value: string;
  /** Such as `/etc/gandi/host.conf:3`, `the command line` or `built in`. */
  from: string;
}

export interface HostSettings {
  values: Readonly<Record<HostSetting, Placed>>;
  /** One line each: what was not understood, where, and what was expected. */
  warnings: readonly string[];
}

interface Line {
  name: string;
  value: string;
  from: string;
}

const isSetting = (name: string): name is HostSetting => Object.hasOwn(HOST_SETTINGS, name);

/** What one line says; by itself, for the library tells no line numbers. */
function parseLine(text: string): [string, string] | undefined {
  const [entry] = Object.entries(parse(text));
  if (entry === undefined) return undefined;
  const [name, value] = entry;
  return typeof value === 'string' ? [name, value] : undefined;
}

/**
 * Lines of a settings file: `name = value`, comments behind `;` or `#`. It is read, never executed.
 * @param text of the file
 * @param path of it
 */
export function parseSettings(text: string, path: string): { lines: Line[]; warnings: string[] } {
  const lines: Line[] = [];
  const warnings: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const from = `${path}:${index + 1}`;
    const content = line.trim();
    if (content === '' || content.startsWith('#') || content.startsWith(';')) continue;
    const parsed = content.startsWith('[') ? undefined : parseLine(content);
    if (parsed === undefined) warnings.push(`${from}: expected name = value`);
    else lines.push({ name: parsed[0], value: parsed[1], from });
  }
  return { lines, warnings };
}

/** Files of settings, the last one wins. A file that somebody named must be there. */
function layers(environment: Environment, named: string | undefined): { path: string; mustExist: boolean }[] {
  // One that is empty counts as absent (XDG Base Directory Specification).
  const home = environment.XDG_CONFIG_HOME || (environment.HOME && `${environment.HOME}/.config`);
  const optional = ['/etc/gandi/host.conf', ...(home ? [`${home}/gandi/host.conf`] : [])];
  const needed = [environment.GANDI_HOST_CONF, named].flatMap((path) => (path ? resolve(path) : []));
  return [
    ...optional.map((path) => ({ path, mustExist: false })),
    ...needed.map((path) => ({ path, mustExist: true })),
  ];
}

const ALL_WRITE = 0o002;

/**
 * Why a file is not read; undefined where it is. What nobody named counts only where nobody else can have written it: it
 * says which libvirt is worked with.
 */
function refusalOf(files: SettingsFiles, path: string, isNamed: boolean, uid: number): string | undefined {
  const status = statusBehindLinks(files, path);
  if (status === undefined || path === '/dev/null') return undefined;
  if (status.kind !== 'file') return 'it is no file';
  if (isNamed) return undefined;
  if (status.uid !== 0 && status.uid !== uid) return 'it belongs to another user';
  return (status.mode & ALL_WRITE) === 0 ? undefined : 'everybody may write it';
}

/** @throws Error in one line for a file that was named and cannot be read */
function readLayer(files: SettingsFiles, path: string, isNamed: boolean, uid: number) {
  const refusal = refusalOf(files, path, isNamed, uid);
  if (refusal !== undefined && isNamed)
    throw new Error(`${path}: ${refusal}, and no settings are read from it`);
  if (refusal !== undefined) return { lines: [], warnings: [`${path} is not read: ${refusal}`] };
  const text = files.readText(path);
  if (text === undefined && isNamed) throw new Error(`${path}: there is no such file of settings`);
  return parseSettings(text ?? '', path);
}

/** What of the host's files is looked at. */
export type SettingsFiles = Pick<FileView, 'readText' | 'status' | 'linkTarget'>;

/**
 * Settings from all layers: built in, /etc/gandi/host.conf, ~/.config/gandi/host.conf, $GANDI_HOST_CONF, `--config`, options.
 * A value that is none leaves the one of the layer below, with a warning; one of the command line is an error, for what was
 * meant is not done with something else.
 * @param options of the command line, by the names of settings
 * @param named the file of `--config`
 * @param uid of the user
 * @throws Error in one line if a file that was named is not there, or an option's value is none
 */
export function readSettings(
  files: SettingsFiles,
  environment: Environment,
  options: Partial<Record<HostSetting, string>> = {},
  named?: string,
  uid = 0,
): HostSettings {
  const warnings: string[] = [];
  const lines: Line[] = [];
  for (const { path, mustExist } of layers(environment, named)) {
    const parsed = readLayer(files, path, mustExist, uid);
    lines.push(...parsed.lines);
    warnings.push(...parsed.warnings);
  }
  for (const [name, value] of Object.entries(options)) {
    const { isValid, expected } = HOST_SETTINGS[name as HostSetting];
    if (!isValid(value)) throw new Error(`--${name} ${value}: expected ${expected}`);
    lines.push({ name, value, from: 'the command line' });
  }
  const names = Object.keys(HOST_SETTINGS) as HostSetting[];
  const builtIn = names.map(
    (name) => [name, { value: HOST_SETTINGS[name].default, from: 'built in' }] as const,
  );
  const values = Object.fromEntries(builtIn) as Record<HostSetting, Placed>;
  for (const { name, value, from } of lines) {
    if (!isSetting(name)) warnings.push(`${from}: unknown setting ${name}; there are ${names.join(', ')}`);
    else if (!HOST_SETTINGS[name].isValid(value))
      warnings.push(`${from}: ${name} is "${value}", expected ${HOST_SETTINGS[name].expected}`);
    else values[name] = { value, from };
  }
  return { values, warnings };
}
