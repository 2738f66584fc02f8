import { expect, it } from 'vitest';
import { main } from '../../../src/bootstrap/start.ts';
import { showStatus } from '../../../src/guest/status.ts';
import type { Commands } from '../../../src/machine/commands/commands.ts';
import { METADATA_NETWORK, METADATA_ORDER } from '../../../src/machine/files/paths.ts';
import { captureOutput } from '../captured-output.ts';
import { makeContext } from '../context.ts';
import { simulatedSystem } from '../simulated-system.ts';
import { temporaryRoot } from '../temporary-root.ts';

const said = captureOutput();

/** A running guest without disks and interfaces, of which nothing outside of its directory is touched. */
function runningGuest(vendor: string) {
  const files = temporaryRoot({
    '/etc/hostname': 'old\n',
    '/etc/hosts': '127.0.0.1\tlocalhost\n',
    '/etc/network/interfaces': 'auto lo\niface lo inet loopback\n',
    '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\n',
    '/etc/group': 'root:x:0:\n',
    '/proc/swaps': 'headings\n',
    '/proc/self/mountinfo': '1 0 8:0 / / rw - ext4 /dev/root rw\n',
    '/proc/sys/kernel/random/boot_id': 'one\n',
    '/run/gandi/interfaces/.keep': '',
    '/sys/class/dmi/id/sys_vendor': `${vendor}\n`,
  });
  const commands: Commands = {
    run: (argv) => Promise.resolve({ argv, exitCode: 0, stdout: '', stderr: '' }),
  };
  const observeFacts = () => makeContext({ facts: { interfaces: [] } }).facts;
  const system = simulatedSystem({
    open: () => ({ files, live: true }),
    commands,
    loadFacts: () => Promise.resolve({ observeFacts }),
  });
  const marks = () => [METADATA_ORDER, METADATA_NETWORK].filter((path) => files.status(path) !== undefined);
  return { files, system, marks };
}

it('a boot leaves no order where the firmware names no host with a service, and the run that would ask asks nobody', async () => {
  const { system, marks } = runningGuest('QEMU');
  expect(await main([], system)).toBeLessThan(4);
  expect(marks()).toEqual([]);
  said.stdout = '';
  expect(await main(['metadata', '--json'], system)).toBe(3);
  const report = JSON.parse(said.stdout);
  expect(report).toMatchObject({
    program: 'gandi-metadata',
    status: 'nothing-found',
    steps: [],
    problems: [],
  });
  expect(report.sources).toContainEqual({
    source: 'ec2',
    outcome: 'not asked: this is no guest of such a host, by its firmware',
  });
});

it('a boot leaves the order where it does, and its status waits for that run', async () => {
  const { system, marks } = runningGuest('Amazon EC2');
  await main([], system);
  expect(marks()).toEqual([METADATA_ORDER, METADATA_NETWORK]);
  said.stdout = '';
  await showStatus({ root: '/', timeout: 0 }, system);
  expect(said.stdout).toMatch(/gandi-metadata: not-run in this boot/);
  expect(said.stdout).toMatch(/ec2\s+is asked when the network is up/);
});
