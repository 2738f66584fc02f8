import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import type { TimeServerConfig } from '../metadata/guest-config.ts';
import { ensureOwnFile, ownHeader } from '../plan/own-file.ts';
import type { Plan, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';
import { readOrder } from './order.ts';

const STEP = 'time-servers';
const COMMAND_SECONDS = 60;

const CHRONY = ['/usr/sbin/chronyd', '/usr/bin/chronyd'];
const CHRONY_CONFIGS = ['/etc/chrony/chrony.conf', '/etc/chrony.conf'];
const TIMESYNCD = ['/usr/lib/systemd/systemd-timesyncd', '/lib/systemd/systemd-timesyncd'];
const TIMESYNCD_FILE = '/etc/systemd/timesyncd.conf.d/50-gandi.conf';

/** A name or an address; what is between would be another word of the file. */
const SERVER = /^[\w.:-]+$/;

/** A file that the time service reads, and how it comes to do that. */
interface Place {
  path: string;
  text: string;
  service: string;
}

const firstThere = (files: FileView, paths: readonly string[]) =>
  paths.find((path) => files.status(path) !== undefined);

/**
 * Where chrony.conf(5) has further files read from.
 * @returns undefined if it has none below /etc
 */
function chronyFile(config: string): string | undefined {
  const directory = (keyword: string) =>
    new RegExp(`^\\s*${keyword}\\s+(/etc/\\S*?)/?\\s*$`, 'im').exec(config)?.[1];
  const [sources, further] = [directory('sourcedir'), directory('confdir')];
  if (sources !== undefined) return `${sources}/gandi.sources`;
  const included = /^\s*include\s+(\/etc\/\S+)\/\*\.conf\s*$/im.exec(config)?.[1];
  const other = further ?? included;
  return other === undefined ? undefined : `${other}/gandi.conf`;
}

function chronyPlace(files: FileView, { servers, pools }: TimeServerConfig): Place | string {
  const main = firstThere(files, CHRONY_CONFIGS);
  const lines = [
    ...servers.map((server) => `server ${server} iburst\n`),
    ...pools.map((pool) => `pool ${pool} iburst\n`),
  ].join('');
  const path = main === undefined ? undefined : chronyFile(files.readText(main) ?? '');
  if (path === undefined)
    return `chrony reads no directory of sources here: put "${lines.trim().replaceAll('\n', '", "')}" into ${main ?? CHRONY_CONFIGS[0]}`;
  // Debian's unit has another name than the others'.
  const isDebian = main === CHRONY_CONFIGS[0];
  return { path, text: lines, service: isDebian ? 'chrony.service' : 'chronyd.service' };
}

function placeFor(files: FileView, asked: TimeServerConfig): Place | string {
  if (firstThere(files, CHRONY) !== undefined) return chronyPlace(files, asked);
  if (firstThere(files, TIMESYNCD) !== undefined) {
    const text = `[Time]\nNTP=${[...asked.servers, ...asked.pools].join(' ')}\n`;
    return { path: TIMESYNCD_FILE, text, service: 'systemd-timesyncd.service' };
  }
  return 'time servers are asked for, and there is neither systemd-timesyncd nor chrony to ask them; install one';
}

/** Plans where the time comes from, for whichever service is installed. What an admin changes later stays. */
export function planTimeServers(context: StepContext): Plan {
  const { files, settings, applied } = context;
  const asked = readOrder(files)?.late?.timeServers;
  if (asked === undefined) return { changes: [] };
  const digest = digestOf(asked);
  if (applied[STEP] === digest) return { changes: [], digest };
  const problem = (text: string): Plan => ({ changes: [], notes: [{ level: 'problem', text }] });
  const all = [...asked.servers, ...asked.pools];
  const wrong = all.find((server) => !SERVER.test(server));
  if (wrong !== undefined) return problem(`${JSON.stringify(wrong)} is no name or address of a time server`);
  if (all.length === 0) return { changes: [], digest };
  const place = placeFor(files, asked);
  if (typeof place === 'string') return problem(place);
  const content = `${ownHeader(settings, 'CONFIG_POSTBOOT')}${place.text}`;
  const write = ensureOwnFile(files, { path: place.path, content, mode: 0o644 }, true);
  const restart: Change = {
    kind: 'run-command',
    argv: ['systemctl', 'try-restart', place.service],
    timeoutSeconds: COMMAND_SECONDS,
    optional: true,
    why: 'have the time come from the servers that the source names',
  };
  return { changes: write.length === 0 ? [] : [...write, restart], digest };
}
