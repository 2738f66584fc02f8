import { writeFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BOOTSTRAP_STEPS } from '../../../src/bootstrap/steps.ts';
import { describeChange } from '../../../src/machine/changes/change-kinds.ts';
import type { CommandOptions, CommandResult, Commands } from '../../../src/machine/commands/commands.ts';
import type { Files } from '../../../src/machine/files/files.ts';
import { readSettings } from '../../../src/machine/settings/settings.ts';
import type { FileConfig, GuestConfig } from '../../../src/metadata/guest-config.ts';
import { runProgram } from '../../../src/plan/run-program.ts';
import { readApplied } from '../../../src/state/records.ts';
import { captureOutput } from '../captured-output.ts';
import { makeContext } from '../context.ts';
import { cutPower, intercept, recordChanges, withoutSpaceFor } from '../fault-injection.ts';
import { simulatedSystem } from '../simulated-system.ts';
import { temporaryRoot } from '../temporary-root.ts';
import { SimulatedCommands } from './simulated-commands.ts';

const said = captureOutput();

const file = (path: string, content: string, more: Partial<FileConfig> = {}): FileConfig => ({
  path,
  content: Buffer.from(content).toString('base64'),
  mode: 0o644,
  ...more,
});

const CONFIG: GuestConfig = {
  hostName: 'web1',
  fqdn: 'web1.example.net',
  hostsFile: 'whole',
  timeZone: 'Europe/Paris',
  login: { passwordBySsh: true, disableRoot: true },
  users: [
    {
      name: 'web',
      passwordHash: '$6$x$y',
      sshKeys: [],
      groups: ['docker'],
      sudo: ['ALL=(ALL) ALL'],
      lockPassword: true,
    },
  ],
  files: [
    file('/etc/app/one', 'one\n'),
    file('/etc/motd', 'more\n', { append: true }),
    file('/opt/late', 'late\n', { late: true }),
  ],
  mounts: [{ device: 'tmpfs', mountPoint: '/srv/tmp', type: 'tmpfs', options: [] }],
  packages: { names: ['nginx'] },
  finalMessage: 'done',
};

const TREE = {
  '/bin/bash': '',
  '/usr/sbin/visudo': '',
  '/usr/sbin/sshd': '',
  '/usr/share/zoneinfo/Europe/Paris': 'TZif2',
  '/etc/ssh/sshd_config': 'Include /etc/ssh/sshd_config.d/*.conf\n',
  '/etc/fstab': 'LABEL=root / ext4 defaults 0 1\n',
  '/etc/group': 'root:x:0:\nsudo:x:27:\n',
  '/etc/hosts': '127.0.0.1\tlocalhost\n',
  '/etc/motd': 'motd\n',
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\n',
  '/etc/shadow': 'root:*:20000:0:99999:7:::\n',
  '/etc/skel/.profile': 'profile\n',
  '/proc/self/mountinfo': '1 0 8:0 / / rw - ext4 /dev/root rw\n',
  '/proc/sys/kernel/hostname': 'localhost\n',
  '/proc/sys/kernel/random/boot_id': 'one\n',
  '/run/gandi/x': '',
};

const STEPS = BOOTSTRAP_STEPS.filter(({ name }) =>
  ['files', 'mounts', 'identity', 'users', 'login', 'time-zone', 'post-boot'].includes(name),
);

/** What differs from run to run, and what a cut leaves of no consequence. */
const PASSED_OVER =
  /^\/(proc|run\/gandi\/[^/]*\.json|var\/lib\/gandi\/(gandi-bootstrap\.json|backup))|\.gandi-new/;

class Guest {
  readonly files: Files = temporaryRoot(TREE, '/dev/shm');
  readonly #simulated = new SimulatedCommands(this.files, 0);

  /** A boot's run of the steps for what the source asks. */
  readonly boot = () => {
    const { files } = this;
    const commands: Commands = { run: (argv, options) => this.#run(argv, options) };
    return runProgram({
      system: simulatedSystem(),
      program: 'gandi-bootstrap',
      steps: STEPS,
      machine: { files, commands, live: true, intercept },
      settings: readSettings(files),
      host: makeContext({ config: CONFIG, host: { source: 'nocloud' } }).host,
      observe: () => makeContext().facts,
      dryRun: false,
    });
  };

  #run(argv: readonly [string, ...string[]], options: CommandOptions): Promise<CommandResult> {
    const done = Promise.resolve({ argv, exitCode: 0, stdout: '', stderr: '' });
    switch (argv[0]) {
      case 'groupadd': {
        const text = this.files.readText('/etc/group') ?? '';
        const name = argv.at(-1) ?? '';
        if (!text.includes(`${name}:`)) this.#write('/etc/group', `${text}${name}:x:998:\n`);
        return done;
      }
      case 'visudo':
      case 'systemctl':
        return done;
      default:
        if (argv[1] !== '-L') return this.#simulated.run(argv, options);
        this.#write(
          '/etc/shadow',
          (this.files.readText('/etc/shadow') ?? '').replace(/^web:(?=\$)/m, 'web:!'),
        );
        return done;
    }
  }

  #write(path: string, text: string): void {
    writeFileSync(this.files.locate(path), text);
  }

  /** Each file with its text, and what is on record. */
  state(): Record<string, string> {
    const state: Record<string, string> = {};
    const visit = (directory: string): void => {
      for (const name of this.files.list(directory)) {
        const path = posix.join(directory, name);
        if (PASSED_OVER.test(path)) continue;
        if (this.files.status(path)?.kind === 'directory') visit(path);
        else state[path] = this.files.linkTarget(path) ?? this.files.readText(path) ?? '';
      }
    };
    visit('/');
    const applied = Object.entries(readApplied(this.files, 'gandi-bootstrap')).sort();
    return { ...state, '/var/lib/gandi/applied/gandi-bootstrap.json': JSON.stringify(applied) };
  }
}

describe('what a source asks for', { timeout: 120_000 }, () => {
  const peaceful = async () => {
    const guest = new Guest();
    const { changes, result } = await recordChanges(guest.boot);
    expect(result.status, said.stderr).toBe('configured');
    return { changes, state: guest.state(), guest };
  };

  it('is done once, and the second run has nothing left', async () => {
    const { state, guest } = await peaceful();
    expect(state).toMatchObject({
      '/etc/app/one': 'one\n',
      '/etc/motd': 'motd\nmore\n',
      '/etc/hosts': expect.stringContaining('web1.example.net web1'),
      '/etc/localtime': '../usr/share/zoneinfo/Europe/Paris',
      '/etc/fstab': expect.stringContaining('/srv/tmp\ttmpfs'),
      '/etc/shadow': expect.stringContaining('web:!$6$x$y:'),
      '/etc/sudoers.d/90-gandi-web': expect.stringContaining('web ALL=(ALL) ALL'),
      '/etc/ssh/sshd_config.d/49-gandi-login.conf': expect.stringContaining('PasswordAuthentication yes'),
      '/run/gandi/postboot-background': expect.stringContaining('nginx'),
    });
    const again = await guest.boot();
    expect(again.status).toBe('unchanged');
    expect(guest.state()).toEqual(state);
  });

  it('stopped before any one change, is made up for by the next run', async () => {
    const { changes, state } = await peaceful();
    expect(changes.length).toBeGreaterThan(20);
    for (const [number, change] of changes.entries()) {
      const guest = new Guest();
      await cutPower(guest.boot, number);
      const { status } = await guest.boot();
      const where = `stopped before change ${number}, ${describeChange(change)}`;
      expect(['configured', 'unchanged'], where).toContain(status);
      expect(guest.state(), where).toEqual(state);
    }
  });

  it('with any one change refused, is made up for by the next run', async () => {
    const { changes, state } = await peaceful();
    for (const [number, change] of changes.entries()) {
      const guest = new Guest();
      const first = await withoutSpaceFor(number, guest.boot);
      const where = `refused change ${number}, ${describeChange(change)}`;
      // Only what is optional, and the report, may be missing without a word.
      const isTold = first.status === 'failed' || said.stderr.includes('no space left on device');
      expect(isTold, where).toBe(true);
      await guest.boot();
      expect(guest.state(), where).toEqual(state);
    }
  });
});
