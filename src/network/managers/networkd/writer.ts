import { posix } from 'node:path';
import { isOwn } from '../../../plan/own-file.ts';
import { linkFiles } from '../link-file.ts';
import { renderNetdev, renderNetworkd } from '../networkd.ts';
import { dropRoutes, liveCommand, NOTHING, type Writer } from '../writer.ts';
import { earlierNetworkFile, NETWORK_DIRECTORY } from './files.ts';

const nameOfFile = (name: string) => `50-gandi-${name}.network`;

/** Interfaces whose files say the same are left as they are (networkctl(1), reload). */
export const RELOAD_NETWORKD = liveCommand(
  ['networkctl', 'reload'],
  30,
  'let systemd-networkd read its files again',
);

/** The same for DHCP, which may go on in the background. */
const TAKE_UP = {
  before: [],
  after: [liveCommand(['networkctl', 'reload'], 60, 'let the network manager read its files again')],
};

/** systemd-networkd(8). */
export const networkd: Writer = {
  filesOf(header, wanted, place) {
    const directory = place === 'lasting' ? NETWORK_DIRECTORY : '/run/systemd/network';
    const netdev = renderNetdev(header, wanted);
    const netdevPath = `${directory}/50-gandi-${wanted.name}.netdev`;
    return [
      {
        path: `${directory}/${nameOfFile(wanted.name)}`,
        content: renderNetworkd(header, wanted),
        mode: 0o644,
      },
      ...(netdev === undefined ? [] : [{ path: netdevPath, content: netdev, mode: 0o644 }]),
      ...linkFiles(header, wanted),
    ];
  },
  thisBoot: { start: () => TAKE_UP, stop: () => TAKE_UP },
  takenBy: (files, device) => earlierNetworkFile(files, device, nameOfFile(device.name), isOwn),
  support: () => [],
  supportFiles: [],
  directory: NETWORK_DIRECTORY,
  ownName: /^50-gandi-.*\.(network|netdev|link)$/,
  interfaceIn: (path) => posix.basename(path).replace(/^50-gandi-|\.(network|netdev|link)$/g, ''),
  leavesDevice: (path) => path.endsWith('.netdev'),
  units: ['systemd-networkd.service'],
  activate: ({ started, outdated }) =>
    started.length > 0
      ? {
          before: dropRoutes(outdated),
          after: [RELOAD_NETWORKD],
        }
      : NOTHING,
};
