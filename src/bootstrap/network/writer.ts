import type { Change } from '../../machine/change.ts';
import type { Facts } from '../../machine/facts.ts';
import type { FileView } from '../../machine/files.ts';
import { ensureFile } from '../../plan/ensure-file.ts';
import { isOwn } from '../own-file.ts';
import type { NamedInterface } from './addresses.ts';
import { renderIfupdown, renderLoopback } from './ifupdown.ts';
import { INTERFACES_DIRECTORY, INTERFACES_FILE, readIfupdownFiles } from './ifupdown-files.ts';
import { renderNetworkd } from './networkd.ts';
import { earlierNetworkFile, type MatchedInterface, NETWORK_DIRECTORY } from './networkd-files.ts';

/** How one network manager is given its files. */
export interface Writer {
  /** Of the file for an interface. */
  pathOf(name: string): string;
  render(header: string, wanted: NamedInterface): string;
  /** Where an admin's file configures the interface. */
  takenBy(files: FileView, device: MatchedInterface): { file: string; line: number } | undefined;
  /** What must be there beside for the file of an interface to be read. */
  support(files: FileView, header: string, path: string): Change[];
  /** Files of ours that belong to no interface of the host's. */
  supportFiles: readonly string[];
}

const LOOPBACK_FILE = `${INTERFACES_DIRECTORY}/50-gandi-lo`;

const ifupdown: Writer = {
  // With other characters in its name source-directory would pass the file over.
  pathOf: (name) => `${INTERFACES_DIRECTORY}/50-gandi-${name.replace(/[^A-Za-z0-9_-]/g, '_')}`,
  render: renderIfupdown,
  takenBy: (files, { name }) =>
    readIfupdownFiles(files).stanzas.find(
      (stanza) => stanza.interface === name && !isOwn(files.readText(stanza.file)),
    ),
  support(files, header, path) {
    const { stanzas, includes } = readIfupdownFiles(files);
    const changes: Change[] = [];
    if (!includes(path)) {
      const text = files.readText(INTERFACES_FILE) ?? '';
      const end = text === '' || text.endsWith('\n') ? '' : '\n';
      const content = `${text}${end}source ${INTERFACES_DIRECTORY}/*\n`;
      changes.push(...ensureFile(files, { path: INTERFACES_FILE, content, mode: 0o644 }));
    }
    if (stanzas.some((stanza) => stanza.interface === 'lo')) return changes;
    return [
      ...changes,
      ...ensureFile(files, { path: LOOPBACK_FILE, content: renderLoopback(header), mode: 0o644 }),
    ];
  },
  supportFiles: [LOOPBACK_FILE],
};

const nameOfNetworkFile = (name: string) => `50-gandi-${name}.network`;

const networkd: Writer = {
  pathOf: (name) => `${NETWORK_DIRECTORY}/${nameOfNetworkFile(name)}`,
  render: renderNetworkd,
  takenBy: (files, device) => earlierNetworkFile(files, device, nameOfNetworkFile(device.name), isOwn),
  support: () => [],
  supportFiles: [],
};

/** @returns undefined for a manager that cannot be given files yet */
export function writerFor({ networkManager }: Facts): Writer | undefined {
  if (networkManager === 'ifupdown') return ifupdown;
  return networkManager === 'systemd-networkd' ? networkd : undefined;
}

/** Directories that files of ours may be in, whichever manager they were for. */
export const NETWORK_FILE_DIRECTORIES = [INTERFACES_DIRECTORY, NETWORK_DIRECTORY];
