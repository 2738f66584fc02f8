import { expect, it } from 'vitest';
import { serveInterface } from '../../../../src/network/interface/command.ts';
import type { Report } from '../../../../src/state/report.ts';
import { captureOutput } from '../../captured-output.ts';
import { makeContext } from '../../context.ts';
import { simulatedSystem } from '../../simulated-system.ts';
import { temporaryRoot } from '../../temporary-root.ts';

const said = captureOutput();

const CONFIG = JSON.stringify({
  vif: [{ vif_number: 1, pna: [{ pna_address: '192.0.2.20', pbn: { pbn_network: '192.0.2.0/24' } }] }],
});

const ETH1 = { name: 'eth1', mac: '52:54:00:00:00:01', driver: 'virtio_net', queues: 1, multiQueue: false };

async function serve(entries: Record<string, string>, detach = false) {
  const files = temporaryRoot({
    '/etc/network/interfaces': 'auto lo\nsource /etc/network/interfaces.d/*\n',
    '/sys/class/net/eth1/flags': '0x1002\n',
    '/sys/class/net/eth1/ifindex': '3\n',
    ...entries,
  });
  const taken: string[] = [];
  const system = simulatedSystem({
    open: () => ({ files, live: true }),
    loadFacts: async () => ({ observeFacts: () => makeContext({ facts: { interfaces: [ETH1] } }).facts }),
    locks: {
      take: async (name) => {
        taken.push(name);
        return () => undefined;
      },
      isTaken: () => false,
    },
  });
  said.stdout = '';
  const status = await serveInterface({ name: 'eth1', dryRun: true, json: true, detach }, system);
  return { status, taken, report: JSON.parse(said.stdout) as Report };
}

const changes = ({ steps }: Report) => steps.flatMap((step) => step.changes).join('\n');

it('is configured by what the host’s stored configuration says of it, in a report of its own', async () => {
  const { status, report, taken } = await serve({ '/gandi/config': CONFIG });
  expect(status).toBe(0);
  expect(report.program).toBe('gandi-iface@eth1');
  expect(report.steps.map(({ name }) => name)).toEqual(['interface eth1']);
  expect(changes(report)).toContain('write /etc/network/interfaces.d/50-gandi-eth1 (0644)');
  // A dry run has nobody wait.
  expect(taken).toEqual([]);
});

it('asks by DHCP where the settings leave that source out', async () => {
  const { status, report } = await serve({
    '/gandi/config': CONFIG,
    '/etc/default/gandi': 'CONFIG_SOURCES=nocloud\n',
  });
  expect(status).toBe(1);
  expect(changes(report)).toBe('');
  expect(report.steps[0]?.notes[0]?.text).toContain('no DHCP client is installed');
});

it('that is detached is given up', async () => {
  const { status, report } = await serve({ '/gandi/config': CONFIG, '/run/gandi/interfaces/eth1': '' }, true);
  expect(status).toBe(0);
  expect(report.program).toBe('gandi-iface@eth1');
  expect(changes(report)).toBe('remove /run/gandi/interfaces/eth1');
});
