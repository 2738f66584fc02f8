import type { Change } from '../../../machine/changes/change.ts';
import { RUNTIME_DIRECTORY } from '../../../machine/files/paths.ts';
import { ensureFile } from '../../../plan/ensure-file.ts';
import { isOwn } from '../../../plan/own-file.ts';
import { renderIfupdown, renderLoopback } from '../ifupdown.ts';
import { linkFiles } from '../link-file.ts';
import { askForAddress, giveBack, isInstalled, liveCommand, NOTHING, type Writer } from '../writer.ts';
import { additions, isUp } from './additions.ts';
import { enslavingLine, INTERFACES_DIRECTORY, INTERFACES_FILE, readIfupdownFiles } from './files.ts';

const OWN_PREFIX = `${INTERFACES_DIRECTORY}/50-gandi-`;

const LOOPBACK_FILE = `${OWN_PREFIX}lo`;

/** Duplicate address detection of IPv6 takes ifup a few seconds for each interface. */
const IFUP_SECONDS = 60;

const ADD_SECONDS = 10;

/** Of ip(8) with `-batch` where a line failed; with `-force` it went on behind that. */
const A_LINE_FAILED = 1;

/** In the order in which ifupdown looks for them. */
const CLIENTS = ['dhclient', 'dhcpcd', 'udhcpc'];

// With other characters in its name source-directory would pass the file over.
const pathOf = (name: string) => `${OWN_PREFIX}${name.replace(/[^A-Za-z0-9_-]/g, '_')}`;

/** ifupdown(8): a file an interface, which the admin's file includes. */
export const ifupdown: Writer = {
  filesOf: (header, wanted, place) => [
    {
      path: place === 'lasting' ? pathOf(wanted.name) : `${RUNTIME_DIRECTORY}/ifupdown/${wanted.name}`,
      content: renderIfupdown(header, wanted, place),
      mode: 0o644,
    },
    ...linkFiles(header, wanted),
  ],
  refusals({ dhcp4, dhcp6 }, files) {
    const lines: string[] = [];
    if ([dhcp4, dhcp6].some((lease) => lease?.useRoutes === false))
      lines.push('the routes of a lease are set: ifupdown has no option that leaves them');
    if (dhcp6?.metric !== undefined)
      lines.push(
        'routes of IPv6 have their usual metric: they come by advertisements, to which the kernel gives it',
      );
    // Of several clients ifupdown takes the first.
    const [client] = CLIENTS.filter((each) => isInstalled(files, each));
    if (dhcp4?.identifier !== undefined && client === 'dhcpcd')
      lines.push('the DHCP server is told a DUID, as /etc/dhcpcd.conf asks dhcpcd to; write clientid there');
    return lines;
  },
  thisBoot: {
    start: (name, path) => ({ before: [], after: [askForAddress(['ifup', `--interfaces=${path}`, name])] }),
    stop: (name, path) => ({
      before: [giveBack(['ifdown', '--force', `--interfaces=${path}`, name])],
      after: [],
    }),
    forgetting: (name) => `iface ${name} inet manual\n`,
  },
  clients: CLIENTS,
  takenBy(files, { name }) {
    const read = readIfupdownFiles(files);
    const isOwnFile = (path: string) => isOwn(files.readText(path));
    const stanza = read.stanzas.find((each) => each.interface === name && !isOwnFile(each.file));
    return enslavingLine(read, name, isOwnFile) ?? stanza;
  },
  support(files, header, path) {
    const { stanzas, includes } = readIfupdownFiles(files);
    const changes: Change[] = [];
    if (!includes(path)) {
      const text = files.readText(INTERFACES_FILE) ?? '';
      const end = text === '' || text.endsWith('\n') ? '' : '\n';
      // A backslash at its end would make our line a part of its last one.
      const apart = /\\\n?$/.test(text) ? '\n' : '';
      // No other files: what else lies there unread would come to life.
      const content = `${text}${end}${apart}source ${OWN_PREFIX}*\n`;
      changes.push(...ensureFile(files, { path: INTERFACES_FILE, content, mode: 0o644 }));
    }
    if (stanzas.some((stanza) => stanza.interface === 'lo')) return changes;
    return [
      ...changes,
      ...ensureFile(files, { path: LOOPBACK_FILE, content: renderLoopback(header), mode: 0o644 }),
    ];
  },
  supportFiles: [LOOPBACK_FILE],
  directory: INTERFACES_DIRECTORY,
  ownName: /^50-gandi-/,
  interfaceIn: (path, text) => /^auto (\S+)/m.exec(text)?.[1] ?? path,
  units: ['networking.service'],
  isUp,
  addTo(before, header, wanted) {
    const added = additions(before, header, wanted);
    if (added === undefined) return undefined;
    const why = `give ${wanted.name} its further addresses and routes`;
    const batch = (lines: readonly string[], more: readonly string[] = []) => ({
      ...liveCommand(['ip', '-4', ...more, '-batch', '-'], ADD_SECONDS, why),
      input: lines.map((line) => `${line}\n`).join(''),
    });
    return [
      ...(added.before.length === 0
        ? []
        : [{ ...batch(added.before, ['-force']), successStatuses: [A_LINE_FAILED] }]),
      ...(added.lines.length === 0 ? [] : [batch(added.lines)]),
    ];
  },
  activate({ outdated, configured, started }) {
    if (started.length === 0) return NOTHING;
    // ifdown takes back what the old file says. ifup passes over what is up, and so leaves other interfaces alone.
    const down = liveCommand(['ifdown', ...outdated], IFUP_SECONDS, 'take back the old addresses');
    const up = liveCommand(['ifup', ...configured], IFUP_SECONDS, 'set the new addresses');
    return {
      before: outdated.length === 0 ? [] : [down],
      after: configured.length === 0 ? [] : [up],
    };
  },
};
