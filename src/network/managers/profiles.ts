import { posix } from 'node:path';
import { parse } from 'ini';
import type { FileView } from '../../machine/files/files.ts';
import { matchesGlob } from '../../machine/files/glob.ts';
import { parseShellAssignments, type ShellAssignment } from '../../machine/formats/text/shell-assignments.ts';
import type { MatchedInterface, Place } from './admin-file.ts';

type IsOwn = (text: string) => boolean;

export const KEYFILE_DIRECTORY = '/etc/NetworkManager/system-connections';

/** Where NetworkManager reads profiles: of files of one name the first counts (NetworkManager.conf(5), [keyfile]). */
export const PROFILE_DIRECTORIES = [
  KEYFILE_DIRECTORY,
  '/run/NetworkManager/system-connections',
  '/usr/lib/NetworkManager/system-connections',
];

/** Copies that editors and packages leave behind; NetworkManager and network-scripts pass them over. */
const COPY = /^\.|~$|\.(bak|orig|rej|old|rpm(save|new|orig)|dpkg-\w+|ucf-\w+)$/;

const lineOf = (text: string, pattern: RegExp) =>
  Math.max(
    0,
    text.split('\n').findIndex((line) => pattern.test(line)),
  ) + 1;

/** A section of an ini file, its values as text. */
function sectionOf(document: Record<string, unknown>, name: string): ReadonlyMap<string, string> {
  const section = document[name];
  if (typeof section !== 'object' || section === null) return new Map();
  return new Map(Object.entries(section).map(([key, value]) => [key, String(value)]));
}

/**
 * Whether patterns of a profile's [match] section fit a name (nm-settings-keyfile(5), match.interface-name): one of them
 * must, all behind `&`, and none behind `!`.
 * @param list with semicolons in between; undefined: any name
 */
function fits(list: string | undefined, name: string): boolean {
  const patterns = (list ?? '').split(/[;,]/).filter((each) => each.trim() !== '');
  const parsed = patterns.map((each) => {
    const [, must = '', not = '', pattern = ''] = /^\s*([|&]?)(!?)(.*?)\s*$/.exec(each) ?? [];
    return {
      must: must === '&' || (must === '' && not !== ''),
      holds: matchesGlob(pattern, name) !== (not !== ''),
    };
  });
  const free = parsed.filter(({ must }) => !must);
  return (
    parsed.every(({ must, holds }) => !must || holds) &&
    (free.length === 0 || free.some(({ holds }) => holds))
  );
}

/** A keyfile's values keep their semicolons, which other ini files have for the begin of a comment. */
const parseKeyfile = (text: string) =>
  parse(text.replace(/^\s*[^#;[\s=][^=]*=.*$/gm, (line) => line.replace(/[;#]/g, '\\$&')));

/** Where a profile says that it is for this interface. */
function placeInProfile(file: string, text: string, device: MatchedInterface): Place | undefined {
  const document = parseKeyfile(text);
  const connection = sectionOf(document, 'connection');
  const type = connection.get('type') ?? '';
  // What is made is known by its name alone.
  if (/^(bond|bridge|vlan)$/.test(type) && connection.get('interface-name') === device.name)
    return { file, line: lineOf(text, /^\s*interface-name\s*=/) };
  if (!/^(802-3-)?ethernet$/.test(type)) return undefined;
  const master = connection.get('controller') ?? connection.get('master');
  // What it is part of brings it up as well.
  if (master === undefined && connection.get('autoconnect') === 'false') return undefined;
  const ethernet = new Map([...sectionOf(document, '802-3-ethernet'), ...sectionOf(document, 'ethernet')]);
  const interfaceName = connection.get('interface-name');
  const mac = ethernet.get('mac-address')?.toLowerCase();
  const at = (key: RegExp): Place => ({
    file,
    line: lineOf(text, key),
    ...(master === undefined ? {} : { master }),
  });
  if (interfaceName !== undefined)
    return interfaceName === device.name ? at(/^\s*interface-name\s*=/) : undefined;
  if (mac !== undefined) return mac === device.mac ? at(/^\s*mac-address\s*=/) : undefined;
  // Before a profile for any interface ours is taken; not so before one that makes the interface a port.
  const patterns = sectionOf(document, 'match').get('interface-name');
  return master !== undefined && fits(patterns, device.name) ? at(/^\s*(controller|master)\s*=/) : undefined;
}

/** The profile of NetworkManager (nm-settings-keyfile(5)) that is for this interface and no other. */
export function profileOf(files: FileView, device: MatchedInterface, isOwn: IsOwn): Place | undefined {
  for (const name of files.list(KEYFILE_DIRECTORY).filter((each) => !COPY.test(each))) {
    const file = `${KEYFILE_DIRECTORY}/${name}`;
    const text = files.readText(file) ?? '';
    const place = isOwn(text) ? undefined : placeInProfile(file, text, device);
    if (place !== undefined) return place;
  }
  return undefined;
}

/** Whether NetworkManager is told to leave /etc/resolv.conf alone (NetworkManager.conf(5), `dns` and `rc-manager`). */
export function leavesResolvConf(files: FileView): boolean {
  const directories = ['/usr/lib/NetworkManager/conf.d', '/etc/NetworkManager/conf.d'];
  const paths = directories.flatMap((directory) =>
    files
      .list(directory)
      .filter((name) => name.endsWith('.conf'))
      .map((name) => `${directory}/${name}`),
  );
  const main = new Map<string, string>();
  for (const path of ['/etc/NetworkManager/NetworkManager.conf', ...paths]) {
    for (const [key, value] of sectionOf(parse(files.readText(path) ?? ''), 'main')) main.set(key, value);
  }
  return main.get('dns') === 'none' || main.get('rc-manager') === 'unmanaged';
}

/** Lines and values of the variables that say which interface an ifcfg file is for. */
function variablesOf(text: string): ReadonlyMap<string, ShellAssignment> {
  return new Map(parseShellAssignments(text).assignments.map((assignment) => [assignment.name, assignment]));
}

/** Variables by which wicked's file of a bond, bridge or team names its ports (ifcfg-bonding(5), ifcfg-bridge(5)). */
const PORT_VARIABLE = /^(BONDING_SLAVE_?\w*|BRIDGE_PORTS|TEAM_PORT_DEVICE_?\w*)$/;

const portIn = (variables: ReadonlyMap<string, ShellAssignment>, interfaceName: string) =>
  [...variables.values()].find(
    ({ name, value }) => PORT_VARIABLE.test(name) && value?.split(/\s+/).includes(interfaceName),
  );

/** Where an ifcfg file says that it is for this interface, or that the interface is part of its own. */
function placeInIfcfg(file: string, text: string, device: MatchedInterface): Place | undefined {
  const ofFile = posix.basename(file).slice('ifcfg-'.length);
  const variables = variablesOf(text);
  const port = portIn(variables, device.name);
  if (port !== undefined) return { file, line: port.line, master: variables.get('DEVICE')?.value ?? ofFile };
  const master = variables.get('MASTER')?.value ?? variables.get('BRIDGE')?.value;
  const part = master === undefined ? {} : { master };
  if (ofFile === device.name) return { file, line: 1, ...part };
  // What it is part of brings it up as well.
  if (master === undefined && /^no$/i.test(variables.get('ONBOOT')?.value ?? '')) return undefined;
  const assignment = variables.get('DEVICE') ?? variables.get('HWADDR');
  const value = assignment?.value?.toLowerCase();
  const wanted = assignment?.name === 'DEVICE' ? device.name.toLowerCase() : device.mac;
  return assignment === undefined || value === undefined || value !== wanted
    ? undefined
    : { file, line: assignment.line, ...part };
}

/** The ifcfg file, other than ours, for an interface: by its name, by DEVICE, or by HWADDR. */
export function ifcfgFileOf(
  files: FileView,
  directory: string,
  device: MatchedInterface,
  isOwn: IsOwn,
): Place | undefined {
  const names = files.list(directory).filter((name) => name.startsWith('ifcfg-') && !COPY.test(name));
  for (const name of names) {
    const file = `${directory}/${name}`;
    const text = files.readText(file) ?? '';
    const place = isOwn(text) ? undefined : placeInIfcfg(file, text, device);
    if (place !== undefined) return place;
  }
  return undefined;
}
