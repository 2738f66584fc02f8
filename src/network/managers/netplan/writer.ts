import { posix } from 'node:path';
import type { RunCommand } from '../../../machine/changes/change.ts';
import { isOwn } from '../../../plan/own-file.ts';
import type { NamedInterface } from '../../addresses.ts';
import { losesOverrides, renderNetplan } from '../netplan.ts';
import { RELOAD_NETWORKD } from '../networkd/writer.ts';
import { dropRoutes, liveCommand, type Writer } from '../writer.ts';
import { NETPLAN_DIRECTORY, netplanFileOf } from './files.ts';

/** Rules of udev by which NetworkManager leaves the interfaces of systemd-networkd alone. */
const NM_RULES = '/run/udev/rules.d/90-netplan.rules';

/** Where netplan writes for systemd-networkd, which configures an interface anew when its file is another one. */
const NETWORKD_FILES = '/run/systemd/network';

const GENERATE = liveCommand(['netplan', 'generate'], 60, 'let netplan write for the network managers');

/** The same while systemd-networkd runs, which is to see no change in what stays as it was. */
const GENERATE_WHAT_CHANGED: RunCommand = { ...GENERATE, unchangedFilesStayIn: NETWORKD_FILES };

/**
 * Puts new files into effect. "netplan apply" would have systemd-networkd configure all interfaces anew, also those that
 * are as they were.
 * @param started units of the network managers that are started
 */
const takeNewFiles = (started: readonly string[]): RunCommand[] =>
  started.includes('NetworkManager.service')
    ? [liveCommand(['netplan', 'apply'], 60, 'let the network managers take the new files')]
    : [GENERATE_WHAT_CHANGED, RELOAD_NETWORKD];

/**
 * netplan reads files in the order of their names, and each may only name what was defined before: what others are made
 * of comes first.
 */
const fileName = ({ name, level = 0 }: NamedInterface) => `5${Math.min(level, 9)}-gandi-${name}.yaml`;
const OWN_NAME = /^5\d-gandi-(.*)\.yaml$/;

/** netplan(5), for whichever of systemd-networkd and NetworkManager it writes. */
export const netplan: Writer = {
  filesOf: (header, wanted, place) => [
    {
      path: `${place === 'lasting' ? NETPLAN_DIRECTORY : '/run/netplan'}/${fileName(wanted)}`,
      content: renderNetplan(header, wanted),
      // netplan warns of files that others can read: they may hold Wi-Fi passwords.
      mode: 0o600,
    },
  ],
  refusals: (wanted) =>
    losesOverrides(wanted)
      ? ['leases of IPv6 are used as those of IPv4 are: netplan takes no difference between them']
      : [],
  thisBoot: {
    start: (_name, _path, started) => ({ before: [], after: takeNewFiles(started) }),
    stop: () => ({ before: [], after: [GENERATE_WHAT_CHANGED] }),
  },
  takenBy: (files, device) => netplanFileOf(files, device, isOwn),
  support: () => [],
  supportFiles: [],
  directory: NETPLAN_DIRECTORY,
  ownName: OWN_NAME,
  interfaceIn: (path) => OWN_NAME.exec(posix.basename(path))?.[1] ?? path,
  leavesDevice: (_path, text) => /^ {2}(bonds|vlans|bridges):$/m.test(text),
  units: ['systemd-networkd.service', 'NetworkManager.service'],
  activate({ started, changed, outdated }) {
    // In boot netplan's generator has run before us: without this the files would count from the next boot on. It
    // starts the network manager if there is need.
    if (started.length === 0)
      return { before: [], after: changed.length + outdated.length > 0 ? [GENERATE] : [] };
    return { before: dropRoutes(outdated), after: takeNewFiles(started) };
  },
  // Its generator acts by the files at the very beginning of a boot. What the rules said is forgotten with the next event
  // of an interface.
  abandon: (files) => [
    // netplan 0.106 leaves them as they were where it has nothing to write any more.
    ...(files.status(NM_RULES) === undefined ? [] : [{ kind: 'remove-file', path: NM_RULES } as const]),
    GENERATE,
    liveCommand(['udevadm', 'control', '--reload'], 30, 'forget the rules that netplan wrote'),
    liveCommand(
      ['udevadm', 'trigger', '--action=change', '--subsystem-match=net'],
      30,
      'forget what the rules said of interfaces',
    ),
    liveCommand(['udevadm', 'settle', '--timeout=20'], 30, 'wait until that is done'),
  ],
};
