import type { PresentAddress } from '../../../src/machine/network/interface-addresses.ts';
import type { Asked } from '../../../src/state/asked.ts';
import type { Row } from '../../../src/verify/row.ts';
import type { View } from '../../../src/verify/view.ts';
import { type FileEntries, makeFiles } from '../context.ts';

/** Nothing is asked. */
export const NOTHING: Asked = {
  interfaces: [],
  missing: [],
  nameServers: [],
  searchDomains: [],
  accounts: [],
};

export const ADDRESS = { family: 4, address: '192.0.2.10', prefixLength: 24 } as const;
export const PRESENT: PresentAddress = { family: 4, address: '192.0.2.10', prefixLength: 24 };

/** An interface that is up and has a link. */
export const ETH0: FileEntries = {
  '/sys/class/net/eth0/flags': '0x1003\n',
  '/sys/class/net/eth0/ifindex': '2\n',
  '/sys/class/net/eth0/operstate': 'up\n',
  '/sys/class/net/eth0/mtu': '1500\n',
};

/** As /proc/net/route has the default route by 192.0.2.1 on eth0. */
export const DEFAULT_ROUTE = 'head\neth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n';

export function view(files: FileEntries, addresses: PresentAddress[] = [], takenBy?: View['takenBy']): View {
  return {
    files: makeFiles(files),
    addressesOf: (name) => (name === 'eth0' ? addresses : []),
    sshdSettings: () => ({ failure: 'no sshd runs in a test' }),
    ...(takenBy === undefined ? {} : { takenBy }),
  };
}

/** What is not as asked, as it is told. */
export const told = (rows: readonly Row[]) =>
  rows.flatMap(({ verdict, line }) => (verdict === 'as asked' ? [] : [`${verdict}: ${line}`]));
