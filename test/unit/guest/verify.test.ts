import { expect, it } from 'vitest';
import { main as program } from '../../../src/guest/program.ts';
import { systemCommands } from '../../../src/machine/commands/commands.ts';
import type { PresentAddress } from '../../../src/machine/network/interface-addresses.ts';
import type { Facts } from '../../../src/machine/system/facts.ts';
import { captureOutput } from '../captured-output.ts';
import { makeContext } from '../context.ts';
import { archiveHeader } from '../images.ts';
import { nocloudVolume, type SeededGuest, seededGuest } from '../metadata/seeded-guest.ts';
import { simulatedSystem } from '../simulated-system.ts';

const said = captureOutput();

const ETH0 = {
  '/sys/class/net/eth0/flags': '0x1003\n',
  '/sys/class/net/eth0/ifindex': '2\n',
  '/sys/class/net/eth0/operstate': 'up\n',
  '/sys/class/net/eth0/mtu': '1500\n',
};

const CONFIG = JSON.stringify({
  vm_hostname: 'web1',
  vif: [
    {
      vif_number: 0,
      pna: [{ pna_address: '192.0.2.10', pbn: { pbn_network: '192.0.2.0/24', pbn_gateway: '192.0.2.1' } }],
    },
  ],
});

const ADDRESS: PresentAddress = { family: 4, address: '192.0.2.10', prefixLength: 24 };

/** Rows as JSON of what the guest with these facts and addresses shows. */
async function verify({ files }: SeededGuest, facts: Partial<Facts> = {}, addresses = [ADDRESS]) {
  const system = simulatedSystem({
    open: () => ({ files, live: true }),
    commands: systemCommands,
    loadFacts: async () => ({ observeFacts: () => makeContext({ facts }).facts }),
    loadAddresses: async () => ({ presentAddresses: () => addresses }),
  });
  said.stdout = '';
  const status = await program(['verify', '--json'], system);
  return { status, rows: JSON.parse(said.stdout).rows as Record<string, string>[] };
}

const row = (rows: readonly Record<string, string>[], what: RegExp) =>
  rows.find((each) => what.test(each.what ?? ''));

it('compares what a source said at an earlier boot with the running system', async () => {
  const guest = seededGuest({ '/proc/sys/kernel/hostname': 'web1\n' });
  guest.detach(guest.attach('sr0', 0, nocloudVolume('web1')));
  expect((await verify(guest)).status).toBe(3);
  guest.attach('sr0', 0, nocloudVolume('web1'));
  await guest.boot(['nocloud']);
  const { rows } = await verify(guest);
  expect(row(rows, /host ?name/)).toMatchObject({ asked: 'web1', shown: 'web1', verdict: 'as asked' });
});

it('finds the host’s disk again, which is to be used as swap', async () => {
  const guest = seededGuest({ '/gandi/config': CONFIG, '/proc/sys/kernel/hostname': 'web1\n', ...ETH0 });
  expect(row((await verify(guest)).rows, /^swap/)).toBeUndefined();
  const bytes = new Uint8Array(1024 * 1024);
  bytes.set(archiveHeader(), 524_288);
  const node = guest.attach('sdf', 5, bytes, { vendor: 'gandi.ne' });
  const { status, rows } = await verify(guest);
  expect(row(rows, /^swap/)).toMatchObject({ asked: node, shown: 'none', verdict: 'differs' });
  expect(status).toBe(1);
});

it('tells where an admin’s file has an interface that is not as asked', async () => {
  const interfaces = 'auto lo\niface lo inet loopback\nauto eth0\niface eth0 inet manual\n';
  const guest = seededGuest({
    '/gandi/config': CONFIG,
    '/proc/sys/kernel/hostname': 'web1\n',
    '/etc/network/interfaces': interfaces,
    ...ETH0,
  });
  const differing = async (facts: Partial<Facts>) =>
    row((await verify(guest, facts, [])).rows, /eth0/)?.line ?? '';
  expect(await differing({ networkManager: 'ifupdown' })).toContain('/etc/network/interfaces line 4');
  expect(await differing({ networkManager: undefined })).not.toContain('/etc/network/interfaces');
  expect(row((await verify(guest)).rows, /eth0/)).toMatchObject({ verdict: 'as asked' });
});

it('shows data disks of this boot', async () => {
  const disks = [
    {
      node: '/dev/sdc',
      name: 'data',
      deviceNumber: '8:32',
      state: 'failed',
      why: 'no file system',
      since: '2026',
    },
  ];
  const guest = seededGuest({
    '/gandi/config': CONFIG,
    '/run/gandi/disks.json': JSON.stringify({ disks }),
    ...ETH0,
  });
  expect(row((await verify(guest)).rows, /sdc/)).toMatchObject({ verdict: 'differs' });
});
