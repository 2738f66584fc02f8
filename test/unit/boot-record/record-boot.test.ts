import { rmSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { type FinishedRun, recordBoot } from '../../../src/boot-record/record-boot.ts';
import type { Change } from '../../../src/machine/changes/change.ts';
import type { Machine } from '../../../src/machine/changes/machine.ts';
import { systemCommands } from '../../../src/machine/commands/commands.ts';
import type { Files } from '../../../src/machine/files/files.ts';
import { pathState } from '../../../src/machine/files/trace/path-state.ts';
import { readSettings } from '../../../src/machine/settings/settings.ts';
import { temporaryRoot } from '../temporary-root.ts';
import { finished, guestWithDisk, MOUNTS, RECORD, report } from './finished-run.ts';

let files: Files;
let machine: Machine;

beforeEach(() => {
  files = guestWithDisk();
  machine = { files, commands: systemCommands, live: true };
});

/** What a variable of the record says; the texts in it have no quotes of their own. */
async function variable(name: string, run: FinishedRun, extras = {}): Promise<string | undefined> {
  await recordBoot(run, machine, extras);
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
    expect(await variable('kernel_files', run)).toBe('/proc/cmdline');
    expect(await variable('kernel_texts', run)).toBe('root=/dev/sda');
    expect(await variable('values', run)).toBe('/proc/sys/vm/swappiness=10');
  });

  it('has each word of DMI that a source goes by', async () => {
    const run = finished();
    for (const name of ['board_asset_tag', 'chassis_asset_tag', 'bios_version'])
      run.trace.read(`/sys/class/dmi/id/${name}`, `${name}\n`);
    expect(await variable('kernel_texts', run)).toBe('board_asset_tag\nchassis_asset_tag\nbios_version');
  });

  it('has what the firmware says, without zeros, and what it does not say', async () => {
    const raw = '/sys/firmware/dmi/entries/11-0/raw';
    const absent = '/sys/firmware/qemu_fw_cfg/by_name/opt/io.systemd.credentials/gandi.config/raw';
    const run = finished({ looked: [absent, '/sys/class/nothing'] });
    run.trace.read(raw, '\x0b\x05\x00\x0e\x01io.systemd.credential:a=b\0\0');
    expect(await variable('kernel_files', run)).toBe(raw);
    expect(await variable('kernel_texts', run)).toBe('\x0b\x05\x0e\x01io.systemd.credential:a=b');
    expect(await variable('absent', run)).toBe(absent);
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
    await recordBoot(finished({}), machine, {});
    expect(files.status(RECORD)).toBeDefined();
    await recordBoot(finished({}, part), machine, {});
    expect(files.status(RECORD)).toBeUndefined();
  });

  it('not for a warning about what the source says, which changes nothing', async () => {
    const problems = [{ ...problem, isWarning: true as const }];
    await recordBoot(finished({}, { report: { ...report, problems } }), machine, {});
    expect(files.status(RECORD)).toBeDefined();
  });

  it('while the settings have a line that is not understood', async () => {
    const settings = readSettings(temporaryRoot({ '/etc/default/gandi': 'CONFIG_SWAP=perhaps\n' }));
    expect(settings.warnings).not.toEqual([]);
    await recordBoot(finished({}, { settings }), machine, {});
    expect(files.status(RECORD)).toBeUndefined();
  });

  it('where each boot has to look for itself', async () => {
    await recordBoot(finished({}), machine, undefined);
    expect(files.status(RECORD)).toBeUndefined();
  });
});

it('a run by hand leaves the record as it is: an admin may change a file meanwhile', async () => {
  const system = { environment: {}, say: () => undefined };
  await recordBoot(finished({}, { system }), machine, {});
  expect(files.status(RECORD)).toBeUndefined();
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
    await recordBoot(finished({}), machine, {});
    expect(files.status(RECORD)).toBeUndefined();
  });
});
