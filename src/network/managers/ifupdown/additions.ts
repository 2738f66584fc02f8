import type { FileView } from '../../../machine/files/files.ts';
import { cidr, type NamedInterface, rulesOf } from '../../addresses.ts';
import { renderIfupdown } from '../ifupdown.ts';
import { routeWords, ruleWords } from './parts.ts';

/** What ifup and ifdown have done in this boot: a line `NAME=STANZA` for each interface that is up. */
const STATE_FILE = '/run/network/ifstate';

/** Whether ifup has brought an interface up, and nobody has taken it down since; another ifup would pass it over. */
export function isUp(files: Pick<FileView, 'readText'>, name: string): boolean {
  const lines = (files.readText(STATE_FILE) ?? '').split('\n');
  return lines.some((line) => line.startsWith(`${name}=`));
}

/** The longest prefix of a network with a broadcast address of its own (RFC 3021). */
const LONGEST_BROADCAST_PREFIX = 30;

/**
 * What an interface that is up lacks of what its new file says, as lines for ip(8) with `-4 -batch`: taken down and up again it
 * would lose its lease for it, and all that goes by way of it.
 * @param before the text of its old file
 * @returns undefined where the new file does not only add IPv4 addresses, routes and rules to the old one
 */
export function additions(before: string, header: string, wanted: NamedInterface): string[] | undefined {
  const { name, addresses, routes = [] } = wanted;
  const rules = rulesOf(wanted);
  if ([...addresses, ...routes, ...rules].some(({ family }) => family !== 4)) return undefined;
  if (addresses.some(({ gateway }) => gateway !== undefined)) return undefined;
  const bare = renderIfupdown(header, { ...wanted, addresses: [], routes: [], rules: [] });
  if (before !== bare || !renderIfupdown(header, wanted).startsWith(bare)) return undefined;
  const broadcast = (prefixLength: number) => (prefixLength > LONGEST_BROADCAST_PREFIX ? '' : ' broadcast +');
  return [
    ...addresses.map((each) => `address add ${cidr(each)}${broadcast(each.prefixLength)} dev ${name}`),
    ...routes.map((route) => routeWords(name, route)),
    ...rules.map((rule) => `rule add ${ruleWords(rule)}`),
  ];
}
