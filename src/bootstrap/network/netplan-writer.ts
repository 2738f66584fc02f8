import { posix } from 'node:path';
import { isOwn } from '../own-file.ts';
import { renderNetplan } from './netplan.ts';
import { NETPLAN_DIRECTORY, netplanFileOf } from './netplan-files.ts';
import { dropRoutes, liveCommand, type Writer } from './writer.ts';

/** netplan(5), for whichever of systemd-networkd and NetworkManager it writes. */
export const netplan: Writer = {
  filesOf: (header, wanted) => [
    {
      path: `${NETPLAN_DIRECTORY}/50-gandi-${wanted.name}.yaml`,
      content: renderNetplan(header, wanted),
      // netplan warns of files that others can read: they may hold Wi-Fi passwords.
      mode: 0o600,
    },
  ],
  takenBy: (files, device) => netplanFileOf(files, device, isOwn),
  support: () => [],
  supportFiles: [],
  directory: NETPLAN_DIRECTORY,
  ownName: /^50-gandi-.*\.yaml$/,
  interfaceIn: (path) => posix.basename(path).slice('50-gandi-'.length, -'.yaml'.length),
  units: ['systemd-networkd.service', 'NetworkManager.service'],
  activate({ started, changed, outdated }) {
    const apply = liveCommand(['netplan', 'apply'], 60, 'let the network managers take the new files');
    if (started) return { before: dropRoutes(outdated), after: [apply] };
    // In boot netplan's generator has run before us: without this the files would count from the next boot on. It
    // starts the network manager if there is need.
    const generate = liveCommand(['netplan', 'generate'], 60, 'let netplan write for the network managers');
    return { before: [], after: changed.length + outdated.length > 0 ? [generate] : [] };
  },
};
