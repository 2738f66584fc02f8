import { describe, expect, it } from 'vitest';
import { main as program } from '../../../src/guest/program.ts';
import { type Commands, systemCommands } from '../../../src/machine/commands/commands.ts';
import { HOST_DISK_FILE, SOURCE_FILE } from '../../../src/machine/files/paths.ts';
import type { System } from '../../../src/plan/system.ts';
import { captureOutput } from '../captured-output.ts';
import { makeContext } from '../context.ts';
import { archiveHeader } from '../images.ts';
import { BOOTED, cpioDisk, nocloudVolume, type SeededGuest, seededGuest } from '../metadata/seeded-guest.ts';
import { simulatedSystem } from '../simulated-system.ts';

const said = captureOutput();

/** A disk of the host's: a tar archive at byte 524288. */
function hostDisk(): Uint8Array {
  const bytes = new Uint8Array(1024 * 1024);
  bytes.set(archiveHeader(), 524_288);
  return bytes;
}

const onlyNoCloud = { '/etc/default/gandi': 'CONFIG_SOURCES=nocloud\n' };

/** Calls the command in a guest, and counts who has its lock. */
async function accept(guest: SeededGuest, path: string, given: Partial<System> = {}) {
  const locks = { taken: [] as unknown[], released: 0 };
  const system = simulatedSystem({
    open: () => ({ files: guest.files, live: true }),
    commands: systemCommands,
    loadFacts: async () => ({ observeFacts: () => makeContext().facts }),
    locks: {
      async take(name, seconds) {
        locks.taken.push([name, seconds]);
        return () => {
          locks.released++;
        };
      },
      isTaken: () => false,
    },
    ...given,
  });
  return { status: await program(['accept', path], system), locks };
}

const isUnchanged = ({ files }: SeededGuest) =>
  files.status(HOST_DISK_FILE) === undefined && files.status(SOURCE_FILE) === undefined;

describe('a volume of another source than Gandi', () => {
  it('configures the guest from the next boot on; no boot runs meanwhile', async () => {
    const guest = seededGuest(BOOTED);
    const node = guest.attach('sdf', 5, cpioDisk('web2'));
    const { status, locks } = await accept(guest, node);
    expect(status).toBe(0);
    expect(said.stdout).toBe(`${node} (cpio) configures this guest from the next boot on\n`);
    expect(guest.stored()).toMatchObject({ source: 'cpio' });
    expect(locks).toEqual({ taken: [['gandi-bootstrap', 60]], released: 1 });
    expect(await guest.boot()).toMatchObject({ state: 'new', parsed: { config: { hostName: 'web2' } } });
  });

  it('is not taken where the settings leave that source out', async () => {
    const guest = seededGuest({ ...BOOTED, ...onlyNoCloud });
    const node = guest.attach('sdf', 5, cpioDisk('web2'));
    const { status, locks } = await accept(guest, node);
    expect(status).toBe(1);
    expect(said.stdout).toBe('');
    expect(said.stderr).toBe(
      `gandi-guest: ${node} is not taken: the source cpio is not among those that count here; add it to CONFIG_SOURCES; nothing was changed\n`,
    );
    expect(isUnchanged(guest)).toBe(true);
    expect(locks.released).toBe(1);
  });
});

describe('a disk of Gandi’s', () => {
  it('is the host’s from the next boot on, and takes the word from another source', async () => {
    const guest = seededGuest();
    const volume = guest.attach('sr0', 0, nocloudVolume('web1'));
    await guest.boot();
    guest.detach(volume);
    expect(guest.stored()).toMatchObject({ source: 'nocloud' });
    const node = guest.attach('sdf', 5, hostDisk());
    expect((await accept(guest, node)).status).toBe(0);
    expect(said.stdout).toBe(`${node} is the host’s disk from the next boot on\n`);
    expect(guest.files.readText(HOST_DISK_FILE)).toContain('/scsi/0:5:0"');
    expect(guest.stored()).toMatchObject({ source: 'gandi' });
  });

  it('is none where the settings leave Gandi out', async () => {
    const guest = seededGuest({ ...BOOTED, ...onlyNoCloud });
    const node = guest.attach('sdf', 5, hostDisk());
    expect((await accept(guest, node)).status).toBe(1);
    expect(said.stderr).toBe(
      `gandi-guest: ${node} cannot be the host’s disk: the source gandi is not among those that count here; add it to CONFIG_SOURCES; nothing was changed\n`,
    );
    expect(isUnchanged(guest)).toBe(true);
  });

  it('is none that has neither an archive nor a swap area', async () => {
    const guest = seededGuest(BOOTED);
    const node = guest.attach('sdf', 5, new Uint8Array(1024 * 1024));
    expect((await accept(guest, node)).status).toBe(1);
    expect(said.stderr).toContain(`${node} cannot be the host’s disk: neither an archive of the host nor`);
    expect(isUnchanged(guest)).toBe(true);
  });

  it('is none that is not there', async () => {
    const guest = seededGuest(BOOTED);
    const { status, locks } = await accept(guest, '/dev/sdz');
    expect(status).toBe(1);
    expect(said.stderr).toContain('/dev/sdz cannot be the host’s disk: it is no disk or partition');
    expect(locks.released).toBe(1);
  });

  it('that does not answer is neither read for a volume nor taken', async () => {
    const guest = seededGuest(BOOTED);
    const node = guest.attach('sdf', 5, cpioDisk('web2'));
    const asked: string[] = [];
    const commands: Commands = {
      async run(argv) {
        asked.push(argv.join(' '));
        return { argv, stdout: '', stderr: '', failure: 'took longer than 5 s' };
      },
    };
    expect((await accept(guest, node, { commands })).status).toBe(1);
    expect(said.stderr).toContain(`${node} cannot be the host’s disk: no answer within 5 s`);
    expect(asked).toEqual([expect.stringContaining(`if=${node}`)]);
    expect(isUnchanged(guest)).toBe(true);
  });
});

it('nothing is taken while a boot runs that does not end', async () => {
  const guest = seededGuest(BOOTED);
  const node = guest.attach('sdf', 5, cpioDisk('web2'));
  const take = () => Promise.reject(new Error('another gandi-bootstrap is running (process 7)'));
  const locks = { take, isTaken: () => true };
  await expect(accept(guest, node, { locks })).rejects.toThrow('another gandi-bootstrap is running');
  expect(isUnchanged(guest)).toBe(true);
});

it('the lock is given back where the facts cannot be had', async () => {
  const guest = seededGuest(BOOTED);
  let released = 0;
  const locks = {
    take: async () => () => {
      released++;
    },
    isTaken: () => false,
  };
  const loadFacts = () => Promise.reject(new Error('no /proc'));
  await expect(accept(guest, '/dev/sdf', { locks, loadFacts })).rejects.toThrow('no /proc');
  expect(released).toBe(1);
});
