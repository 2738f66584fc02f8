import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FinishedRun, recordBoot } from '../../../src/boot-record/record-boot.ts';
import { applyChange } from '../../../src/machine/changes/apply.ts';
import type { Change } from '../../../src/machine/changes/change.ts';
import type { Machine } from '../../../src/machine/changes/machine.ts';
import { systemCommands } from '../../../src/machine/commands/commands.ts';
import { Files } from '../../../src/machine/files/files.ts';
import { ReadTrace } from '../../../src/machine/files/trace/read-trace.ts';
import { finished, guestWithDisk, RECORD } from './finished-run.ts';

let files: Files;
let machine: Machine;

beforeEach(() => {
  files = guestWithDisk();
  machine = { files, commands: systemCommands, live: true };
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
    await recordBoot(run, machine, extras);
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
