import { mkdirSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Change } from '../../../src/machine/changes/change.ts';
import { takeLock } from '../../../src/machine/files/lock.ts';
import { encodeEraseMark } from '../../../src/machine/formats/erase-mark.ts';
import { readApplied } from '../../../src/state/records.ts';
import { captureOutput } from '../captured-output.ts';
import { cutPower, leaveHalfAFile, recordChanges, withoutSpaceFor } from '../fault-injection.ts';
import { writeAt } from '../images.ts';
import { type Layout, PASSWORD_HASH, RELEASE, SimulatedGuest } from './simulated-guest.ts';

const said = captureOutput();
const guests: SimulatedGuest[] = [];

async function makeGuest(layout: Layout): Promise<SimulatedGuest> {
  const guest = await SimulatedGuest.make(layout);
  guests.push(guest);
  return guest;
}

afterEach(() => {
  for (const guest of guests.splice(0)) guest.remove();
  expect(said.stderr).not.toContain(PASSWORD_HASH);
});

/** A run that nothing disturbs: its changes, and the state it leads to. */
async function peacefulRun(layout: Layout): Promise<{ changes: Change[]; state: Record<string, string> }> {
  const guest = await makeGuest(layout);
  const { changes, result } = await recordChanges(() => guest.bootstrap());
  expect(result.status, said.stderr).toBe('configured');
  return { changes, state: guest.state() };
}

/** Leaves what a change leaves that was cut off in its middle. */
function halfOf(guest: SimulatedGuest): (change: Change) => void {
  const { files, commands } = guest;
  return (change) => {
    if (change.kind === 'write-file' || change.kind === 'copy-range') {
      leaveHalfAFile(files, change.path);
    } else if (change.kind === 'erase-range') {
      const { device, offset, length } = change;
      writeAt(device, offset, encodeEraseMark(length));
      if (length > 512) writeAt(device, offset + 512, new Uint8Array(Math.floor(length / 2)));
      guest.share(device);
    } else if (change.kind === 'unpack-modules') {
      const staging = files.locate(`/lib/modules/.gandi-new/lib/modules/${RELEASE}/kernel`);
      mkdirSync(staging, { recursive: true });
      writeFileSync(`${staging}/half.ko`, 'ha');
    } else if (change.kind === 'run-command' && change.argv[0] === 'useradd') {
      commands.addAccount(change.argv.at(-1) ?? '', change.argv);
      writeFileSync(files.locate('/etc/passwd.lock'), '2');
    }
  };
}

const KINDS = [
  'copy-range',
  'erase-range',
  'make-directory',
  'remove-file',
  'run-command',
  'set-kernel-value',
  'unpack-modules',
  'make-swap',
  'write-file',
] as const;
const minutes = 60_000;
const layouts: Layout[] = [
  'whole disk',
  'gap before the partition',
  'gap before a used partition, and its start',
];

it('cut off while the root file system grows, a first boot has what it did before on record', async () => {
  const { changes } = await peacefulRun('whole disk');
  const growing = changes.findIndex(
    (change) => change.kind === 'run-command' && change.argv[0] === 'resize2fs',
  );
  const guest = await makeGuest('whole disk');
  await cutPower(() => guest.bootstrap(), growing);
  expect(Object.keys(readApplied(guest.files, 'gandi-bootstrap'))).toEqual(
    expect.arrayContaining(['kernel-modules', 'identity', 'users', 'resolver', 'network']),
  );
});

describe('a first boot with a volume that is mounted at the user’s home before', {
  timeout: 2 * minutes,
}, () => {
  async function guestWithHome(): Promise<SimulatedGuest> {
    const guest = await makeGuest('whole disk');
    mkdirSync(guest.files.locate('/home/admin1/lost+found'), { recursive: true });
    return guest;
  }

  it('cut off between any two changes, leads to the same state at the next boot', async () => {
    const peaceful = await guestWithHome();
    const { changes, result } = await recordChanges(() => peaceful.bootstrap());
    expect(result.status, said.stderr).toBe('configured');
    const state = peaceful.state();
    expect(state).toMatchObject({
      '/home/admin1': '755 1000:1000',
      '/home/admin1/.bashrc': '644 1000:1000 prompt\n',
      '/home/admin1/.ssh/authorized_keys': expect.stringMatching(/^600 1000:1000 ssh-ed25519/),
      '/etc/shadow': expect.stringContaining(`admin1:${PASSWORD_HASH}`),
    });
    expect(state).not.toHaveProperty('/var/lib/gandi/new-user');
    expect((await peaceful.bootstrap()).status).toBe('unchanged');
    for (let number = 0; number < changes.length; number++) {
      for (const meanwhile of [undefined, halfOf]) {
        const guest = await guestWithHome();
        await cutPower(() => guest.bootstrap(), number, meanwhile?.(guest));
        guest.restart();
        said.stderr = '';
        const { status } = await guest.bootstrap();
        expect(status, `after ${number} changes: ${said.stderr}`).not.toBe('failed');
        expect(guest.state(), `after ${number} changes`).toEqual(state);
      }
    }
  });
});

describe('a first boot that writes the files of accounts itself', { timeout: 2 * minutes }, () => {
  const files = {
    '/etc/gshadow': 'root:*::\nsudo:*::\n',
    '/etc/login.defs':
      'UMASK 022\nUSERGROUPS_ENAB yes\nPASS_MIN_DAYS 0\nPASS_MAX_DAYS 99999\nPASS_WARN_AGE 7\n',
    '/home/other/.profile': '',
  };
  async function guestAtBoot(): Promise<SimulatedGuest> {
    const guest = await SimulatedGuest.make('whole disk', { files, booting: true });
    guests.push(guest);
    return guest;
  }

  /** Without what tells which of the two ways an account was made: copies, the groups' shadow, and days. */
  const stateOf = (guest: SimulatedGuest) => {
    const { '/etc/gshadow': _, ...state } = guest.state();
    const own = Object.entries(state).filter(([path]) => !/^\/etc\/[a-z]+-$/.test(path));
    return Object.fromEntries(own.map(([path, what]) => [path, what.replaceAll(/:2\d{4}:/g, ':DAY:')]));
  };

  it('starts no program for them; cut off between any two changes, it leads to the same state', async () => {
    const peaceful = await guestAtBoot();
    const { changes, result } = await recordChanges(() => peaceful.bootstrap());
    expect(result.status, said.stderr).toBe('configured');
    const programs = changes.flatMap((change) => (change.kind === 'run-command' ? [change.argv[0]] : []));
    expect(programs).not.toContain('useradd');
    expect(programs).not.toContain('chpasswd');
    const state = stateOf(peaceful);
    expect(state).toMatchObject({
      '/home/admin1': '755 1000:1000',
      '/home/admin1/.bashrc': '644 1000:1000 prompt\n',
      '/home/admin1/.ssh/authorized_keys': expect.stringMatching(/^600 1000:1000 ssh-ed25519/),
      '/etc/shadow': expect.stringMatching(/root:\$6.*\nadmin1:\$6.*:DAY:0:99999:7:::\n$/),
      '/etc/group': expect.stringMatching(/ root:x:0:\nsudo:x:27:admin1\nadmin1:x:1000:\n$/),
    });
    expect((await peaceful.bootstrap()).status).toBe('unchanged');
    for (let number = 0; number < changes.length; number++) {
      const guest = await guestAtBoot();
      await cutPower(() => guest.bootstrap(), number);
      guest.restart();
      said.stderr = '';
      const { status } = await guest.bootstrap();
      expect(status, `after ${number} changes: ${said.stderr}`).not.toBe('failed');
      expect(stateOf(guest), `after ${number} changes`).toEqual(state);
    }
  });

  it('cut off between any two of the files, it leads to the same state', async () => {
    const peaceful = await guestAtBoot();
    const { changes } = await recordChanges(() => peaceful.bootstrap());
    const state = stateOf(peaceful);
    const making = changes.findIndex((change) => change.kind === 'edit-accounts');
    const written = ['passwd', 'shadow', 'group', 'gshadow'] as const;
    for (let count = 0; count <= written.length; count++) {
      const guest = await guestAtBoot();
      await cutPower(
        () => guest.bootstrap(),
        making,
        () => {
          guest.commands.addAccount('admin1', ['-G', 'sudo'], written.slice(0, count));
          for (const file of written) writeFileSync(guest.files.locate(`/etc/${file}.lock`), '2\0');
        },
      );
      guest.restart();
      said.stderr = '';
      const { status } = await guest.bootstrap();
      expect(status, `after ${count} files: ${said.stderr}`).not.toBe('failed');
      expect(stateOf(guest), `after ${count} files`).toEqual(state);
    }
  });
});

describe.each(layouts)('a first boot with the archive on: %s', { timeout: 2 * minutes }, (layout) => {
  it('makes changes of every kind that can be cut off', async () => {
    const { changes, state } = await peacefulRun(layout);
    const kinds = new Set(changes.map(({ kind }) => kind));
    for (const kind of KINDS) expect(kinds).toContain(kind);
    expect(state).toMatchObject({
      '/etc/hostname': expect.stringContaining('web1'),
      '/home/admin1/.ssh/authorized_keys': expect.stringContaining('ssh-ed25519'),
      [`/lib/modules/${RELEASE}/kernel/a.ko`]: expect.stringContaining('module'),
    });
    expect(state).not.toHaveProperty('/gandi/script');
  });

  it('cut off between any two changes, leads to the same state at the next boot', async () => {
    const { changes, state } = await peacefulRun(layout);
    for (let number = 0; number < changes.length; number++) {
      const guest = await makeGuest(layout);
      await cutPower(() => guest.bootstrap(), number);
      guest.restart();
      said.stderr = '';
      const { status } = await guest.bootstrap();
      expect(status, `after ${number} changes: ${said.stderr}`).not.toBe('failed');
      expect(guest.state(), `after ${number} changes`).toEqual(state);
    }
  });

  it('cut off in the middle of any change, leads to the same state at the next boot', async () => {
    const { changes, state } = await peacefulRun(layout);
    for (const [number, change] of changes.entries()) {
      const guest = await makeGuest(layout);
      await cutPower(() => guest.bootstrap(), number, halfOf(guest));
      guest.restart();
      said.stderr = '';
      const { status } = await guest.bootstrap();
      const where = `in change ${number}, ${change.kind}`;
      expect(status, `${where}: ${said.stderr}`).not.toBe('failed');
      expect(guest.state(), where).toEqual(state);
    }
  });

  it('with any one change refused for want of space, says so and makes up for it in the next run', async () => {
    const { changes, state } = await peacefulRun(layout);
    // The last ones record what was done: without them the guest is configured all the same.
    const ofSteps = changes.findIndex(
      (change) => 'path' in change && change.path.startsWith('/var/lib/gandi/applied'),
    );
    for (let number = 0; number < changes.length; number++) {
      const guest = await makeGuest(layout);
      said.stderr = '';
      const report = await withoutSpaceFor(number, () => guest.bootstrap());
      expect(said.stderr, `change ${number}`).toContain('no space left on device');
      // Passwords that cannot be set at once are set one by one.
      const { argv } = { argv: [], ...changes[number] };
      if (number < ofSteps && argv[0] !== 'chpasswd')
        expect(report.status, `change ${number}`).toBe('failed');
      expect((await guest.bootstrap()).status, `change ${number}`).not.toBe('failed');
      expect(guest.state(), `change ${number}`).toEqual(state);
    }
  });

  it('run twice at once, leads to the state of one run', async () => {
    const { state } = await peacefulRun(layout);
    const guest = await makeGuest(layout);
    const locked = async () => {
      const release = await takeLock('gandi-bootstrap', 30, guest.files.locate('/run/gandi'));
      try {
        return (await guest.bootstrap()).status;
      } finally {
        release();
      }
    };
    expect((await Promise.all([locked(), locked()])).sort()).toEqual(['configured', 'unchanged']);
    expect(guest.state()).toEqual(state);
  });
});
