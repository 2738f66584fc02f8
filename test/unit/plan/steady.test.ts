import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { applyChange, type Machine } from '../../../src/machine/apply.ts';
import type { Change } from '../../../src/machine/change.ts';
import { systemCommands } from '../../../src/machine/commands.ts';
import { Files } from '../../../src/machine/files.ts';
import { pathState } from '../../../src/machine/path-state.ts';
import { ReadTrace } from '../../../src/machine/read-trace.ts';
import { readSettings } from '../../../src/machine/settings.ts';
import type { Report } from '../../../src/plan/report.ts';
import { type FinishedRun, recordSteadyState } from '../../../src/plan/steady.ts';
import { temporaryRoot } from '../temporary-root.ts';

const RECORD = '/var/lib/gandi/steady/gandi-config';

const report: Report = {
  program: 'gandi-config',
  version: '3.0.0',
  startedAt: '2026-11-21T04:16:09.000Z',
  bootId: 'b',
  status: 'configured',
  source: '/etc/default/gandi',
  problems: [],
  steps: [{ name: 'motd', status: 'changed', changes: ['write'], notes: [], durationMilliseconds: 1 }],
};

const MOUNTS = '26 1 254:0 / / rw - ext4 /dev/vda rw\n27 26 0:20 / /proc rw - proc proc rw\n';

let files: Files;
let machine: Machine;

beforeEach(() => {
  vi.stubEnv('GANDI_BOOT', '1');
  files = temporaryRoot({ '/sys/class/block/sda/size': '8\n', '/proc/self/mountinfo': MOUNTS });
  machine = { files, commands: systemCommands, live: true };
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** A run that has read these paths; what is at them is this machine's. */
function finished(
  paths: { read?: string[]; looked?: string[] },
  part: Partial<FinishedRun> = {},
): FinishedRun {
  const trace = new ReadTrace();
  for (const path of paths.read ?? []) trace.read(path);
  for (const path of paths.looked ?? []) trace.looked(path);
  return { report, settings: readSettings(temporaryRoot()), trace, applied: [], ...part };
}

/** What a variable of the record says; the texts in it have no quotes of their own. */
async function variable(name: string, run: FinishedRun, extras = {}): Promise<string | undefined> {
  await recordSteadyState(run, machine, extras);
  return new RegExp(`^${name}='([^']*)'$`, 'm').exec(files.readText(RECORD) ?? '')?.[1];
}

describe('the record for the next boot', () => {
  it('has the state of each file that was read', async () => {
    const states = (await variable('file_states', finished({ read: ['/etc/passwd'] })))?.split('\n');
    expect(states).toContain(pathState('/etc/passwd')?.line);
    expect(files.status(RECORD)?.mode).toBe(0o600);
  });

  it('has the program itself, which may become a newer one', async () => {
    expect((await variable('files', finished({})))?.split(' ').length).toBeGreaterThan(0);
  });

  it('has a link and what it leads to', async () => {
    const names = (await variable('files', finished({ read: ['/bin/sh'] })))?.split(' ') ?? [];
    expect(names.some((name) => /\/(dash|bash)$/.test(name))).toBe(true);
  });

  it('has what was not there', async () => {
    expect(await variable('absent', finished({ looked: ['/etc/gandi-nothing'] }))).toBe('/etc/gandi-nothing');
  });

  it('only says of a directory that it is there, unless its names were read', async () => {
    expect(await variable('existing', finished({ looked: ['/etc'] }))).toBe('/etc');
    expect((await variable('files', finished({ read: ['/etc'] })))?.split(' ')).toContain('/etc');
  });

  it('leaves out what is of this boot', async () => {
    const run = finished({ read: ['/proc/self/mountinfo', '/run/lock', '/dev/null', '/tmp'] });
    const names = `${await variable('files', run)} ${await variable('existing', run)} ${await variable('absent', run)}`;
    expect(names).not.toMatch(/\/(proc|run|dev|tmp)\b(?!.*gandi)/);
  });

  it('has what the kernel says of the guest, but for what is set at each boot', async () => {
    const run = finished(
      {},
      { applied: [{ kind: 'set-kernel-value', path: '/proc/sys/vm/swappiness', value: '10' }] },
    );
    run.trace.read('/proc/cmdline', 'root=/dev/sda\n');
    run.trace.read('/proc/sys/vm/swappiness', '60\n');
    run.trace.read('/proc/sys/kernel/random/boot_id', 'b\n');
    expect(await variable('kernel_files', run)).toBe('/proc/cmdline /sys/class/block/sda/size');
    expect(await variable('kernel_texts', run)).toBe('root=/dev/sda\n8');
    expect(await variable('values', run)).toBe('/proc/sys/vm/swappiness=10');
  });

  it('passes over what its program knows to change', async () => {
    const run = finished({ looked: ['/etc/gandi-nothing', '/etc/gandi-other'] });
    expect(await variable('absent', run, { passedOver: ['/etc/gandi-nothing'] })).toBe('/etc/gandi-other');
  });
});

describe('no record is left, and an earlier one is taken away', () => {
  const hook: Change = {
    kind: 'run-command',
    argv: ['/etc/gandi/hooks/post-vm-config'],
    timeoutSeconds: 1,
    environment: {},
    thisBootOnly: true,
    why: 'hook',
  };
  const withNote = (level: 'warning' | 'problem') => ({
    ...report,
    steps: report.steps.map((step) => ({ ...step, notes: [{ level, text: 'look' }] })),
  });
  const problem = { group: 'network', path: 'vif', found: 'x', expected: 'y' } as const;

  it.each<[string, Partial<FinishedRun>]>([
    ['after a run that failed', { report: { ...report, status: 'failed' } }],
    ['after a run that found nothing', { report: { ...report, status: 'nothing-found' } }],
    ['after a warning, which each boot is to tell', { report: withNote('warning') }],
    ['while a field is refused', { report: { ...report, problems: [problem] } }],
    ['while a hook is to be run at each boot', { applied: [hook] }],
  ])('%s', async (_, part) => {
    await recordSteadyState(finished({}), machine, {});
    expect(files.status(RECORD)).toBeDefined();
    await recordSteadyState(finished({}, part), machine, {});
    expect(files.status(RECORD)).toBeUndefined();
  });

  it('while the settings have a line that is not understood', async () => {
    const settings = readSettings(temporaryRoot({ '/etc/default/gandi': 'CONFIG_SWAP=perhaps\n' }));
    expect(settings.warnings).not.toEqual([]);
    await recordSteadyState(finished({}, { settings }), machine, {});
    expect(files.status(RECORD)).toBeUndefined();
  });

  it('where each boot has to look for itself', async () => {
    await recordSteadyState(finished({}), machine, undefined);
    expect(files.status(RECORD)).toBeUndefined();
  });
});

it('a run by hand leaves the record as it is: an admin may change a file meanwhile', async () => {
  vi.stubEnv('GANDI_BOOT', undefined);
  await recordSteadyState(finished({}), machine, {});
  expect(files.status(RECORD)).toBeUndefined();
});

describe('a file that somebody else changed while the run was at work', () => {
  /** Below /var/tmp, which lasts, unlike /tmp. */
  let directory: string;
  let trace: ReadTrace;
  let guest: Files;
  let run: FinishedRun;
  const place = (name: string) => join(directory, name);
  const tick = () => new Promise((resolve) => setTimeout(resolve, 30));
  const isRecorded = async (extras = {}) => {
    await recordSteadyState(run, machine, extras);
    return files.status(RECORD) !== undefined;
  };
  const change = (name: string, content = 'other') => writeFileSync(place(name), content);
  const own = (part: Change) => applyChange(part, { ...machine, files: guest });
  const write = (name: string): Change => ({
    kind: 'write-file',
    path: place(name),
    content: 'ours\n',
    mode: 0o644,
  });

  beforeEach(async () => {
    directory = mkdtempSync('/var/tmp/gandi-guest-');
    change('settings', 'first');
    symlinkSync('settings', place('link'));
    mkdirSync(place('plugins'));
    await tick();
    trace = new ReadTrace();
    guest = new Files('/', trace);
    run = { ...finished({}), trace };
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('is none where nobody did', async () => {
    guest.readText(place('settings'));
    guest.readText(place('link'));
    guest.list(place('plugins'));
    guest.linkTarget(place('link'));
    guest.status(place('nothing'));
    expect(await isRecorded()).toBe(true);
  });

  it.each<[string, () => unknown, () => void]>([
    ['a text', () => guest.readText(place('settings')), () => change('settings')],
    ['of the same length', () => guest.readText(place('settings')), () => change('settings', 'other')],
    ['a mode', () => guest.status(place('settings')), () => chmodSync(place('settings'), 0o600)],
    ['what a link leads to', () => guest.readText(place('link')), () => change('settings')],
    [
      'where a link leads',
      () => guest.linkTarget(place('link')),
      () => {
        rmSync(place('link'));
        symlinkSync('nothing', place('link'));
      },
    ],
    ['names in a directory', () => guest.list(place('plugins')), () => change('plugins/one')],
    ['a file that came', () => guest.readText(place('new')), () => change('new')],
    ['a file that is gone', () => guest.status(place('settings')), () => rmSync(place('settings'))],
    [
      'a text that was read without links',
      () => guest.readTextWithoutLinks(directory, place('settings')),
      () => change('settings'),
    ],
  ])('leaves no record: %s', async (_, read, disturb) => {
    read();
    await tick();
    disturb();
    expect(await isRecorded()).toBe(false);
  });

  it('leaves none where it was read again since, for the first reader did not see it', async () => {
    guest.readText(place('settings'));
    await tick();
    change('settings');
    guest.readText(place('settings'));
    expect(await isRecorded()).toBe(false);
  });

  it('leaves none where this run wrote over it', async () => {
    guest.readText(place('settings'));
    await tick();
    change('settings');
    await own(write('settings'));
    expect(await isRecorded()).toBe(false);
  });

  it('leaves none where it was changed after this run wrote it', async () => {
    guest.readText(place('settings'));
    await own(write('settings'));
    await tick();
    change('settings');
    expect(await isRecorded()).toBe(false);
  });

  it('leaves none where it was changed so shortly before that its time may be the same', async () => {
    change('settings');
    guest.readText(place('settings'));
    expect(await isRecorded()).toBe(false);
  });

  it('is no file of this run’s own, nor the directories above it', async () => {
    guest.readText(place('settings'));
    guest.readText(place('link'));
    guest.list(directory);
    guest.list(place('plugins'));
    guest.readText(place('plugins/deep/new'));
    await own(write('link'));
    await own(write('plugins/deep/new'));
    await own({ kind: 'make-link', path: place('other'), target: 'settings' });
    await own({ kind: 'remove-file', path: place('other') });
    expect(await isRecorded()).toBe(true);
  });

  it('is one that a program of this run changed, unless it was read anew', async () => {
    const touch: Change = {
      kind: 'run-command',
      argv: ['chmod', '0600', place('settings')],
      timeoutSeconds: 5,
      why: 'x',
    };
    guest.status(place('settings'));
    await own(touch);
    expect(await isRecorded()).toBe(false);
    await tick();
    trace = new ReadTrace();
    guest = new Files('/', trace);
    run = { ...finished({}), trace };
    guest.status(place('settings'));
    await own({ ...touch, argv: ['chmod', '0640', place('settings')] });
    guest.status(place('settings'));
    expect(await isRecorded()).toBe(true);
  });

  it('is no backup of this run’s', async () => {
    guest.readText(place('settings'));
    guest.list(directory);
    await own({ ...write('settings'), backup: 'dated' } as Change);
    expect(await isRecorded()).toBe(true);
  });

  it('is none that a program of the system is known to write, such as a key', async () => {
    guest.status(place('key'));
    guest.list(directory);
    await own({
      kind: 'run-command',
      argv: ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', place('key')],
      timeoutSeconds: 20,
      why: 'x',
    });
    expect(guest.status(place('key'))).toBeDefined();
    expect(await isRecorded()).toBe(true);
  });

  it('does not count where a link leads to what each boot makes anew', async () => {
    symlinkSync('/proc/self/mounts', place('mtab'));
    await tick();
    guest.readText(place('mtab'));
    expect(await isRecorded()).toBe(true);
  });

  it('does not count where the program knows it to change', async () => {
    guest.readText(place('settings'));
    await tick();
    change('settings');
    expect(await isRecorded({ passedOver: [place('settings')] })).toBe(true);
  });

  it('counts by its state, whatever the clock says', async () => {
    const later = new Date(Date.now() + 3_600_000);
    vi.useFakeTimers({ now: later, toFake: ['Date'] });
    guest.readText(place('settings'));
    vi.setSystemTime(0);
    guest.readText(place('settings'));
    expect(await isRecorded()).toBe(true);
    vi.useRealTimers();
    await tick();
    change('settings');
    expect(await isRecorded()).toBe(false);
  });
});

describe('file systems whose times say nothing of changes', () => {
  it.each<[string, string]>([
    ['squashfs', '28 26 7:0 / /usr ro - squashfs /dev/loop0 ro'],
    ['an overlay', '28 1 0:30 / / rw - overlay overlay rw,lowerdir=/a'],
    ['erofs over ext4', '28 26 7:0 / /etc ro - erofs /dev/loop0 ro'],
  ])('leave no record: %s', async (_, line) => {
    const states = () => variable('file_states', finished({ read: ['/etc/passwd', '/usr/bin/env'] }));
    expect(await states()).toBeDefined();
    writeFileSync(files.locate('/proc/self/mountinfo'), `${MOUNTS}${line}\n`);
    expect(await states()).toBeUndefined();
  });

  it('do not matter where nothing was read, or under what was', async () => {
    const lines = [
      '28 26 7:0 / /snap/core ro - squashfs /dev/loop0 ro',
      '29 26 0:30 / /etc rw - tmpfs none rw',
      '30 29 8:1 / /etc rw - ext4 /dev/sda1 rw',
    ];
    writeFileSync(files.locate('/proc/self/mountinfo'), `${MOUNTS}${lines.join('\n')}\n`);
    expect(await variable('file_states', finished({ read: ['/etc/passwd'] }))).toBeDefined();
  });

  it('may be all where the kernel does not tell', async () => {
    rmSync(files.locate('/proc/self/mountinfo'));
    await recordSteadyState(finished({}), machine, {});
    expect(files.status(RECORD)).toBeUndefined();
  });
});

it('has what each disk says of itself, but for what its driver would ask the disk', async () => {
  const scsi = '/sys/devices/pci0/host0/target0/0:0:0:1';
  const virtio = '/sys/devices/pci0/virtio1';
  files = temporaryRoot({
    '/proc/self/mountinfo': MOUNTS,
    '/sys/class/block/sda': { link: `../../..${scsi}/block/sda` },
    [`${scsi}/block/sda/size`]: '8\n',
    [`${scsi}/block/sda/device`]: { link: '../../../0:0:0:1' },
    [`${scsi}/vendor`]: 'gandi.ne\n',
    [`${scsi}/model`]: 'volume          \n',
    [`${scsi}/wwid`]: 't10.gandi.ne volume 1\n',
    [`${scsi}/queue_depth`]: '128\n',
    '/sys/class/block/vda': { link: `../../..${virtio}/block/vda` },
    [`${virtio}/block/vda/size`]: '16\n',
    [`${virtio}/block/vda/serial`]: 'asked',
    [`${virtio}/block/vda/wwid`]: 'nvme.1\0\n',
    [`${virtio}/block/vda/device`]: { link: '../../../virtio1' },
    [`${virtio}/vendor`]: '0x1af4\n',
  });
  machine = { ...machine, files };
  await recordSteadyState(finished({}), machine, {});
  const text = files.readText(RECORD) ?? '';
  const names = /^kernel_files=(.*)$/m.exec(text)?.[1]?.replaceAll(`'"$disk_0"'`, 'sda');
  expect(names?.replaceAll(`'"$disk_1"'`, 'vda')).toBe(
    `'${[
      'sda/device/model',
      'sda/device/vendor',
      'sda/device/wwid',
      'vda/device/vendor',
      'sda/size',
      'vda/size',
    ]
      .map((name) => `/sys/class/block/${name}`)
      .join(' ')}'`,
  );
  expect(text).toContain("kernel_texts='volume          \ngandi.ne\nt10.gandi.ne volume 1\n0x1af4\n8\n16'\n");
});
