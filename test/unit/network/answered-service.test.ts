import { describe, expect, it } from 'vitest';
import type { NetworkInterface } from '../../../src/machine/system/facts.ts';
import { METRIC_STEP } from '../../../src/metadata/ec2/metric.ts';
import type { GuestConfig } from '../../../src/metadata/guest-config.ts';
import type { InterfaceConfig } from '../../../src/metadata/interface-config.ts';
import { network } from '../../../src/network/network.ts';
import type { Plan } from '../../../src/plan/step.ts';
import type { AppliedRecord } from '../../../src/state/applied.ts';
import { type FileEntries, type FileEntry, makeContext } from '../context.ts';

const device = (number: number): NetworkInterface => ({
  name: `eth${number}`,
  mac: `52:54:00:67:61:0${number}`,
  driver: 'virtio_net',
  queues: 1,
  multiQueue: false,
});

/** ifupdown in a guest that has booted, with a client for DHCP, and with interfaces that are up. */
const booted = (up: string): FileEntries => ({
  '/etc/network/interfaces': 'auto lo\niface lo inet loopback\nsource /etc/network/interfaces.d/50-gandi-*\n',
  '/sbin/dhclient': '',
  '/run/systemd/units/invocation:networking.service': { link: '0123' },
  '/run/network/ifstate': up,
});
const UP = 'lo=lo\neth0=eth0\neth1=eth1\n';

const planFor = (config: GuestConfig, files: FileEntries, applied: AppliedRecord = {}): Plan =>
  network.plan(makeContext({ config, files, applied, facts: { interfaces: [device(0), device(1)] } }));

/** What a plan does, with the words that a command is given. */
const shown = ({ changes }: Plan) =>
  changes.map((change) => {
    if (change.kind === 'run-command') return [change.argv.join(' '), change.input ?? ''].join('\n').trim();
    return 'path' in change ? change.path : change.kind;
  });

const recordOf = ({ digest = '', parts = {} }: Plan): AppliedRecord => ({ network: digest, ...parts });

/** A guest that has booted with DHCP until the service answers: its files, and what is recorded. */
function interimBoot(up = UP, change = (text: string) => text) {
  const interim: GuestConfig = { dhcpOnAll: true, dhcpMetricStep: METRIC_STEP };
  const before = planFor(interim, booted(''));
  const files: Record<string, FileEntry> = { ...booted(up) };
  for (const each of before.changes)
    if (each.kind === 'write-file') files[each.path] = change(String(each.content));
  return { files, applied: recordOf(before) };
}

/** Plans for such a guest what the service says. */
function answered(interfaces: InterfaceConfig[], up = UP, change = (text: string) => text): Plan {
  const { files, applied } = interimBoot(up, change);
  return planFor({ interfaces }, files, applied);
}

const FIRST: InterfaceConfig = { mac: device(0).mac, addresses: [], dhcp4: { metric: 100 } };
const SECOND: InterfaceConfig = {
  mac: device(1).mac,
  addresses: [{ family: 4, address: '10.0.3.20', prefixLength: 24 }],
  dhcp4: { metric: 200 },
  routes: [
    { family: 4, to: '10.0.3.0/24', table: 101 },
    { family: 4, to: '0.0.0.0/0', via: '10.0.3.1', table: 101 },
  ],
  rules: [{ family: 4, from: '10.0.3.15/32', table: 101, priority: 32000 }],
};
const ETH1 = '/etc/network/interfaces.d/50-gandi-eth1';

const ADDED = [
  'ip -4 -batch -',
  'address replace 10.0.3.20/24 broadcast + dev eth1',
  'route replace 10.0.3.0/24 dev eth1 table 101',
  'route replace 0.0.0.0/0 via 10.0.3.1 dev eth1 table 101',
  'rule add from 10.0.3.15/32 table 101 priority 32000',
].join('\n');

describe('interfaces that are up by DHCP when a service of the network says what they are to have', () => {
  it('stay up where they have it, and are given what they lack', () => {
    expect(shown(answered([FIRST, SECOND]))).toEqual([ETH1, ADDED]);
  });

  it('are not touched where they have all of it', () => {
    const lease: InterfaceConfig = { mac: device(1).mac, addresses: [], dhcp4: { metric: 200 } };
    expect(answered([FIRST, lease]).changes).toEqual([]);
  });

  it('are brought up where they are down, and the others are left up', () => {
    expect(shown(answered([FIRST, SECOND], 'lo=lo\neth0=eth0\n'))).toEqual([
      'ifdown eth1',
      ETH1,
      'ifup eth1',
    ]);
  });

  it.each<[string, Partial<InterfaceConfig>]>([
    ['another metric', { dhcp4: { metric: 300 } }],
    ['no lease', { dhcp4: undefined } as object],
    ['an address of IPv6', { addresses: [{ family: 6, address: '2001:db8::5', prefixLength: 128 }] }],
    [
      'an address with a gateway',
      { addresses: [{ family: 4, address: '10.0.3.20', prefixLength: 24, gateway: '10.0.3.1' }] },
    ],
    ['another size of packets', { mtu: 1400 }],
  ])('are taken down where %s is asked for', (_, asked) => {
    expect(shown(answered([FIRST, { ...SECOND, ...asked }]))).toEqual(['ifdown eth1', ETH1, 'ifup eth1']);
  });

  it('are taken down where an admin changed the file', () => {
    const plan = answered([FIRST, SECOND], UP, (text) => text.replace('metric 200', 'metric 7'));
    expect(shown(plan)).toEqual(['ifdown eth1', ETH1, 'ifup eth1']);
  });

  it('have no broadcast address where their network has none', () => {
    const addresses = [{ family: 4, address: '10.0.3.20', prefixLength: 32 } as const];
    expect(shown(answered([FIRST, { ...SECOND, addresses }])).join()).toContain(
      'address replace 10.0.3.20/32 dev eth1',
    );
  });
});

/** What the service says some time after it said `SECOND`: an address more. */
const GROWN: InterfaceConfig = {
  ...SECOND,
  addresses: [...SECOND.addresses, { family: 4, address: '10.0.3.21', prefixLength: 24 }],
  rules: [...(SECOND.rules ?? []), { family: 4, from: '10.0.3.21/32', table: 101, priority: 32000 }],
};

/** Files and kernel of a guest, in which a change can be cut short behind any line of a batch. */
class CutGuest {
  readonly files: Record<string, FileEntry>;
  applied: AppliedRecord;
  /** Words of ip(8) without the verb, of what is in effect. */
  readonly inEffect = new Set<string>();

  constructor() {
    ({ files: this.files, applied: this.applied } = interimBoot());
  }

  /**
   * One run.
   * @param steps how many files and lines of batches it comes to; what it has done it records only where that is all
   */
  run(interfaces: InterfaceConfig[], steps = Number.POSITIVE_INFINITY): void {
    const plan = planFor({ interfaces }, this.files, this.applied);
    let left = steps;
    for (const change of plan.changes) {
      if (change.kind === 'write-file') {
        if (left-- <= 0) return;
        this.files[change.path] = String(change.content);
        continue;
      }
      if (change.kind !== 'run-command') expect.fail(`no other change is made: ${change.kind}`);
      expect(change.argv[0], 'nothing is taken down').toBe('ip');
      for (const line of (change.input ?? '').trimEnd().split('\n')) {
        if (left-- <= 0) return;
        const isDone = this.#ip(line);
        if (!isDone) expect(change.argv, `${line} fails`).toContain('-force');
      }
    }
    if (left > 0) this.applied = recordOf(plan);
  }

  #ip(line: string): boolean {
    const [kind = '', verb = '', ...words] = line.split(' ');
    const what = [kind, ...words].join(' ');
    if (verb === 'delete') return this.inEffect.delete(what);
    if (verb === 'add' && this.inEffect.has(what)) return false;
    this.inEffect.add(what);
    return true;
  }
}

describe('a run that is cut short behind any of its steps', () => {
  const uncut = (...answers: InterfaceConfig[]) => {
    const guest = new CutGuest();
    for (const answer of answers) guest.run([FIRST, answer]);
    return guest;
  };

  it('is made up for by the next one, with all interfaces up', () => {
    const whole = uncut(SECOND);
    expect(whole.inEffect.size).toBe(4);
    // A file and four lines, and before they are recorded.
    for (let steps = 0; steps <= 5; steps++) {
      const guest = new CutGuest();
      guest.run([FIRST, SECOND], steps);
      guest.run([FIRST, SECOND]);
      expect({ ...guest }, `cut behind ${steps}`).toEqual({ ...whole });
    }
  });

  it('is made up for where a second one is cut short, too', () => {
    const whole = uncut(SECOND);
    for (let steps = 0; steps <= 6; steps++) {
      const guest = new CutGuest();
      guest.run([FIRST, SECOND], 3);
      guest.run([FIRST, SECOND], steps);
      guest.run([FIRST, SECOND]);
      expect({ ...guest }, `cut behind ${steps}`).toEqual({ ...whole });
    }
  });

  it('is made up for by what the service says later, which is more', () => {
    const whole = uncut(SECOND, GROWN);
    for (let steps = 0; steps <= 3; steps++) {
      const guest = uncut(SECOND);
      guest.run([FIRST, GROWN], steps);
      guest.run([FIRST, GROWN]);
      expect({ ...guest }, `cut behind ${steps}`).toEqual({ ...whole });
    }
  });

  it('and an answer that says the same changes nothing', () => {
    const guest = uncut(SECOND);
    expect(planFor({ interfaces: [FIRST, SECOND] }, guest.files, guest.applied).changes).toEqual([]);
  });
});

describe('interfaces that have what a service said before', () => {
  const plannedBehind = (before: InterfaceConfig, after: InterfaceConfig) => {
    const guest = new CutGuest();
    guest.run([FIRST, before]);
    return shown(planFor({ interfaces: [FIRST, after] }, guest.files, guest.applied));
  };

  it('are given what is new, and stay up', () => {
    expect(plannedBehind(SECOND, GROWN)).toEqual([
      ETH1,
      [
        'ip -4 -batch -',
        'address replace 10.0.3.21/24 broadcast + dev eth1',
        'rule add from 10.0.3.21/32 table 101 priority 32000',
      ].join('\n'),
    ]);
  });

  it.each<[string, InterfaceConfig]>([
    ['an address', SECOND],
    ['a rule', { ...GROWN, rules: SECOND.rules ?? [] }],
    ['routes', { ...GROWN, routes: [] }],
  ])('are taken down where the service takes %s away', (_, after) => {
    expect(plannedBehind(GROWN, after)).toEqual(['ifdown eth1', ETH1, 'ifup eth1']);
  });
});

it('an interface that is the only one has the metric that its manager gives', () => {
  const context = makeContext({
    config: { dhcpOnAll: true, dhcpMetricStep: METRIC_STEP },
    files: booted(''),
    facts: { interfaces: [device(0)] },
  });
  const texts = network
    .plan(context)
    .changes.flatMap((each) => (each.kind === 'write-file' ? String(each.content) : []));
  expect(texts.join()).toContain('iface eth0 inet dhcp');
  expect(texts.join()).not.toContain('metric');
});
