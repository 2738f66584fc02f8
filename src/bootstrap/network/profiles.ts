import { parse } from 'ini';
import type { FileView } from '../../machine/files.ts';
import { parseShellAssignments, type ShellAssignment } from '../../machine/shell-assignments.ts';
import type { MatchedInterface, Place } from './admin-file.ts';

type IsOwn = (text: string) => boolean;

export const KEYFILE_DIRECTORY = '/etc/NetworkManager/system-connections';

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

/** The profile of NetworkManager (nm-settings-keyfile(5)) that is for this interface and no other. */
export function profileOf(files: FileView, device: MatchedInterface, isOwn: IsOwn): Place | undefined {
  for (const name of files.list(KEYFILE_DIRECTORY).filter((each) => !COPY.test(each))) {
    const file = `${KEYFILE_DIRECTORY}/${name}`;
    const text = files.readText(file) ?? '';
    if (isOwn(text)) continue;
    const document = parse(text);
    const connection = sectionOf(document, 'connection');
    if (!/^(802-3-)?ethernet$/.test(connection.get('type') ?? '')) continue;
    if (connection.get('autoconnect') === 'false') continue;
    const ethernet = new Map([...sectionOf(document, '802-3-ethernet'), ...sectionOf(document, 'ethernet')]);
    const interfaceName = connection.get('interface-name');
    const mac = ethernet.get('mac-address')?.toLowerCase();
    if (interfaceName === device.name) return { file, line: lineOf(text, /^\s*interface-name\s*=/) };
    if (interfaceName === undefined && mac !== undefined && mac === device.mac)
      return { file, line: lineOf(text, /^\s*mac-address\s*=/) };
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
    if (isOwn(text)) continue;
    if (name === `ifcfg-${device.name}`) return { file, line: 1 };
    const variables = variablesOf(text);
    if (/^no$/i.test(variables.get('ONBOOT')?.value ?? '')) continue;
    const assignment = variables.get('DEVICE') ?? variables.get('HWADDR');
    const value = assignment?.value?.toLowerCase();
    const wanted = assignment?.name === 'DEVICE' ? device.name.toLowerCase() : device.mac;
    if (assignment !== undefined && value !== undefined && value === wanted)
      return { file, line: assignment.line };
  }
  return undefined;
}
