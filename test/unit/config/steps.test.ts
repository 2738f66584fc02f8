import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CONFIG_STEPS } from '../../../src/config/steps.ts';
import type { Machine } from '../../../src/machine/changes/machine.ts';
import type { CommandResult } from '../../../src/machine/commands/commands.ts';
import type { Files } from '../../../src/machine/files/files.ts';
import { readOsRelease } from '../../../src/machine/system/os-release.ts';
import { runStep } from '../../../src/plan/runner.ts';
import type { StepContext } from '../../../src/plan/step.ts';
import { makeContext } from '../context.ts';
import { temporaryRoot } from '../temporary-root.ts';
import { DISTRIBUTIONS, type Distribution } from './distributions.ts';

const UUID = '0f0e0d0c-0000-4000-8000-000000000002';

/** Stands for the commands of a guest: ssh-keygen makes its file, sshd and tune2fs find all well. */
function guestWith(files: Files): Machine {
  const run = async (argv: readonly string[]): Promise<CommandResult> => {
    const path = argv[argv.indexOf('-f') + 1] ?? '';
    if (argv[0] === 'ssh-keygen') writeFileSync(files.locate(path), 'a key\n');
    else if (argv[0] !== 'sshd' && argv[0] !== 'tune2fs')
      throw new Error(`unexpected command ${argv.join(' ')}`);
    return { argv, exitCode: 0, stdout: '', stderr: '' };
  };
  return { files, commands: { run }, live: true };
}

function contextOf({ rootType }: Distribution, files: Files, applied: Record<string, string>): StepContext {
  const root = {
    type: rootType,
    uuid: UUID,
    device: '/dev/sda1',
    fileSystemBytes: 0,
    deviceBytes: 0,
    disk: '/dev/sda',
  };
  const checks = { type: rootType, device: '/dev/sda1', mostMounts: -1, intervalSeconds: 0 };
  const facts = {
    os: readOsRelease(files),
    root,
    ...(rootType === 'ext4' ? { rootChecks: checks } : {}),
    kernelCommandLine: 'root=LABEL=root gandi=cet-eu',
  };
  return { ...makeContext({ facts, applied }), files };
}

/** Applies every step; what is done is told as step and change. */
async function applyAll(distribution: Distribution, files: Files, applied: Record<string, string>) {
  const done: string[] = [];
  for (const step of CONFIG_STEPS) {
    const { report, digests } = await runStep(
      step,
      () => contextOf(distribution, files, applied),
      guestWith(files),
      { dryRun: false },
    );
    Object.assign(applied, digests);
    expect(report.status, `${step.name}: ${JSON.stringify(report.notes)}`).not.toBe('failed');
    done.push(...report.changes.map((change) => `${step.name}: ${change}`));
  }
  return done;
}

const KEYS = ['rsa', 'ecdsa', 'ed25519'].map(
  (type) =>
    `11-config_ssh: run ssh-keygen -q -t ${type} -N '' -C root@web1 -f /etc/ssh/ssh_host_${type}_key (make the ${type} host key)`,
);
const DROP_IN = ['11-config_ssh: write /etc/ssh/sshd_config.d/90-gandi.conf (0600)'];
const ZONE = '07-config_timezone: link /etc/localtime to ../usr/share/zoneinfo/Europe/Paris';
const ZONE_NAME = '07-config_timezone: write /etc/timezone (0644)';
const MOTD = '13-config_motd: write /etc/motd (0644)';
const CHECKS =
  '16-vm-fix-ext3: run tune2fs -c 42 -i 2m /dev/sda1 (have the root file system checked now and then)';
const cron = (...paths: string[]) => paths.map((path) => `03-vm-fix-cron: write ${path} (0644)`);
const timer = (name: string) => [
  `03-vm-fix-cron: make directory /etc/systemd/system/${name}.timer.d (0755)`,
  `03-vm-fix-cron: write /etc/systemd/system/${name}.timer.d/50-gandi.conf (0644)`,
];

/** What a fresh guest of each distribution gets, in order. */
const PLANS: Readonly<Record<keyof typeof DISTRIBUTIONS, string[]>> = {
  'Debian 12': [
    '01-config_console: write /etc/default/console-setup (0644)',
    '02-config_system_file: write /etc/fstab (0644)',
    ...cron('/etc/crontab'),
    ...timer('logrotate'),
    ZONE,
    ZONE_NAME,
    ...KEYS,
    ...DROP_IN,
    MOTD,
  ],
  'Debian 13': [
    '01-config_console: write /etc/default/console-setup (0644)',
    ...cron('/etc/crontab'),
    ZONE,
    ZONE_NAME,
    ...KEYS,
    ...DROP_IN,
    MOTD,
  ],
  'Ubuntu 24.04': [
    ...cron('/etc/crontab'),
    ...timer('dpkg-db-backup'),
    ...timer('logrotate'),
    ZONE,
    ZONE_NAME,
    ...KEYS,
    ...DROP_IN,
    MOTD,
  ],
  'Rocky 9': [...cron('/etc/cron.d/0hourly'), ...timer('logrotate'), ZONE, ...KEYS, ...DROP_IN, MOTD],
  Fedora: [...cron('/etc/cron.d/0hourly'), ZONE, ...KEYS, ...DROP_IN, MOTD],
  openSUSE: [
    '01-config_console: write /etc/securetty (0644)',
    ...timer('logrotate'),
    ZONE,
    ...KEYS,
    ...DROP_IN,
    MOTD,
  ],
  Arch: [
    ...cron('/etc/cron.d/0hourly'),
    ...timer('logrotate'),
    ...timer('man-db'),
    ZONE,
    ...KEYS,
    ...DROP_IN,
  ],
};

describe.each(Object.entries(DISTRIBUTIONS))('a fresh %s', (name, distribution) => {
  it('gets what it lacks, and nothing the second time', async () => {
    const files = temporaryRoot({ ...distribution.files, '/etc/ssh/sshd_config.d/README': '' });
    const applied: Record<string, string> = {};
    const first = await applyAll(distribution, files, applied);
    const checks = distribution.rootType === 'ext4' ? [CHECKS] : [];
    expect(first).toEqual([...(PLANS[name] ?? []), ...checks]);
    expect(await applyAll(distribution, files, applied)).toEqual([]);
    // Not even where the record of what was applied is lost, but for what cannot be seen in files.
    const again = await applyAll(distribution, files, {});
    expect(again.filter((change) => change !== CHECKS)).toEqual([]);
  });

  it('is left alone where a live system is needed and there is none', () => {
    const files = temporaryRoot(distribution.files);
    const facts = { os: readOsRelease(files), live: false, root: undefined, kernelCommandLine: '' };
    const changes = CONFIG_STEPS.flatMap((step) => step.plan({ ...makeContext({ facts }), files }).changes);
    for (const change of changes) {
      if (change.kind === 'run-command') expect(change.argv[0]).toBe('ssh-keygen');
      else expect(['write-file', 'make-directory', 'make-link']).toContain(change.kind);
    }
  });
});
