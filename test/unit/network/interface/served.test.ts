import { describe, expect, it } from 'vitest';
import type { NetworkInterface } from '../../../../src/machine/system/facts.ts';
import type { GuestConfig } from '../../../../src/metadata/guest-config.ts';
import { markServedAtBoot } from '../../../../src/network/interface/served.ts';
import { type ContextParts, makeContext } from '../../context.ts';

const device = (name: string): NetworkInterface => ({
  name,
  mac: '52:54:00:00:00:01',
  driver: 'virtio_net',
  queues: 1,
  multiQueue: false,
});

const config: GuestConfig = {
  interfaces: [
    { number: 0, addresses: [{ family: 4, address: '192.0.2.10', prefixLength: 24 }] },
    { number: 1, addresses: [] },
  ],
};

function marked(parts: ContextParts): string[] {
  const facts = { interfaces: [device('eth0'), device('eth1'), device('eth2')] };
  const { files, facts: observed, host, settings } = makeContext({ ...parts, facts });
  const changes = markServedAtBoot(files, observed, host, settings);
  return changes.map((change) => `${change.kind} ${'path' in change ? change.path : ''}`);
}

const directory = 'make-directory /run/gandi/interfaces';
const all = ['eth0', 'eth1', 'eth2'].map((name) => `write-file /run/gandi/interfaces/${name}`);

describe('markServedAtBoot', () => {
  it.each<[string, ContextParts, string[]]>([
    ['what the host gives addresses', { config }, [directory, all[0] ?? '']],
    ['all, where the host says nothing', {}, [directory, ...all]],
    ['all, where the network is the admin’s', { config, settings: 'CONFIG_NETWORK=0' }, [directory, ...all]],
    ['none twice', { config, files: { '/run/gandi/interfaces/eth0': '' } }, []],
    [
      'none that a hook is to be told of',
      { config, files: { '/etc/gandi/hooks/post-iface-attach': { mode: 0o755 } } },
      [],
    ],
  ])('marks %s', (_, parts, expected) => {
    expect(marked(parts)).toEqual(expected);
  });
});
