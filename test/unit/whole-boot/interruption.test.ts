import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Change } from '../../../src/machine/changes/change.ts';
import { describeChange } from '../../../src/machine/changes/change-kinds.ts';
import type { Files } from '../../../src/machine/files/files.ts';
import { captureOutput } from '../captured-output.ts';
import { cutPower, recordChanges, withoutSpaceFor } from '../fault-injection.ts';
import { SimulatedBoot } from './simulated-boot.ts';

vi.mock('../../../src/plan/run-on-machine.ts', () => import('./stand-ins.ts'));
vi.mock('../../../src/mount/with-run.ts', () => import('./stand-ins.ts'));
vi.mock('../../../src/machine/devices/holders.ts', () => import('./stand-ins.ts'));
vi.mock('../../../src/machine/facts/observed-facts.ts', async (original) => {
  const { observeFacts } = await import('./stand-ins.ts');
  return { ...(await original<object>()), observeFacts };
});
vi.mock('../../../src/machine/network/interface-addresses.ts', async (original) => {
  const { presentAddresses } = await import('./stand-ins.ts');
  return { ...(await original<object>()), presentAddresses };
});
vi.mock('../../../src/machine/files/files.ts', async (original) => {
  const actual = await original<{ Files: typeof Files }>();
  return {
    ...actual,
    Files: class extends actual.Files {
      constructor(root = '/', ...others: []) {
        super(root === '/' ? guest.root() : root, ...others);
      }
    },
  };
});
vi.mock('../../../src/machine/commands/commands.ts', async (original) => ({
  ...(await original<object>()),
  SEARCH_PATH: { toString: () => `${guest.root()}/bin:/usr/bin:/bin` },
}));
vi.mock('../../../src/machine/changes/apply.ts', async (original) => {
  const { interruptible } = await import('../fault-injection.ts');
  const { applyChange } = await original<typeof import('../../../src/machine/changes/apply.ts')>();
  return {
    applyChange: interruptible((change, machine, report) => {
      // This machine's own kernel is not the simulated one's.
      const located =
        change.kind === 'set-kernel-value' ? { ...change, path: machine.files.locate(change.path) } : change;
      return applyChange(located, machine, report);
    }),
  };
});

const guest = vi.hoisted(() => ({ root: (): string => '/nowhere' }));
const said = captureOutput();
const boots: SimulatedBoot[] = [];

async function freshGuest(): Promise<SimulatedBoot> {
  const made = await SimulatedBoot.make();
  guest.root = () => made.files.root;
  boots.push(made);
  return made;
}

const removeGuests = () => {
  for (const made of boots.splice(0)) made.remove();
};

beforeEach(() => void vi.stubEnv('GANDI_BOOT', '1'));
afterEach(() => {
  vi.unstubAllEnvs();
  removeGuests();
});

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

describe('a whole first boot, of all four programs', { timeout: 120_000 }, () => {
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
