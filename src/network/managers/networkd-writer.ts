import { posix } from 'node:path';
import { isOwn } from '../../plan/own-file.ts';
import { renderNetworkd } from './networkd.ts';
import { earlierNetworkFile, NETWORK_DIRECTORY } from './networkd-files.ts';
import { dropRoutes, liveCommand, NOTHING, type Writer } from './writer.ts';

const nameOfFile = (name: string) => `50-gandi-${name}.network`;

/** Interfaces whose files say the same are left as they are (networkctl(1), reload). */
export const RELOAD_NETWORKD = liveCommand(
  ['networkctl', 'reload'],
  30,
  'let systemd-networkd read its files again',
);

/** systemd-networkd(8). */
export const networkd: Writer = {
  filesOf: (header, wanted) => [
    {
      path: `${NETWORK_DIRECTORY}/${nameOfFile(wanted.name)}`,
      content: renderNetworkd(header, wanted),
      mode: 0o644,
    },
  ],
  takenBy: (files, device) => earlierNetworkFile(files, device, nameOfFile(device.name), isOwn),
  support: () => [],
  supportFiles: [],
  directory: NETWORK_DIRECTORY,
  ownName: /^50-gandi-.*\.network$/,
  interfaceIn: (path) => posix.basename(path).slice('50-gandi-'.length, -'.network'.length),
  units: ['systemd-networkd.service'],
  activate: ({ started, outdated }) =>
    started.length > 0
      ? {
          before: dropRoutes(outdated),
          after: [RELOAD_NETWORKD],
        }
      : NOTHING,
};
