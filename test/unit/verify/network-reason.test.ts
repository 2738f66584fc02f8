import { describe, expect, it } from 'vitest';
import { managerReason } from '../../../src/verify/network-reason.ts';
import type { FileEntries } from '../context.ts';
import { ETH0, view } from './view.ts';

const started = (unit: string): FileEntries => ({
  [`/run/systemd/units/invocation:${unit}`]: { link: 'id' },
});
const NETWORK_MANAGER = started('NetworkManager.service');
const IFUPDOWN = started('networking.service');
const networkd = (file: string, state = 'configured'): FileEntries => ({
  '/run/systemd/netif/links/2': `ADMIN_STATE=${state}\nNETWORK_FILE=${file}\n`,
});

/** Programs by their whole command line; one that is not named does not answer. */
type Answers = Readonly<Record<string, string>>;

const STATE = 'nmcli --terse --escape no --fields GENERAL.STATE device show eth0';
const PROFILES = 'nmcli --terse --escape no --fields DEVICE,FILENAME connection show --active';
const OURS = 'netplan get ethernets.00-gandi-eth0';

function reason(files: FileEntries, answers: Answers, lacking?: string, takenBy?: string) {
  const asked: string[] = [];
  const seen = {
    ...view({ ...ETH0, ...files }, [], takenBy === undefined ? undefined : () => takenBy),
    ask: (argv: readonly string[]) => {
      asked.push(argv.join(' '));
      return answers[argv.join(' ')];
    },
  };
  return { told: managerReason(seen, 'eth0', lacking), asked };
}

describe('managerReason', () => {
  it.each<[string, FileEntries, Answers, string | undefined]>([
    [
      'another profile of NetworkManager’s',
      NETWORK_MANAGER,
      {
        [STATE]: 'GENERAL.STATE:100 (connected)\n',
        [PROFILES]:
          'eth01:/run/x.nmconnection\neth0:/etc/NetworkManager/system-connections/Wired 1.nmconnection\n',
      },
      'NetworkManager uses /etc/NetworkManager/system-connections/Wired 1.nmconnection',
    ],
    [
      'our profile',
      NETWORK_MANAGER,
      {
        [STATE]: 'GENERAL.STATE:100 (connected)\n',
        [PROFILES]: 'eth0:/etc/NetworkManager/system-connections/50-gandi-eth0.nmconnection\n',
      },
      undefined,
    ],
    [
      'our profile in an ifcfg file',
      {
        ...NETWORK_MANAGER,
        '/etc/sysconfig/network-scripts/ifcfg-eth0':
          '# Written by gandi-bootstrap from what the host asks for\n',
      },
      {
        [STATE]: 'GENERAL.STATE:100 (connected)\n',
        [PROFILES]: 'eth0:/etc/sysconfig/network-scripts/ifcfg-eth0\n',
      },
      undefined,
    ],
    [
      'no profile',
      NETWORK_MANAGER,
      { [STATE]: 'GENERAL.STATE:30 (disconnected)\n' },
      'NetworkManager uses no profile for it',
    ],
    [
      'a profile that failed',
      NETWORK_MANAGER,
      { [STATE]: 'GENERAL.STATE:120 (connection failed)\n' },
      'NetworkManager failed; see journalctl -b -u NetworkManager',
    ],
    [
      'ifupdown, which was given another address',
      IFUPDOWN,
      { 'ifquery eth0': 'address: 192.0.2.100\nnetmask: 255.255.255.0\n' },
      'ifquery eth0 shows no 192.0.2.10',
    ],
    [
      'ifupdown, which has not acted',
      IFUPDOWN,
      { 'ifquery eth0': 'address: 192.0.2.10\n' },
      'ifup has not brought it up; see journalctl -b -u networking',
    ],
    [
      'ifupdown, which has acted',
      IFUPDOWN,
      { 'ifquery eth0': 'address: 192.0.2.10\n', 'ifquery --state eth0': 'eth0=eth0\n' },
      undefined,
    ],
    ['ifupdown, which does not know the interface', IFUPDOWN, {}, undefined],
    [
      'ifupdown, to which NetworkManager leaves the interface',
      { ...NETWORK_MANAGER, ...IFUPDOWN },
      { [STATE]: 'GENERAL.STATE:10 (unmanaged)\n', 'ifquery eth0': 'address: 192.0.2.10\n' },
      'ifup has not brought it up; see journalctl -b -u networking',
    ],
    [
      'what netplan made of an entry of the admin’s',
      networkd('/run/systemd/network/10-netplan-any.network'),
      {},
      'networkd uses /run/systemd/network/10-netplan-any.network, which netplan made of its entry any (see netplan get ethernets.any)',
    ],
    [
      'what netplan made of our entry, of which another file changes a part',
      networkd('/run/systemd/network/10-netplan-00-gandi-eth0.network'),
      { [OURS]: 'addresses:\n- "192.0.2.110/24"\n' },
      `${OURS} shows no 192.0.2.10: another file says otherwise`,
    ],
    [
      'what netplan made of an entry that is gone',
      networkd('/run/systemd/network/10-netplan-00-gandi-eth0.network'),
      { [OURS]: 'null\n' },
      `${OURS} shows nothing any more`,
    ],
    [
      'what netplan made of our entry',
      networkd('/run/systemd/network/10-netplan-00-gandi-eth0.network'),
      { [OURS]: 'addresses:\n- "192.0.2.10/24"\n' },
      undefined,
    ],
  ])('tells of %s', (_, files, answers, text) => {
    expect(reason(files, answers, '192.0.2.10').told?.text).toBe(text);
  });

  it('has a manager that is at work for something that passes', () => {
    const { told } = reason(NETWORK_MANAGER, { [STATE]: 'GENERAL.STATE:70 (connecting)\n' });
    expect(told).toEqual({ text: 'NetworkManager is still at work on it', passes: true });
  });

  it('names the admin’s file beside the manager’s answer', () => {
    const place = '/etc/netplan/10-admin.yaml line 4';
    const file = networkd('/run/systemd/network/10-netplan-any.network');
    expect(reason(file, {}, '192.0.2.10', place).told?.text).toContain(place);
    const other = { 'ifquery eth0': 'address: 10.0.0.1\n' };
    expect(reason(IFUPDOWN, other, '192.0.2.10', '/etc/network/interfaces line 3').told?.text).toBe(
      'ifquery eth0 shows no 192.0.2.10; /etc/network/interfaces line 3 configures it',
    );
  });

  it('asks nobody who does not run, and none after the one that has the interface', () => {
    expect(reason({}, {}, '192.0.2.10').asked).toEqual([]);
    const own = networkd('/etc/systemd/network/50-gandi-eth0.network');
    expect(reason({ ...own, ...NETWORK_MANAGER, ...IFUPDOWN }, {}, '192.0.2.10').asked).toEqual([]);
  });

  it('asks nothing of an answer where only a cause is looked for', () => {
    const answers = { 'ifquery eth0': 'address: 10.0.0.1\n', 'ifquery --state eth0': 'eth0=eth0\n' };
    expect(reason(IFUPDOWN, answers).told).toBeUndefined();
  });
});
