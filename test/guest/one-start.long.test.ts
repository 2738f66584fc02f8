import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Guest } from './guest.ts';
import type { GuestFile } from './image.ts';
import type { MachineOptions } from './machine.ts';
import { makeKeyPair } from './ssh.ts';
import { hostConfig, hostNetworks, seedDisk, toolkitImage } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

const UNITS = '/etc/systemd/system';
const UNIT = 'gandi-config.service';

/** Of a target of the admin's that brings all that an ordinary boot does. */
const ownTarget = '[Unit]\nRequires=multi-user.target\nAfter=multi-user.target\nAllowIsolate=yes\n';

interface Setup {
  readonly files?: Readonly<Record<string, GuestFile>>;
  /** By their paths in the guest. */
  readonly links?: Readonly<Record<string, string>>;
  readonly machine?: Partial<MachineOptions>;
}

/** Boots a guest that its host configures, as an admin prepared it. */
function firstBoot(name: string, { files = {}, links = {}, machine = {} }: Setup): Guest {
  return useGuest(`one-start-${name}`, {
    image: (folder) => {
      const tree = join(folder, 'tree');
      for (const [path, target] of Object.entries(links)) {
        mkdirSync(dirname(join(tree, path)), { recursive: true });
        symlinkSync(target, join(tree, path));
      }
      mkdirSync(tree, { recursive: true });
      return toolkitImage({ files, overlays: [tree] });
    },
    machine: async (folder) => {
      const { publicKey } = await makeKeyPair(join(folder, 'key'));
      const seed = await seedDisk(folder, 'seed.img', { config: hostConfig(publicKey) });
      return { ...machine, disks: [{ disk: seed }], interfaces: hostNetworks };
    },
  }).guest;
}

/** What the start of gandi-bootstrap leaves for the other unit, which says it and empties it. */
const doneBefore = (guest: Guest) =>
  guest.output('stat -c %s /run/gandi/done-gandi-config 2> /dev/null || echo none');
const sshSettings = (guest: Guest) => guest.output('ls /etc/ssh/sshd_config.d');
const status = async (guest: Guest) => (await guest.run('gandi-guest status --wait')).stdout;

/** All is as by one start, whoever did it. */
async function expectConfigured(guest: Guest): Promise<void> {
  expect(await status(guest)).toMatch(/^configured\n/);
  expect(await status(guest)).toContain('gandi-config: configured (this boot');
  expect(await sshSettings(guest)).toContain('90-gandi.conf');
  expect(await guest.output(`systemctl show -P Result -P ExecMainStatus ${UNIT}`)).toBe('success\n0');
}

/** The unit did its own work, and found all as it is to be. */
async function expectConfiguredAgain(guest: Guest): Promise<void> {
  expect(await status(guest)).toContain('gandi-config: unchanged (this boot');
  expect(await doneBefore(guest)).toBe('none');
  expect(await guest.output(`systemctl show -P Result -P ExecMainStatus ${UNIT}`)).toBe('success\n0');
}

/** Nothing of gandi-config's work is done, and all of gandi-bootstrap's. */
async function expectLeft(guest: Guest): Promise<void> {
  // Without waiting for a unit that may be enabled, and is kept from starting.
  const { stdout } = await guest.run('gandi-guest status');
  expect(stdout).toContain('gandi-bootstrap: configured (this boot');
  expect(stdout).not.toContain('gandi-config: configured');
  expect(await doneBefore(guest)).toBe('none');
  expect(await sshSettings(guest)).not.toContain('90-gandi.conf');
  expect(await guest.output('hostname; id -u admin1')).toMatch(/^\S+\n\d+$/);
}

/** When each unit began and was up, in microseconds of the boot. */
async function times(guest: Guest, unit: string): Promise<{ began: number; up: number }> {
  const shown = await guest.output(
    `systemctl show -P InactiveExitTimestampMonotonic -P ActiveEnterTimestampMonotonic '${unit}'`,
  );
  const [began = 0, up = 0] = shown.split('\n').map(Number);
  return { began, up };
}

describe('a first boot as the package has it', () => {
  const guest = firstBoot('packaged', {});

  it('does the work of both units by one start', async () => {
    await expectConfigured(guest);
    expect(await doneBefore(guest)).toBe('0');
  });

  it('has it done before the network, and what depends on it starts behind the units', async () => {
    const bootstrap = await times(guest, 'gandi-bootstrap.service');
    const config = await times(guest, UNIT);
    expect(bootstrap.up).toBeGreaterThan(0);
    expect(config.began).toBeGreaterThanOrEqual(bootstrap.up);
    expect((await times(guest, 'networking.service')).began).toBeGreaterThanOrEqual(bootstrap.up);
    expect((await times(guest, 'sysinit.target')).up).toBeGreaterThanOrEqual(bootstrap.up);
    for (const later of ['ssh.service', 'getty@tty1.service', 'serial-getty@ttyS0.service', 'cron.service']) {
      const { began } = await times(guest, later);
      if (began !== 0) expect(began, later).toBeGreaterThanOrEqual(config.up);
    }
    expect((await times(guest, 'ssh.service')).began).toBeGreaterThan(0);
  });

  it('is told as it was: no unit failed, and the work of gandi-config is where it was done', async () => {
    const { boots } = JSON.parse(await guest.output('gandi-guest analyze --json'));
    const units: { unit: string; hasFailed: boolean; programs: { program: string }[] }[] = boots[0].units;
    expect(units.filter(({ hasFailed }) => hasFailed)).toEqual([]);
    const programs = units.map(({ unit, programs: ran }) => [unit, ran.map(({ program }) => program)]);
    expect(Object.fromEntries(programs)).toMatchObject({
      'gandi-bootstrap.service': ['gandi-bootstrap', 'gandi-config'],
      // Without a data disk its condition ends it.
      'gandi-mount.service': [],
      [UNIT]: [],
    });
  });

  it('is drawn into files alone', async () => {
    const { exitCode, stderr } = await guest.run('gandi-guest analyze --svg /dev/null');
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/cannot write \/dev\/null: this is no file/),
    ]);
    expect(await guest.output('stat -c %F /dev/null')).toBe('character special file');
  });

  it('leaves the work of gandi-config where the admin starts gandi-bootstrap again', async () => {
    const records = '/var/lib/gandi/steady/gandi-* /run/gandi/gandi-config.json /run/gandi/done-gandi-config';
    await guest.output(`rm ${records}; systemctl restart gandi-bootstrap.service`);
    expect(await doneBefore(guest)).toBe('none');
    expect(await guest.output('ls /run/gandi')).not.toContain('gandi-config.json');
    await guest.output(`systemctl restart ${UNIT}`);
    await expectConfiguredAgain(guest);
  });

  it('does its work again where the admin starts the unit once more', async () => {
    await guest.output(`rm /etc/ssh/sshd_config.d/90-gandi.conf; systemctl restart ${UNIT}`);
    expect(await sshSettings(guest)).toContain('90-gandi.conf');
  });
});

describe('gandi-config is masked', () => {
  const guest = firstBoot('masked', { links: { [`${UNITS}/${UNIT}`]: '/dev/null' } });
  it('and its work is left', () => expectLeft(guest));
});

describe('gandi-config is masked at the boot prompt', () => {
  // A generator of systemd's reads that, which the quick initial RAM disk leaves out.
  const guest = firstBoot('prompt', {
    machine: { kernelArguments: [`systemd.mask=${UNIT}`], asDistributed: true },
  });
  it('and its work is left', () => expectLeft(guest));

  it('and nobody waits for it', async () => {
    expect((await guest.run('gandi-guest status --wait --timeout 30')).stdout).toMatch(/^configured\n/);
  });
});

describe('gandi-config is turned off by a drop-in', () => {
  const never = '[Unit]\nConditionPathExists=/nonexistent\n';
  const guest = firstBoot('condition', { files: { [`${UNITS}/${UNIT}.d/off.conf`]: never } });
  it('and its work is left', () => expectLeft(guest));
});

describe.each([UNIT, 'gandi-bootstrap.service', 'gandi-.service', 'service'])('%s has a drop-in', (of) => {
  const settings = '[Service]\nEnvironment=OF_THE_ADMIN=1\n';
  const guest = firstBoot(`drop-in-${of}`, { files: { [`${UNITS}/${of}.d/own.conf`]: settings } });

  it('and gandi-config does its own work', async () => {
    await expectConfigured(guest);
    expect(await doneBefore(guest)).toBe('none');
  });
});

describe('the guest boots into a target of the admin’s', () => {
  const guest = firstBoot('target', {
    files: { [`${UNITS}/own.target`]: ownTarget },
    links: { [`${UNITS}/default.target`]: `${UNITS}/own.target` },
  });

  it('and gandi-config does its own work', async () => {
    await expectConfigured(guest);
    expect(await doneBefore(guest)).toBe('none');
    expect(await guest.output('systemctl is-active own.target')).toBe('active');
  });
});

describe('a hook of the admin’s', () => {
  const text = '#!/bin/sh\necho hook >> /root/ran\n';
  const guest = firstBoot('hook', { files: { '/etc/gandi/hooks/post-vm-config': { text, mode: 0o755 } } });

  it('runs once, in the unit of its program', async () => {
    await expectConfigured(guest);
    expect(await doneBefore(guest)).toBe('none');
    expect(await guest.output('cat /root/ran')).toBe('hook');
  });
});

describe('a step of gandi-config is turned off', () => {
  const guest = firstBoot('switch', { files: { '/etc/default/gandi': 'CONFIG_SSHD=0\n' } });

  it('and the others are done by one start', async () => {
    expect(await status(guest)).toContain('gandi-config: configured (this boot');
    expect(await doneBefore(guest)).toBe('0');
    expect(await sshSettings(guest)).not.toContain('90-gandi.conf');
  });
});
