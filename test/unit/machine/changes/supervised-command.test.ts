import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RunSupervised } from '../../../../src/machine/changes/change.ts';
import { runSupervised } from '../../../../src/machine/changes/supervised-command.ts';
import { type Commands, SEARCH_PATH } from '../../../../src/machine/commands/commands.ts';
import type { Files } from '../../../../src/machine/files/files.ts';
import { temporaryRoot } from '../../temporary-root.ts';

const LOG = '/var/log/gandi-postboot.log';
const MARK = '/var/lib/gandi/postboot.json';

/** A guest with systemd, of which only `systemd-run --scope` has an effect: it runs the program. */
class Guest implements Commands {
  readonly files: Files = temporaryRoot({ '/run/systemd/system/x': '', '/var/log/x': '' });
  readonly ran: string[] = [];
  state = 'running';
  /** What happens when a scope is stopped. */
  onStop: () => string | undefined = () => undefined;

  constructor() {
    mkdirSync(`${this.files.root}/bin`);
    writeFileSync(
      `${this.files.root}/bin/systemd-run`,
      '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n',
    );
    chmodSync(`${this.files.root}/bin/systemd-run`, 0o755);
  }

  run(argv: readonly [string, ...string[]]) {
    this.ran.push(argv.join(' '));
    const failure = argv[1] === 'stop' ? this.onStop() : undefined;
    const stdout = argv[1] === 'is-system-running' ? `${this.state}\n` : '';
    const result = { argv, stdout, stderr: '' };
    return Promise.resolve(failure === undefined ? { ...result, exitCode: 0 } : { ...result, failure });
  }

  /** Runs a shell script under supervision. */
  supervise(script: string, change: Partial<RunSupervised> = {}, commands: Commands = this) {
    const whole: RunSupervised = {
      kind: 'run-supervised',
      argv: ['/bin/sh', '-c', script],
      scope: 'gandi-postboot-script-dddddddd',
      timeoutSeconds: 60,
      environment: { PATH: `${this.files.root}/bin:${SEARCH_PATH}` },
      logFile: LOG,
      mark: { path: MARK, content: '{"script":"d"}\n' },
      what: '/gandi/script',
      ...change,
    };
    return runSupervised(whole, { files: this.files, commands, live: true });
  }

  log(): string {
    return this.files.readText(LOG) ?? '';
  }
}

describe('a supervised program', () => {
  let guest: Guest;
  beforeEach(() => {
    guest = new Guest();
  });

  it('has its output in the log, for root alone, and its end in the report', async () => {
    expect(await guest.supervise('echo out; echo err >&2')).toEqual({ output: 'out\nerr' });
    expect(guest.log()).toMatch(/^--- \S+ \/gandi\/script\n(out\nerr|err\nout)\n--- \S+ exit status 0\n$/);
    expect(guest.files.status(LOG)?.mode).toBe(0o600);
  });

  it('may print a gigabyte, of which the start and the end are kept', { timeout: 120_000 }, async () => {
    const before = process.memoryUsage.rss();
    const { output } = await guest.supervise('echo first; head -c 1000000000 /dev/zero; echo; echo last');
    expect(process.memoryUsage.rss() - before).toBeLessThan(400_000_000);
    expect(output).toMatch(/last$/);
    expect(guest.log().split('\n')[1]).toBe('first');
    expect(guest.files.status(LOG)?.size).toBeLessThan(1_100_000);
  });

  it('is noted down before it starts', async () => {
    const { root } = guest.files;
    expect((await guest.supervise(`cat ${root}${MARK}`)).output).toBe('{"script":"d"}');
    expect(guest.files.status(MARK)?.mode).toBe(0o600);
  });

  it('is not started where that cannot be noted down', async () => {
    mkdirSync(`${guest.files.root}${MARK}/x`, { recursive: true });
    await expect(guest.supervise(`touch ${guest.files.root}/ran`)).rejects.toThrow('EISDIR');
    expect(guest.files.status('/ran')).toBeUndefined();
  });

  it.each([
    ['exit 7', '/gandi/script: exit status 7'],
    ['kill -9 $$', '/gandi/script: killed by SIGKILL'],
  ])('that ends by "%s" failed', async (script, failure) => {
    expect(await guest.supervise(script)).toMatchObject({ failure });
  });

  it('that cannot be started failed', async () => {
    const result = await guest.supervise('true', { environment: { PATH: '/nowhere' } });
    expect(result.failure).toMatch(/^\/gandi\/script: could not be started: .*systemd-run/);
  });

  it('that hangs is stopped with all of its processes at the deadline', async () => {
    const { root } = guest.files;
    guest.onStop = () => 'systemctl: exit status 5: no such unit';
    const started = performance.now();
    const result = await guest.supervise(`echo begun; sleep 600 & echo $! > ${root}/child; wait`, {
      timeoutSeconds: 0.5,
    });
    expect(performance.now() - started).toBeLessThan(30_000);
    expect(result).toEqual({
      output: 'begun',
      failure: '/gandi/script did not end within 0.5 s and was stopped with all of its processes',
    });
    const child = Number(guest.files.readText('/child'));
    await expect.poll(() => isRunning(child)).toBe(false);
    expect(guest.ran).toEqual([
      'systemctl stop gandi-postboot-script-dddddddd.scope',
      'systemctl reset-failed gandi-postboot-script-dddddddd.scope',
    ]);
    expect(guest.log()).toContain('stopped after 0.5 s');
  });

  it('does not wait for what a daemon that it leaves behind prints', async () => {
    const started = performance.now();
    const result = await guest.supervise('sleep 20 & echo done');
    expect(result).toEqual({ output: 'done' });
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  it('that shuts the guest down did not fail', async () => {
    const { root } = guest.files;
    const result = guest.supervise(`touch ${root}/started; sleep 0.5; exit 1`);
    await expect.poll(() => guest.files.status('/started')).toBeDefined();
    guest.state = 'stopping';
    expect(await result).toMatchObject({ warning: '/gandi/script ran until the guest was shut down' });
    expect((await result).failure).toBeUndefined();
  });

  it('is left for the next boot when the guest is going down', async () => {
    guest.state = 'stopping';
    const { warning } = await guest.supervise(`touch ${guest.files.root}/ran`, { notInShutdown: true });
    expect(warning).toContain('is left for the next boot');
    expect(guest.files.status('/ran')).toBeUndefined();
    expect(guest.files.status(MARK)).toBeUndefined();
  });

  it('is not started without systemd', async () => {
    const files = temporaryRoot({ '/etc/x': '' });
    const change = {
      mark: { path: MARK, content: '' },
      scope: 'x',
      what: 'x',
      logFile: LOG,
      timeoutSeconds: 1,
    };
    const whole: RunSupervised = { kind: 'run-supervised', argv: ['true'], ...change };
    await expect(runSupervised(whole, { files, commands: guest, live: true })).rejects.toThrow(
      'the guest was not started by systemd',
    );
  });

  it('runs also where its output cannot be logged, with a warning', async () => {
    mkdirSync(`${guest.files.root}${LOG}`);
    const result = await guest.supervise('echo out');
    expect(result).toMatchObject({ output: 'out' });
    expect(result.warning).toContain('/gandi/script: its output could not be logged: ');
  });
});

/** Whether a process runs, rather than waiting for somebody to ask how it ended (the third field of proc_pid_stat(5)). */
function isRunning(pid: number): boolean {
  const path = `/proc/${pid}/stat`;
  return existsSync(path) && !/\) Z /.test(readFileSync(path, 'utf8'));
}

describe('a mark that is written at the end', () => {
  const mark = { path: '/var/lib/gandi/late/packages-install', content: 'd\n', onEnd: true } as const;

  it.each(['exit 0', 'exit 3'])('is there behind it, not before: %s', async (end) => {
    const guest = new Guest();
    const place = `${guest.files.root}${mark.path}`;
    const { output } = await guest.supervise(`test -e ${place} && echo there; ${end}`, { mark });
    expect(output).toBe('');
    expect(guest.files.readText(mark.path)).toBe('d\n');
  });

  it('is not there where a shutdown was the end', async () => {
    const guest = new Guest();
    guest.state = 'stopping';
    await guest.supervise('exit 1', { mark });
    expect(guest.files.status(mark.path)).toBeUndefined();
  });
});

describe('a program that runs early in a boot', () => {
  const early = { early: true, scope: 'gandi-early-bootcmd-dddddddd' } as const;

  it('gets a control group where there is one to be had', async () => {
    const guest = new Guest();
    expect(await guest.supervise('echo out', early)).toEqual({ output: 'out' });
    expect(guest.ran).toEqual([
      'systemd-run --scope --quiet --unit=gandi-early-bootcmd-dddddddd-try.scope -- true',
    ]);
  });

  it('runs without one where systemd has none to give yet, or is not there', async () => {
    const refusing = new Guest();
    const { commands, ran } = refusingScopes(refusing);
    // Nothing but the program itself is found there.
    const environment = { PATH: SEARCH_PATH, WITHOUT: 'scope' };
    expect(await refusing.supervise('echo $WITHOUT', { ...early, environment }, commands)).toEqual({
      output: 'scope',
    });
    expect(ran).toEqual(['systemd-run']);
    const guest = new Guest();
    rmSync(`${guest.files.root}/run/systemd`, { recursive: true });
    expect(await guest.supervise('echo $WITHOUT', { ...early, environment })).toEqual({ output: 'scope' });
    expect(guest.ran).toEqual([]);
  });

  it('is stopped at its deadline with what it started', { timeout: 20_000 }, async () => {
    const guest = new Guest();
    rmSync(`${guest.files.root}/run/systemd`, { recursive: true });
    const { failure } = await guest.supervise('sleep 1000 & echo $! > "$FILE"; wait', {
      ...early,
      timeoutSeconds: 1,
      environment: { PATH: SEARCH_PATH, FILE: `${guest.files.root}/number` },
    });
    expect(failure).toMatch(/did not end within 1 s/);
    const number = guest.files.readText('/number')?.trim();
    expect(number).toMatch(/^\d+$/);
    // What is left of it is its entry, until whoever has become its parent has asked for it.
    const path = `/proc/${number}/stat`;
    expect(existsSync(path) ? readFileSync(path, 'utf8') : 'Z').toMatch(/^(\d+ \(sleep\) )?Z/);
  });
});

function refusingScopes(guest: Guest) {
  const ran: string[] = [];
  const commands: Commands = {
    run: (argv) => {
      ran.push(argv[0]);
      return argv[0] === 'systemd-run'
        ? Promise.resolve({ argv, exitCode: 1, stdout: '', stderr: '', failure: 'no bus' })
        : guest.run(argv);
    },
  };
  return { commands, ran };
}
