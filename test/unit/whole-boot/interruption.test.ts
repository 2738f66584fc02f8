import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Change } from '../../../src/machine/changes/change.ts';
import { describeChange } from '../../../src/machine/changes/change-kinds.ts';
import { captureOutput } from '../captured-output.ts';
import { cutPower, recordChanges, withoutSpaceFor } from '../fault-injection.ts';
import { SimulatedBoot } from './simulated-boot.ts';

const said = captureOutput();
const boots: SimulatedBoot[] = [];

async function freshGuest(): Promise<SimulatedBoot> {
  const made = await SimulatedBoot.make();
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
async function peacefulBoot(): Promise<FirstBoot> {
  const made = await freshGuest();
  const { changes, result } = await recordChanges(() => made.boot());
  expect(result, said.stderr).toEqual([0, 0, 0, 0]);
  return { changes, state: made.state() };
}

/** The next boot of a guest whose first one was disturbed. */
async function nextBoot(made: SimulatedBoot, where: string): Promise<void> {
  made.restart();
  said.stderr = '';
  for (const status of await made.boot()) expect([0, 3], `${where}: ${said.stderr}`).toContain(status);
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
    await nextBoot(made, 'undisturbed');
    expect(made.state()).toEqual(state);
  });

  it('stopped before any one change, is made up for by the next boot', async () => {
    for (const [number, change] of changes.entries()) {
      const made = await freshGuest();
      await cutPower(() => made.boot(), number);
      const where = `stopped before change ${number}, ${describeChange(change)}`;
      await nextBoot(made, where);
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
