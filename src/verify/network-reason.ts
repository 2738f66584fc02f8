import { isUnitStarted } from '../machine/network/network-manager.ts';
import { networkdLink } from '../machine/network/networkd-link.ts';
import type { Reason } from './row.ts';
import type { View } from './view.ts';

/** What a network manager says of an interface that it has to do with. */
interface Answer {
  /** Undefined where it says that all is well. */
  reason?: Reason;
}

/** A manager that knows an interface answers for it, and no other is asked. */
type AskManager = (view: View, name: string, lacking: string | undefined) => Answer | undefined;

/** Files of ours, in the directories of all managers, and what netplan makes of ours for them. */
const OUR_FILE = /\/(5\d|90)-gandi-[^/]*$|\/(10-)?netplan-00-gandi-[^/]*$/;

/** What netplan(8) calls the entry that it made a file of for systemd-networkd. */
const netplanEntry = (file: string) => /^\/run\/systemd\/network\/10-netplan-(.+)\.network$/.exec(file)?.[1];

const isOurText = (text: string | undefined) => text?.startsWith('# Written by gandi-bootstrap') ?? false;

const NETPLAN_DIRECTORY = '/etc/netplan';

/** Ours for netplan: what it makes of an interface that is made, has that one's name alone. */
function netplanText({ files }: View, entry: string): string | undefined {
  const name = files
    .list(NETPLAN_DIRECTORY)
    .find((file) => file.replace(/^5\d-gandi-/, '') === `${entry}.yaml`);
  return name === undefined ? undefined : files.readText(`${NETPLAN_DIRECTORY}/${name}`);
}

/** ifcfg files have the same name, whoever wrote them. */
const isOurs = (view: View, file: string) =>
  OUR_FILE.test(file) ||
  isOurText(view.files.readText(file)) ||
  isOurText(netplanText(view, netplanEntry(file) ?? ''));

/** Whether one of the words of a text is this one, such as an address without the length of its prefix. */
const hasWord = (text: string, word: string | undefined) =>
  word === undefined || text.split(/[\s"']+/).some((each) => each === word || each.startsWith(`${word}/`));

/** netplan's answer for what systemd-networkd goes by: one entry may be in several files, the last of which counts. */
function netplanReason(view: View, id: string, lacking: string | undefined): Reason | undefined {
  const [, section = 'ethernets'] = /^ {2}(bonds|vlans|bridges):$/m.exec(netplanText(view, id) ?? '') ?? [];
  const question = ['netplan', 'get', `${section}.${id}`] as const;
  const said = view.ask?.(question);
  if (said === undefined || hasWord(said, lacking)) return undefined;
  const shown = `${question.join(' ')} shows`;
  return {
    text:
      said.trim() === 'null'
        ? `${shown} nothing any more`
        : `${shown} no ${lacking}: another file says otherwise`,
  };
}

const askNetworkd: AskManager = (view, name, lacking) => {
  const link = networkdLink(view.files, name);
  if (link === undefined || link.state === 'unmanaged') return undefined;
  if (link.state === 'configuring' || link.state === 'pending' || link.state === 'initialized')
    return { reason: { text: 'networkd is still at work on it', passes: true } };
  if (link.file !== undefined && !isOurs(view, link.file)) {
    const text = `networkd uses ${link.file}`;
    const entry = netplanEntry(link.file);
    if (entry === undefined) return { reason: { text } };
    const place = view.takenBy?.(name) ?? `see netplan get ethernets.${entry}`;
    return { reason: { text: `${text}, which netplan made of its entry ${entry} (${place})` } };
  }
  if (link.state === 'failed')
    return { reason: { text: 'networkd failed; see journalctl -b -u systemd-networkd' } };
  const entry = link.file === undefined ? undefined : netplanEntry(link.file);
  const reason = entry === undefined ? undefined : netplanReason(view, entry, lacking);
  return reason === undefined ? {} : { reason };
};

/** Of NetworkManager's device states (NMDeviceState of libnm, nm-dbus-interface.h). */
const NM_UNMANAGED = 10;
const NM_DISCONNECTED = 30;
const NM_ACTIVATED = 100;

/** The file of the profile that NetworkManager uses for an interface. */
function profileOf({ ask }: View, name: string): string | undefined {
  const fields = ['--terse', '--escape', 'no', '--fields', 'DEVICE,FILENAME'];
  const active = ask?.(['nmcli', ...fields, 'connection', 'show', '--active'])?.split('\n') ?? [];
  return active.find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1);
}

const askNetworkManager: AskManager = (view, name) => {
  if (!isUnitStarted(view.files, 'NetworkManager.service')) return undefined;
  const fields = ['--terse', '--escape', 'no', '--fields', 'GENERAL.STATE'];
  const said = view.ask?.(['nmcli', ...fields, 'device', 'show', name]);
  const state = Number(/^GENERAL\.STATE:(\d+)/m.exec(said ?? '')?.[1] ?? NM_UNMANAGED);
  if (state <= NM_UNMANAGED) return undefined;
  if (state <= NM_DISCONNECTED) return { reason: { text: 'NetworkManager uses no profile for it' } };
  if (state < NM_ACTIVATED)
    return { reason: { text: 'NetworkManager is still at work on it', passes: true } };
  if (state > NM_ACTIVATED)
    return { reason: { text: 'NetworkManager failed; see journalctl -b -u NetworkManager' } };
  const file = profileOf(view, name);
  return file === undefined || isOurs(view, file) ? {} : { reason: { text: `NetworkManager uses ${file}` } };
};

const askIfupdown: AskManager = (view, name, lacking) => {
  if (!isUnitStarted(view.files, 'networking.service')) return undefined;
  const said = view.ask?.(['ifquery', name]);
  if (said === undefined) return undefined;
  const place = view.takenBy?.(name);
  if (!hasWord(said, lacking))
    return {
      reason: {
        text: `ifquery ${name} shows no ${lacking}${place === undefined ? '' : `; ${place} configures it`}`,
      },
    };
  if (view.ask?.(['ifquery', '--state', name]) === undefined)
    return { reason: { text: `ifup has not brought it up; see journalctl -b -u networking` } };
  return {};
};

/** In the order of whose hands an interface is in: ifupdown configures also what another one leaves alone. */
const MANAGERS: readonly AskManager[] = [askNetworkd, askNetworkManager, askIfupdown];

/**
 * What the network manager itself says of an interface that is not as asked.
 * @param lacking what it has not, as a manager writes it: an address, a gateway or an MTU; absent: anything else
 * @returns undefined where no manager that runs has to do with it, or all is well as far as it knows
 */
export function managerReason(view: View, name: string, lacking?: string): Reason | undefined {
  for (const ask of MANAGERS) {
    const answer = ask(view, name, lacking);
    if (answer !== undefined) return answer.reason;
  }
  return undefined;
}
