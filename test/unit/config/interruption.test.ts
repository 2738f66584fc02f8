import { writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { CONFIG_STEPS } from '../../../src/config/steps.ts';
import type { Change } from '../../../src/machine/changes/change.ts';
import type { CommandResult } from '../../../src/machine/commands/commands.ts';
import type { Files } from '../../../src/machine/files/files.ts';
import { APPLIED_DIRECTORY } from '../../../src/machine/files/paths.ts';
import { readSettings } from '../../../src/machine/settings/settings.ts';
import { readOsRelease } from '../../../src/machine/system/os-release.ts';
import { ownConfiguration } from '../../../src/plan/own-configuration.ts';
import { runProgram } from '../../../src/plan/run-program.ts';
import { readApplied } from '../../../src/state/records.ts';
import type { Report } from '../../../src/state/report.ts';
import { captureOutput } from '../captured-output.ts';
import { makeContext } from '../context.ts';
import { cutPower, intercept, leaveHalfAFile, recordChanges, withoutSpaceFor } from '../fault-injection.ts';
import { simulatedSystem } from '../simulated-system.ts';
import { temporaryRoot } from '../temporary-root.ts';
import { DISTRIBUTIONS, type Distribution } from './distributions.ts';

const said = captureOutput();
const debian = DISTRIBUTIONS['Debian 12'] as Distribution;

const freshGuest = () =>
  temporaryRoot(
    { ...debian.files, '/proc/sys/kernel/random/boot_id': 'one\n', '/var/log/x': '' },
    '/dev/shm',
  );

function makeHostKey(files: Files, argv: readonly string[]): void {
  writeFileSync(files.locate(argv[argv.indexOf('-f') + 1] ?? ''), 'a key\n');
}

/** gandi-config from beginning to end; ssh-keygen makes its file, the other commands find all well. */
async function configure(files: Files): Promise<Report> {
  const run = (argv: readonly string[]): Promise<CommandResult> => {
    if (argv[0] === 'ssh-keygen') makeHostKey(files, argv);
    return Promise.resolve({ argv, exitCode: 0, stdout: '', stderr: '' });
  };
  const facts = makeContext({ facts: { os: readOsRelease(files), kernelCommandLine: 'gandi=cet-eu' } }).facts;
  return await runProgram({
    system: simulatedSystem(),
    program: 'gandi-config',
    steps: CONFIG_STEPS,
    machine: { files, commands: { run }, live: true, intercept },
    settings: readSettings(files),
    host: ownConfiguration('/etc/default/gandi'),
    observe: () => facts,
    dryRun: false,
  });
}

/** All that lasts of a guest: paths to modes and texts, without the report, which tells what each run did. */
function stateOf(files: Files, directory = ''): Record<string, string> {
  const passedOver = [
    '/proc',
    '/run',
    '/var/log',
    '/var/lib/gandi/gandi-config.json',
    '/var/lib/gandi/backup',
  ];
  return Object.assign(
    directory === ''
      ? { applied: JSON.stringify(Object.entries(readApplied(files, 'gandi-config')).sort()) }
      : {},
    ...files.list(directory === '' ? '/' : directory).map((name): Record<string, string> => {
      const path = `${directory}/${name}`;
      const { kind, mode = 0 } = files.status(path) ?? {};
      if (passedOver.includes(path) || path === APPLIED_DIRECTORY) return {};
      if (kind === 'directory') return stateOf(files, path);
      const what = kind === 'link' ? files.linkTarget(path) : files.readText(path);
      return { [path]: `${kind} ${mode.toString(8)} ${what}` };
    }),
  );
}

/** Leaves what a change leaves that was cut off in its middle. */
function halfOf(files: Files): (change: Change) => void {
  return (change) => {
    if (change.kind === 'write-file') {
      leaveHalfAFile(files, change.path);
    } else if (change.kind === 'run-command' && change.argv[0] === 'ssh-keygen') {
      writeFileSync(files.locate(change.argv.at(-1) ?? ''), '');
    }
  };
}

describe('the first run of gandi-config', { timeout: 120_000 }, () => {
  let changes: Change[] = [];
  let state: Record<string, string> = {};

  beforeEach(async () => {
    const files = freshGuest();
    const recorded = await recordChanges(() => configure(files));
    expect(recorded.result.status, said.stderr).toBe('configured');
    changes = recorded.changes;
    state = stateOf(files);
  });

  it('makes changes of these kinds', () => {
    const kinds = new Set(changes.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['make-directory', 'make-link', 'run-command', 'write-file']);
    expect(state).toHaveProperty('/etc/ssh/ssh_host_ed25519_key');
  });

  it('cut off before or in the middle of any change, leads to the same state at the next one', async () => {
    for (const [number, change] of changes.entries()) {
      for (const half of [false, true]) {
        const files = freshGuest();
        await cutPower(() => configure(files), number, half ? halfOf(files) : undefined);
        said.stderr = '';
        const { status } = await configure(files);
        const where = `${half ? 'in' : 'before'} change ${number}, ${change.kind}`;
        expect(status, `${where}: ${said.stderr}`).not.toBe('failed');
        expect(stateOf(files), where).toEqual(state);
      }
    }
  });

  it('with any one change refused, says so and makes up for it in the next one', async () => {
    for (const [number, change] of changes.entries()) {
      const files = freshGuest();
      said.stderr = '';
      await withoutSpaceFor(number, () => configure(files));
      const where = `change ${number}, ${change.kind}`;
      expect(said.stderr, where).toContain('no space left on device');
      expect((await configure(files)).status, where).not.toBe('failed');
      expect(stateOf(files), where).toEqual(state);
    }
  });
});
