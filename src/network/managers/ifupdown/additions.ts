import type { FileView } from '../../../machine/files/files.ts';
import { cidr, type NamedInterface, rulesOf } from '../../addresses.ts';
import { renderIfupdown } from '../ifupdown.ts';
import { routeOption, routeWords, ruleOptions, ruleWords } from './parts.ts';

/** What ifup and ifdown have done in this boot: a line `NAME=STANZA` for each interface that is up. */
const STATE_FILE = '/run/network/ifstate';

/** Whether ifup has brought an interface up, and nobody has taken it down since; another ifup would pass it over. */
export function isUp(files: Pick<FileView, 'readText'>, name: string): boolean {
  const lines = (files.readText(STATE_FILE) ?? '').split('\n');
  return lines.some((line) => line.startsWith(`${name}=`));
}

/** The longest prefix of a network with a broadcast address of its own (RFC 3021). */
const LONGEST_BROADCAST_PREFIX = 30;

/** Lines for ip(8) with `-4 -batch`. */
export interface Additions {
  /** They may fail, for what they take away need not be there: of two rules that are the same the kernel refuses the second. */
  before: string[];
  lines: string[];
}

const optionsOf = (text: string) => text.split('\n').map((line) => line.trim());

/**
 * What an interface that is up lacks of what its new file says: taken down and up again it would lose its lease for it, and
 * all that goes by way of it.
 * @param before the text of its old file; undefined where the new one is there already, and how much of it is in effect nobody
 *   knows: a run was cut short
 * @returns undefined where the new file does not only add IPv4 addresses, routes and rules to the old one
 */
export function additions(
  before: string | undefined,
  header: string,
  wanted: NamedInterface,
): Additions | undefined {
  const { name, addresses, routes = [] } = wanted;
  const rules = rulesOf(wanted);
  if ([...addresses, ...routes, ...rules].some(({ family }) => family !== 4)) return undefined;
  if (addresses.some(({ gateway }) => gateway !== undefined)) return undefined;
  const bare = renderIfupdown(header, { ...wanted, addresses: [], routes: [], rules: [] });
  const after = renderIfupdown(header, wanted);
  const old = before ?? bare;
  if (!old.startsWith(bare) || !after.startsWith(bare)) return undefined;
  const had = optionsOf(old);
  const stay = optionsOf(after);
  // Nothing takes back what the old file alone has but ifdown.
  if (had.some((option) => !stay.includes(option))) return undefined;
  const lacks = (option: string | undefined) => option === undefined || !had.includes(option);
  const broadcast = (prefixLength: number) => (prefixLength > LONGEST_BROADCAST_PREFIX ? '' : ' broadcast +');
  const newRules = rules.filter((rule) => lacks(ruleOptions(rule)[1]));
  return {
    before: before === undefined ? newRules.map((rule) => `rule delete ${ruleWords(rule)}`) : [],
    lines: [
      ...addresses
        .filter((each) => lacks(`address ${cidr(each)}`))
        .map((each) => `address replace ${cidr(each)}${broadcast(each.prefixLength)} dev ${name}`),
      ...routes.filter((route) => lacks(routeOption(name, route))).map((route) => routeWords(name, route)),
      ...newRules.map((rule) => `rule add ${ruleWords(rule)}`),
    ],
  };
}
