import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Change } from '../../../src/machine/changes/change.ts';
import type { Commands } from '../../../src/machine/commands/commands.ts';
import type { Files } from '../../../src/machine/files/files.ts';
import { main as program } from '../../../src/postboot/program.ts';
import { captureOutput } from '../captured-output.ts';
import { cutPower, intercept, recordChanges, withoutSpaceFor } from '../fault-injection.ts';
import { simulatedSystem } from '../simulated-system.ts';
import { temporaryRoot } from '../temporary-root.ts';

const said = captureOutput();
/** The running guest, and the commands that were run in it. */
let guest: { files: Files; ran: string[] };
const ORDER = '/run/gandi/postboot';
const SYSTEMD_RUN = '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n';
const order = (command: string, more: object = {}) =>
  JSON.stringify({ digest: 'd'.repeat(64), command, ...more });

function boot(entries: Record<string, string>): Files {
  const files = temporaryRoot({
    '/run/systemd/system/x': '',
    '/var/log/x': '',
    '/proc/sys/kernel/random/boot_id': 'one\n',
    '/bin/systemd-run': SYSTEMD_RUN,
    ...entries,
  });
  chmodSync(`${files.root}/bin/systemd-run`, 0o755);
  guest = { files, ran: [] };
  return files;
}

/** gandi-postboot in that guest, in which only `systemd-run` has an effect. @returns its exit status */
function main(args: readonly string[]): Promise<number> {
  const { files, ran } = guest;
  const commands: Commands = {
    searchPath: `${files.root}/bin:/usr/bin:/bin`,
    run: (argv) => {
      ran.push(argv.join(' '));
      return Promise.resolve({ argv, exitCode: 0, stdout: '', stderr: '' });
    },
  };
  return program(args, simulatedSystem({ open: () => ({ files, live: true }), commands, intercept }));
}

beforeEach(() => {
  boot({});
});

describe('gandi-postboot', () => {
  it('lists its steps', async () => {
    expect(await main(['--help'])).toBe(0);
    expect(said.stdout).toMatch(/Steps:\n(.*\n)* +script +\S/);
    expect(await main(['--root', '/x'])).toBe(2);
    expect(said.stderr).toContain("unknown option '--root'");
  });

  it('has nothing to do at a boot without an order', async () => {
    expect(await main([])).toBe(3);
    expect(said.stderr).toBe('gandi-postboot: nothing is left to run at this boot\n');
    expect(guest.ran).toEqual([]);
  });

  it('takes a damaged order for none', async () => {
    boot({ [ORDER]: '{"digest":' });
    expect(await main([])).toBe(3);
  });

  it('runs the command once', async () => {
    const files = boot({ [ORDER]: order('echo hello') });
    expect(await main([]), said.stderr).toBe(0);
    const report = JSON.parse(files.readText('/run/gandi/gandi-postboot.json') ?? '');
    expect(report).toMatchObject({ program: 'gandi-postboot', status: 'configured', bootId: 'one' });
    expect(report.steps).toContainEqual(expect.objectContaining({ name: 'run', output: 'hello' }));
    expect(await main([])).toBe(3);
    expect(files.readText('/var/log/gandi-postboot.log')?.match(/hello/g)).toHaveLength(1);
    for (const path of ['/var/log/gandi-postboot.log', '/var/lib/gandi/postboot.json'])
      expect(files.status(path)?.mode, path).toBe(0o600);
  });

  it('runs the command also where the script fails, and says which failed', async () => {
    const files = boot({ [ORDER]: order('echo "$0" ran', { script: ['/bin/sh', '-c', 'exit 3'] }) });
    expect(await main([])).toBe(1);
    expect(said.stderr).toMatch(/problem: script: .*: \/gandi\/script: exit status 3$/m);
    expect(files.readText('/var/log/gandi-postboot.log')).toContain('sh ran');
  });

  it('has the text of the command in no command line, and runs it as sh -c does', async () => {
    const text = [
      'key=pass-4711; echo "name $0, arguments $#, input $(cat | wc -c)"',
      // A process may end between the shell's list and cat's look.
      "echo seen $(cat /proc/[0-9]*/cmdline 2> /dev/null | tr '\\0' ' ' | grep -c 'pass-4[7]11')",
      "cat <<'END'\nquotes \" ' $(date) \\\\\nEND",
      'gandi-nothing',
      'exit 7 # and no more',
    ].join('\n');
    const files = boot({ [ORDER]: order(text) });
    expect(await main([])).toBe(1);
    const log = files.readText('/var/log/gandi-postboot.log');
    expect(log).toContain('name /bin/sh, arguments 0, input 0\nseen 0\nquotes " \' $(date) \\\\\n');
    expect(log).toMatch(/^\/bin\/sh: (line )?6: .*gandi-nothing.*not found/m);
    expect(said.stderr).toContain("the host's command: exit status 7");
  });

  it('shows in a dry run what it would run, without what may be secret, and runs nothing', async () => {
    const files = boot({ [ORDER]: order('curl https://user:secret@example.org/') });
    expect(await main(['--dry-run'])).toBe(0);
    expect(said.stdout).toContain("would run the host's command for at most");
    expect(said.stdout).not.toContain('secret');
    expect(files.status('/var/lib/gandi')).toBeUndefined();
    expect(guest.ran).toEqual([]);
  });

  it('stops autofs where mounting of data disks is off', async () => {
    boot({ [ORDER]: JSON.stringify({ digest: 'd', stopAutofs: true }) });
    expect(await main([])).toBe(0);
    expect(guest.ran).toContain('systemctl stop autofs.service');
  });
});

describe('gandi-postboot, broken off at each single change', () => {
  /**
   * Script and command leave a line each, if it is noted down that they were started; beside them there is an old log, and
   * the host's first-boot script.
   */
  function bootWithWork(): Files {
    const noted = '"$(dirname "$TRACE")/var/lib/gandi/postboot.json"';
    const leave = (word: string) => `grep -q '"${word}"' ${noted} && echo ${word} >> "$TRACE"`;
    const script = ['/bin/sh', '-c', leave('script')];
    const files = boot({
      [ORDER]: order(leave('command'), { script }),
      '/var/log/gandi-postboot.log': 'old\n',
      '/gandi/init': 'pass\n',
    });
    const systemdRun = SYSTEMD_RUN.replace('exec', `TRACE=${files.root}/trace exec`);
    writeFileSync(`${files.root}/bin/systemd-run`, systemdRun);
    return files;
  }

  const done = (files: Files) => ({
    trace: files.readText('/trace'),
    log: files.readText('/var/log/gandi-postboot.log')?.includes('old'),
    init: files.status('/gandi/init'),
  });
  const wanted = { trace: 'script\ncommand\n', log: false, init: undefined };

  it('does the rest in the next run, and nothing twice', async () => {
    const { changes } = await recordChanges(async () => {
      const files = bootWithWork();
      await main([]);
      expect(done(files)).toEqual(wanted);
    });
    expect(changes.filter(({ kind }) => kind === 'run-supervised')).toHaveLength(2);
    for (const [number, change] of changes.entries()) {
      const cut = bootWithWork();
      await cutPower(() => main([]), number);
      await main([]);
      // That one gandi-bootstrap makes up for, at the next boot.
      const isInit = 'path' in change && change.path === '/gandi/init';
      expect({ ...done(cut), init: undefined }, `stopped before change ${number}, ${change.kind}`).toEqual(
        wanted,
      );
      expect(done(cut).init === undefined).toBe(!isInit);

      const refused = bootWithWork();
      await withoutSpaceFor(number, () => main([])).catch(() => undefined);
      await main([]);
      const { trace, ...rest } = done(refused);
      const where = `failed at change ${number}, ${change.kind}`;
      expect(trace?.split('\n').sort().join(' ').trim(), where).toBe('command script');
      // A log that cannot be emptied is gone on with.
      const isLog = 'path' in change && change.path === '/var/log/gandi-postboot.log';
      expect({ ...rest, init: undefined }, where).toEqual({ log: isLog, init: undefined });
      expect(rest.init === undefined, where).toBe(!isInit);
    }
  });

  it('does not start again what was noted down as started, and goes on with the rest', async () => {
    const { changes } = await recordChanges(() => {
      bootWithWork();
      return main([]);
    });
    const runs = [...changes.entries()].filter(([, { kind }]) => kind === 'run-supervised');
    const rest = ['command\n', 'script\n'];
    for (const [index, [number]] of runs.entries()) {
      const files = bootWithWork();
      // The guest went down behind the note, at the moment at which the program was to start.
      const note = (change: Change) => {
        if (change.kind !== 'run-supervised') return;
        mkdirSync(`${files.root}/var/lib/gandi`, { recursive: true });
        writeFileSync(`${files.root}${change.mark.path}`, change.mark.content);
      };
      await cutPower(() => main([]), number, note);
      await main([]);
      expect(done(files).trace, `stopped in change ${number}`).toBe(rest[index]);
    }
    expect(runs).toHaveLength(2);
  });
});
