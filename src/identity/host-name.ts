import type { Change } from '../machine/changes/change.ts';
import { firstAddress } from '../metadata/first-address.ts';
import { ensureFile } from '../plan/ensure-file.ts';
import { isOwn, ownHeader } from '../plan/own-file.ts';
import type { Plan, Step, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';

const HOSTS = '/etc/hosts';
const KERNEL_HOST_NAME = '/proc/sys/kernel/hostname';

/** Says which line of /etc/hosts is ours; the rest of a line behind `#` is a comment (hosts(5)). */
export const OUR_HOSTS_LINE = '# gandi-guest';

/** What Debian gives a host that has no fixed address (Debian Reference, 5.1.1). */
const NO_ADDRESS = '127.0.1.1';

const EMPTY_HOSTS = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n';

/** The names of the guest, the whole one first (hosts(5)). */
function namesOf(hostName: string, fqdn: string): string {
  const short = hostName.split('.')[0] ?? hostName;
  return [...new Set([fqdn, hostName, short])].join(' ');
}

/** /etc/hosts as a whole, for a source that wants it so. */
function wholeHosts({ settings }: StepContext, address: string, names: string): string {
  return `${ownHeader(settings, 'CONFIG_HOSTNAME')}${EMPTY_HOSTS}ff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n${address}\t${names}\t${OUR_HOSTS_LINE}\n`;
}

/** What the source wants in /etc/hosts: a line of ours, all of it at each boot, or nothing. */
function hostsChanges(context: StepContext, address: string, news: boolean): Change[] {
  const { files, host } = context;
  const { hostName = '', fqdn = hostName, hostsFile } = host.parsed.config;
  const file = { path: HOSTS, mode: 0o644 };
  if (hostsFile === 'none') return [];
  if (hostsFile === 'whole')
    return ensureFile(files, {
      ...file,
      content: wholeHosts(context, address, namesOf(hostName, fqdn)),
      backup: !isOwn(files.readText(HOSTS)),
    });
  if (!news) return [];
  return ensureFile(files, { ...file, content: renderHosts(files.readText(HOSTS), address, hostName, fqdn) });
}

/**
 * /etc/hosts with the guest's own name.
 * @param text the file as it is; undefined if there is none
 * @returns the file with one line of ours: put in place of an earlier one, or added at the end; unchanged if an
 *   admin's line says the same
 */
export function renderHosts(
  text: string | undefined,
  address: string,
  hostName: string,
  fqdn = hostName,
): string {
  const names = namesOf(hostName, fqdn);
  const ours = `${address}\t${names}\t${OUR_HOSTS_LINE}`;
  const lines = (text ?? EMPTY_HOSTS).split('\n');
  if (lines.at(-1) === '') lines.pop();
  const others = lines.filter((line) => !line.endsWith(OUR_HOSTS_LINE));
  const said = others.some((line) => {
    const [first, ...aliases] = (line.split('#')[0] ?? '').trim().split(/\s+/);
    return first === address && aliases.includes(fqdn);
  });
  if (said) return `${others.join('\n')}\n`;
  const at = lines.findIndex((line) => line.endsWith(OUR_HOSTS_LINE));
  others.splice(at < 0 ? others.length : at, 0, ours);
  return `${others.join('\n')}\n`;
}

/** The address in our line of /etc/hosts. */
function ourAddress(text: string | undefined): string | undefined {
  const line = text?.split('\n').find((each) => each.endsWith(OUR_HOSTS_LINE));
  return line?.trim().split(/\s/, 1)[0];
}

function hasMailName({ files, facts }: StepContext): boolean {
  const debian = facts.os.id === 'debian' || facts.os.like.includes('debian');
  return debian || files.status('/etc/mailname') !== undefined;
}

function plan(context: StepContext): Plan {
  const { files, facts, host, applied } = context;
  const { hostName, fqdn, hostsFile } = host.parsed.config;
  if (hostName === undefined) return { changes: [] };
  // A network that was refused stays as it is, and so does what is said of it here.
  const kept = host.parsed.refused.includes('network') ? ourAddress(files.readText(HOSTS)) : undefined;
  const address = firstAddress(host.parsed.config) ?? kept ?? NO_ADDRESS;
  const digest = digestOf({ hostName, address, fqdn, hostsFile });
  const news = applied[identity.name] !== digest;
  const hosts = hostsChanges(context, address, news);
  if (!news) return { changes: hosts, digest };
  const changes: Change[] = [
    ...ensureFile(files, { path: '/etc/hostname', content: `${hostName}\n`, mode: 0o644 }),
    ...(hasMailName(context)
      ? ensureFile(files, { path: '/etc/mailname', content: `${fqdn ?? hostName}\n`, mode: 0o644 })
      : []),
    ...hosts,
  ];
  if (facts.live && files.readText(KERNEL_HOST_NAME)?.trim() !== hostName) {
    changes.push({ kind: 'set-kernel-value', path: KERNEL_HOST_NAME, value: hostName });
  }
  return { changes, digest };
}

/** The guest's name: in the kernel, /etc/hostname, /etc/mailname and /etc/hosts. */
export const identity: Step = {
  name: 'identity',
  setting: 'CONFIG_HOSTNAME',
  summary: 'host name, live and in /etc/hostname, /etc/mailname and /etc/hosts',
  plan,
};
