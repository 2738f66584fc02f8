import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Change } from '../../../src/machine/changes/change.ts';
import { describeChange } from '../../../src/machine/changes/change-kinds.ts';
import { makeCpioSeed } from '../../../src/metadata/cpio/seed.ts';
import { makeNoCloudSeed } from '../../../src/metadata/nocloud/seed.ts';
import { captureOutput } from '../captured-output.ts';
import { cutPower, recordChanges, withoutSpaceFor } from '../fault-injection.ts';
import { SimulatedBoot } from './simulated-boot.ts';

const said = captureOutput();
const boots: SimulatedBoot[] = [];

/** Makes a guest that has not booted yet. */
type Make = () => Promise<SimulatedBoot>;

async function freshGuest(make: Make = () => SimulatedBoot.make()): Promise<SimulatedBoot> {
  const made = await make();
  boots.push(made);
  return made;
}

const removeGuests = () => {
  for (const made of boots.splice(0)) made.remove();
};

afterEach(removeGuests);

interface FirstBoot {
  changes: Change[];
  state: Record<string, string>;
}

/** A first boot that nothing disturbs: its changes, and the state that it leads to. */
async function peacefulBoot(make?: Make): Promise<FirstBoot> {
  const made = await freshGuest(make);
  const { changes, result } = await recordChanges(() => made.boot(make !== undefined));
  expect(new Set(result), said.stderr).toEqual(new Set([0]));
  return { changes, state: made.state() };
}

/** The next boot of a guest whose first one was disturbed. */
async function nextBoot(made: SimulatedBoot, where: string, onlySource = false): Promise<void> {
  made.restart();
  said.stderr = '';
  for (const status of await made.boot(onlySource))
    expect([0, 3], `${where}: ${said.stderr}`).toContain(status);
}

describe('a whole first boot, of all four programs', { timeout: 240_000 }, () => {
  let changes: Change[];
  let state: Record<string, string>;

  beforeEach(async () => {
    ({ changes, state } = await peacefulBoot());
  });

  it('does the work of all of them, and the next boot nothing of it', async () => {
    expect(state).toMatchObject({
      '/etc/hostname': expect.stringContaining('web1'),
      '/etc/ssh/ssh_host_ed25519_key': expect.stringContaining('a key'),
      '/home/admin1/.ssh/authorized_keys': expect.stringContaining('ssh-ed25519'),
      mounts: '/srv/volume',
      ran: 'command script',
      steady: 'gandi-bootstrap gandi-bootstrap.bytes gandi-config',
    });
    expect(state).not.toHaveProperty('/gandi/init');
    const made = await freshGuest();
    await made.boot();
    expect(made.doneByOneStart).toBe(1);
    await nextBoot(made, 'undisturbed');
    expect(made.doneByOneStart).toBe(1);
    expect(made.state()).toEqual(state);
  });

  it('stopped before any one change, is made up for by the next boot', async () => {
    for (const [number, change] of changes.entries()) {
      const made = await freshGuest();
      await cutPower(() => made.boot(), number);
      const where = `stopped before change ${number}, ${describeChange(change)}`;
      await nextBoot(made, where);
      expect(made.state(), where).toEqual(state);
      await nextBoot(made, `${where}, and booted twice`);
      expect(made.state(), where).toEqual(state);
      removeGuests();
    }
  });

  it('with any one change refused, says so and is made up for by the next boot', async () => {
    for (const [number, change] of changes.entries()) {
      const made = await freshGuest();
      said.stderr = '';
      await withoutSpaceFor(number, () => made.boot());
      const where = `refused change ${number}, ${describeChange(change)}`;
      expect(said.stderr, where).toContain('no space left on device');
      await nextBoot(made, where);
      expect(made.state(), where).toEqual(state);
      removeGuests();
    }
  });
});

const KEY = `ssh-ed25519 ${Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0 '.padEnd(51, 'k'), 'latin1').toString('base64')}`;
const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const leave = (word: string) => `echo ${word} >> "$TRACE"`;

const nocloud = makeNoCloudSeed({
  'meta-data': bytes('instance-id: iid-1\nlocal-hostname: web1\n'),
  'network-config': bytes(
    'version: 1\nconfig: [{type: physical, name: eth0, subnets: [{type: static, address: 192.0.2.10/24, gateway: 192.0.2.1}]}]\n',
  ),
  'user-data': bytes(`#cloud-config
users: [{name: admin1, ssh_authorized_keys: ["${KEY}"]}, {name: root, ssh_authorized_keys: ["${KEY}"]}]
write_files: [{path: /etc/early, content: x}, {path: /etc/late, content: y, defer: true}]
runcmd: ['${leave('runcmd')}']
final_message: done
`),
});
const cpio = makeCpioSeed({
  nodename: bytes('web1\n'),
  // The guest has no DHCP client.
  'config.toml': bytes('[network]\nskip = true\n'),
  authorized_keys: bytes(`${KEY}\n`),
  'firstboot.sh': bytes(`#!/bin/sh\n${leave('firstboot')}\n`),
});

describe.each<[string, Make, Record<string, unknown>]>([
  [
    'NoCloud',
    () => SimulatedBoot.make({ image: nocloud, label: 'cidata' }),
    {
      '/etc/early': expect.stringMatching(/x$/),
      '/etc/late': expect.stringMatching(/y$/),
      '/home/admin1/.ssh/authorized_keys': expect.stringContaining('ssh-ed25519'),
      ran: 'runcmd',
    },
  ],
  [
    'CPIO',
    () => SimulatedBoot.make({ image: cpio }, { '/sys/class/dmi/id/sys_vendor': 'QEMU\n' }),
    { ran: 'firstboot' },
  ],
])('a whole first boot by %s', { timeout: 240_000 }, (_, make, expected) => {
  it('stopped before any one change, is made up for by the next boot', async () => {
    const { changes, state } = await peacefulBoot(make);
    expect(state).toMatchObject({
      '/etc/hostname': expect.stringContaining('web1'),
      '/root/.ssh/authorized_keys': expect.stringContaining('ssh-ed25519'),
      ...expected,
    });
    for (const [number, change] of changes.entries()) {
      const made = await freshGuest(make);
      await cutPower(() => made.boot(true), number);
      const where = `stopped before change ${number}, ${describeChange(change)}`;
      await nextBoot(made, where, true);
      expect(made.state(), where).toEqual(state);
      removeGuests();
    }
  });
});
