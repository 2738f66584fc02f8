import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type BootRecord, renderBootRecord } from '../../../src/boot-record/record-text.ts';
import type { Change } from '../../../src/machine/changes/change.ts';
import { run } from '../images.ts';
import { at, boot, QUIET, report, runTouch, stateOfGuest, store, WHOLE, write } from './steady-guest.ts';

describe('a boot in which nothing is new', () => {
  it('repeats what a reboot undoes, and does not start the program', () => {
    store(stateOfGuest());
    expect(boot()).toEqual(QUIET);
    expect(readFileSync(at('proc/swappiness'), 'utf8')).toBe('10 20\n');
    expect(existsSync(at('swapped-on'))).toBe(true);
    expect(existsSync(at('run/gandi/interfaces/eth0'))).toBe(true);
  });

  it('leaves the report of an unchanged boot, for root alone', () => {
    store(stateOfGuest());
    boot();
    const { bootId, ...left } = JSON.parse(readFileSync(at('run/gandi/gandi-bootstrap.json'), 'utf8'));
    expect(left).toEqual({
      program: 'gandi-bootstrap',
      version: '3.0.0',
      status: 'unchanged',
      steady: true,
      source: "the host's disk",
      problems: [],
      steps: [
        { name: 'identity', status: 'unchanged', changes: [], notes: [], durationMilliseconds: 0 },
        { name: 'host-init', status: 'off', changes: [], notes: [], durationMilliseconds: 0 },
      ],
    });
    expect(bootId).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
    const { stdout } = spawnSync('stat', ['-c', '%a', at('run/gandi/gandi-bootstrap.json')], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('600\n');
  });

  it('is one in which the firmware says the same, with zeros between', () => {
    const raw = at('sys/firmware/raw');
    const table = (text: string) => `\x0b\x05\0\x0e\x01io.systemd.credential:gandi.config=${text}\0\0`;
    write('sys/firmware/raw', table('{"vm_hostname": "it\'s"}'));
    const state = stateOfGuest();
    const said = readFileSync(raw, 'utf8');
    store({ ...state, kernelTexts: new Map([...state.kernelTexts, [raw, said]]) });
    expect(boot()).toEqual(QUIET);
    write('sys/firmware/raw', table('{}'));
    expect(boot()).toEqual(WHOLE);
  });

  it('leaves no process behind', () => {
    store(stateOfGuest());
    const looked = `sh ${at('steady.sh')} gandi-bootstrap; sleep 0.3; ps -o args= -s $$`;
    const { stdout } = spawnSync('setsid', ['-w', 'sh', '-c', looked], { encoding: 'utf8' });
    expect(stdout).toContain('ps -o');
    expect(stdout).not.toContain('sleep 5');
  });

  it('can be twice', () => {
    store(stateOfGuest());
    boot();
    expect(boot()).toEqual(QUIET);
  });
});

describe('work that another start has done', () => {
  it('is told once, with its exit status; then the program does its own', () => {
    write('run/gandi/done-gandi-bootstrap', '7\ngandi-config: motd: write /etc/motd\n<3>%s \\n a line\n');
    const told = 'gandi-config: motd: write /etc/motd\n<3>%s \\n a line\n';
    expect(boot()).toEqual({ status: 7, stderr: told, started: false });
    expect(boot()).toEqual(WHOLE);
  });

  it.each<[string, () => void]>([
    ['no exit status', () => write('run/gandi/done-gandi-bootstrap', 'gandi-config: motd: write\n')],
    ['a number that is none', () => write('run/gandi/done-gandi-bootstrap', '1000\na line\n')],
    ['no end of its line', () => write('run/gandi/done-gandi-bootstrap', '-')],
    ['zero bytes', () => write('run/gandi/done-gandi-bootstrap', '\0\0\n')],
    ['names instead of lines', () => mkdirSync(at('run/gandi/done-gandi-bootstrap'), { recursive: true })],
  ])('is done by the program where what was left has %s', (_, leave) => {
    leave();
    expect(boot()).toEqual(WHOLE);
  });
});

describe('the program is started', () => {
  it('where there is no record, and told that this is a boot', () => {
    expect(boot()).toEqual(WHOLE);
    expect(readFileSync(at('started'), 'utf8')).toBe('gandi-bootstrap 1\n');
  });

  it('where another disk than the host’s stopped answering after udev had read it', {
    timeout: 60_000,
  }, () => {
    store({ ...stateOfGuest(), rangesOfOthers: true });
    rmSync(at('disk'));
    run('mkfifo', [at('disk')]);
    const start = performance.now();
    expect(boot()).toEqual(WHOLE);
    expect(performance.now() - start).toBeLessThan(30_000);
    // Who still waits for it comes to an end.
    closeSync(openSync(at('disk'), constants.O_WRONLY | constants.O_NONBLOCK));
  });

  it.each<[string, () => void]>([
    ['a file was changed', () => write('etc/default', 'CONFIG_SWAP=0\n')],
    [
      'a file was replaced by the same',
      () => {
        rmSync(at('etc/default'));
        write('etc/default', 'CONFIG_SWAP=1\n');
      },
    ],
    ['a file got another mode', () => chmodSync(at('etc/default'), 0o600)],
    ['a file is gone', () => rmSync(at('etc/link'))],
    ['a file came', () => write('etc/plugin', '')],
    ['a link to nowhere came', () => symlinkSync('/nowhere', at('etc/plugin'))],
    ['a generated file is not there', () => rmSync(at('run/generated'))],
    ['the disk has something else', () => write('disk', 'abcdefghijklmnXpq'.replace('g', 'X'))],
    ['the disk has something else in its last range', () => write('disk', 'abcdefghijklmXopq')],
    ['the disk is gone', () => rmSync(at('disk'))],
    ['udev has not read the disk, which may not answer', () => rmSync(at('run/udev/data/b8:16'))],
    ['nothing is known of the disk', () => rmSync(at('sys/class/block/disk'), { recursive: true })],
    ['the disk is too short', () => write('disk', 'abcdefgh')],
    ['gandi-postboot has not done its work', () => rmSync(at('var/lib/gandi/postboot.json'))],
    ['what was on the disk is not known', () => rmSync(at('var/lib/gandi/steady/gandi-bootstrap.bytes'))],
    [
      'a value cannot be set',
      () => {
        rmSync(at('proc/swappiness'));
        mkdirSync(at('proc/swappiness'));
      },
    ],
  ])('where %s', (_, change) => {
    store(stateOfGuest());
    change();
    expect(boot()).toEqual(WHOLE);
  });

  it('where one of several disks has something else', () => {
    const state = { ...stateOfGuest(), rangesOfOthers: true };
    store(state);
    expect(boot()).toEqual(QUIET);
    store(state);
    write('disk', 'abcdefghijklmXopq');
    expect(boot()).toEqual(WHOLE);
  });

  it.each<[string, (state: BootRecord) => BootRecord]>([
    ['a disk came', (state) => ({ ...state, blockDevices: (state.blockDevices ?? []).slice(1) })],
    ['a disk went', (state) => ({ ...state, blockDevices: [...(state.blockDevices ?? []), 'zz'] })],
    [
      'the kernel is another',
      (state) => ({
        ...state,
        kernelTexts: new Map([['/proc/sys/kernel/osrelease', '5.10.0\n']]),
      }),
    ],
    ['a command fails', (state) => ({ ...state, repeated: [{ ...runTouch(), argv: ['false'] } as Change] })],
  ])('where %s', (_, change) => {
    store(change(stateOfGuest()));
    expect(boot()).toEqual(WHOLE);
  });

  it('where an interface does not come for ten seconds', { timeout: 60_000 }, () => {
    store({ ...stateOfGuest(), interfaces: ['gandi-none'] });
    expect(boot()).toEqual(WHOLE);
  });

  it.each(['interfaces=(', "report='", 'exit 0 0 0)', '\0\0\0', ''])(
    'where the record is damaged: %j',
    (text) => {
      write('var/lib/gandi/steady/gandi-bootstrap', text);
      expect(boot()).toEqual(WHOLE);
    },
  );
});

describe('where a host is to be asked that says something else at each boot', () => {
  /** The program, which ends with this status, and leaves what it was told. */
  const answers = (status: number) =>
    write(
      'usr/lib/gandi/gandi-launcher',
      `echo "$program $# $GANDI_BOOT $GANDI_UNCHANGED" >> ${at('started')}\nexit ${status}\n`,
    );
  const started = () => readFileSync(at('started'), 'utf8');

  it('repeats what a reboot undoes once the program has heard the same', () => {
    store({ ...stateOfGuest(), asksHost: true });
    answers(4);
    expect(boot()).toMatchObject({ status: 0, stderr: '' });
    expect(started()).toBe('gandi-bootstrap 0 1 1\n');
    expect(readFileSync(at('proc/swappiness'), 'utf8')).toBe('10 20\n');
    expect(existsSync(at('run/gandi/gandi-bootstrap.json'))).toBe(true);
  });

  it.each([0, 1, 3])('leaves all to the program that has heard something else: status %d', (status) => {
    store({ ...stateOfGuest(), asksHost: true });
    answers(status);
    expect(boot()).toMatchObject({ status, stderr: '' });
    expect(started()).toBe('gandi-bootstrap 0 1 1\n');
    expect(readFileSync(at('proc/swappiness'), 'utf8')).toBe('60\n');
  });

  it('starts the program as at any boot where something else is new', () => {
    store({ ...stateOfGuest(), asksHost: true });
    answers(3);
    write('etc/default', 'CONFIG_SWAP=0\n');
    expect(boot()).toMatchObject({ status: 3 });
    expect(started()).toBe('gandi-bootstrap 0 1 \n');
  });

  it('starts it again where what a reboot undoes cannot be repeated', () => {
    store({ ...stateOfGuest(), asksHost: true, repeated: [{ ...runTouch(), argv: ['false'] } as Change] });
    answers(4);
    boot();
    expect(started()).toBe('gandi-bootstrap 0 1 1\ngandi-bootstrap 0 1 \n');
  });

  it.each([127, 137])(
    'starts it again where it came to an end that is none of its own: status %d',
    (status) => {
      store({ ...stateOfGuest(), asksHost: true });
      answers(status);
      expect(boot()).toMatchObject({ status, stderr: '' });
      expect(started()).toBe('gandi-bootstrap 0 1 1\ngandi-bootstrap 0 1 \n');
      expect(readFileSync(at('proc/swappiness'), 'utf8')).toBe('60\n');
    },
  );

  it('asks nobody by a record that has lost the word', () => {
    const text = renderBootRecord(stateOfGuest()) ?? '';
    write('var/lib/gandi/steady/gandi-bootstrap', text.replace("host_answers='none'", ''));
    expect(boot()).toEqual(WHOLE);
  });
});

describe('there is no record', () => {
  it.each<[string, () => Partial<BootRecord>]>([
    ['of a path that the shell would split', () => ({ absent: ['/etc/a b'] })],
    ['of a path that the shell would expand', () => ({ existing: ['/etc/*'] })],
    [
      'of a value of two lines',
      () => ({ repeated: [{ kind: 'set-kernel-value', path: '/proc/a', value: 'a\nb' }] }),
    ],
    ['of a command with input', () => ({ repeated: [{ ...runTouch(), input: 'x' } as Change] })],
    [
      'of a hook, which has settings as environment',
      () => ({ repeated: [{ ...runTouch(), environment: {} } as Change] }),
    ],
    [
      'of a file to be written',
      () => ({ repeated: [{ kind: 'write-file', path: '/run/a', content: '', mode: 0o644 }] }),
    ],
  ])('%s', (_, part) => {
    expect(renderBootRecord({ ...stateOfGuest(), ...part() })).toBeUndefined();
  });

  it('that runs what a name says', () => {
    const state = stateOfGuest();
    store({ ...state, report: { ...report, source: "$(touch pwned)'; touch pwned #" } });
    expect(boot()).toEqual(QUIET);
    expect(readFileSync(at('run/gandi/gandi-bootstrap.json'), 'utf8')).toContain(
      "$(touch pwned)'; touch pwned #",
    );
  });
});
