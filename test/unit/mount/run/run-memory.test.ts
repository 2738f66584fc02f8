import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Machine } from '../../../../src/machine/changes/machine.ts';
import { sleep } from '../../../../src/machine/runtime/sleep.ts';
import { lastParsedSettings, parseSettings } from '../../../../src/machine/settings/settings.ts';
import { RunMemory } from '../../../../src/mount/run/run-memory.ts';
import { simulatedSystem } from '../../simulated-system.ts';
import { temporaryRoot } from '../../temporary-root.ts';

const SETTINGS = '/etc/default/gandi';
const UNIT = '/etc/systemd/system/data.mount';
const FILE = '/run/gandi/gandi-mount-memory.json';
const unit = (source: string) => `[Mount]\nWhat=${source}\nWhere=/data\n`;

/** Longer than a change may be from a look to be told from the one before. */
const SETTLED_MILLISECONDS = 60;

function guest(entries: Record<string, string>) {
  const files = temporaryRoot(entries);
  const machine: Machine = { files, commands: simulatedSystem().commands, live: true };
  const place = (path: string) => `${files.root}${path}`;
  return {
    files,
    place,
    write(path: string, text: string) {
      mkdirSync(dirname(place(path)), { recursive: true });
      writeFileSync(place(path), text);
    },
    /** What a run finds, which leaves what it has learned to the next one. */
    async run() {
      // Each run is a process of its own.
      parseSettings('', 'none');
      const memory = new RunMemory(files);
      const found = {
        root: memory.readSettings().diskRoot,
        sources: memory.mountUnits().map(({ source }) => source),
      };
      await memory.store(machine);
      return found;
    },
    kept: () => JSON.parse(readFileSync(place(FILE), 'utf8')) as Record<string, unknown>,
  };
}

type Made = ReturnType<typeof guest>;

async function settledGuest() {
  const made = guest({ [SETTINGS]: 'CONFIG_DISK_ROOT=/data\n', [UNIT]: unit('/dev/sdb') });
  await sleep(SETTLED_MILLISECONDS);
  expect(await made.run()).toEqual({ root: '/data', sources: ['/dev/sdb'] });
  return made;
}

describe('what a run has made of files', () => {
  it('is what the next one works with, which reads them no more', async () => {
    const { run, write, kept } = await settledGuest();
    const before = kept();
    const mountUnits = {
      ...(before.mountUnits as object),
      entries: [{ source: '/dev/sdz', mountPoint: '/data', type: 'auto' }],
    };
    const parsed = before.settings as { text: string; settings: object };
    const settings = { ...parsed, settings: { ...parsed.settings, diskRoot: '/remembered' } };
    write(FILE, JSON.stringify({ ...before, settings, mountUnits }));
    expect(await run()).toEqual({ root: '/remembered', sources: ['/dev/sdz'] });
  });

  it('is all that settings say, as if they were parsed', async () => {
    const { files } = await settledGuest();
    const remembered = new RunMemory(files).readSettings();
    parseSettings('', 'none');
    expect(remembered).toEqual(parseSettings('CONFIG_DISK_ROOT=/data\n', SETTINGS));
    expect(lastParsedSettings()?.text).toBe('CONFIG_DISK_ROOT=/data\n');
  });

  it('does not count for other settings', async () => {
    const { run, write } = await settledGuest();
    write(SETTINGS, 'CONFIG_DISK_ROOT=/othr\n');
    expect(await run()).toMatchObject({ root: '/othr' });
  });

  it.each<[string, (made: Made) => void, string[]]>([
    [
      'comes',
      ({ write }) => write('/run/systemd/system/b.mount', unit('/dev/sdc')),
      ['/dev/sdb', '/dev/sdc'],
    ],
    ['goes', ({ place }) => rmSync(place(UNIT)), []],
    [
      'is written over, with the time that it had',
      ({ place, write }) => {
        write(UNIT, unit('/dev/sdd'));
        utimesSync(place(UNIT), 0, 0);
      },
      ['/dev/sdd'],
    ],
    [
      'is replaced',
      ({ place, write }) => {
        write('/new', unit('/dev/sde'));
        renameSync(place('/new'), place(UNIT));
      },
      ['/dev/sde'],
    ],
    ['has a drop-in', ({ write }) => write(`${UNIT}.d/a.conf`, '[Mount]\nWhat=/dev/sdf\n'), ['/dev/sdf']],
  ])('does not count once a unit %s', async (_, change, expected) => {
    const settled = await settledGuest();
    change(settled);
    expect((await settled.run()).sources).toEqual(expected);
  });

  it('does not count for a unit whose drop-in is changed', async () => {
    const { run, write } = await settledGuest();
    write(`${UNIT}.d/a.conf`, '[Mount]\nWhat=/dev/sdf\n');
    await sleep(SETTLED_MILLISECONDS);
    await run();
    write(`${UNIT}.d/a.conf`, '[Mount]\nWhat=/dev/sdg\n');
    expect((await run()).sources).toEqual(['/dev/sdg']);
  });

  it('is not kept of units that have just been changed: another change may have the same time', async () => {
    const { run, kept } = guest({ [UNIT]: unit('/dev/sdb') });
    await run();
    expect(kept()).not.toHaveProperty('mountUnits');
  });

  it.each([
    ['of another program', (text: string) => text.replace(/"program":"[^"]*"/, '"program":"1.0 1 1 1"')],
    ['that is damaged', (text: string) => text.slice(0, -10)],
  ])('does not count %s', async (_, change) => {
    const { run, write, place } = await settledGuest();
    const text = readFileSync(place(FILE), 'utf8').replaceAll('/dev/sdb', '/dev/sdz');
    write(FILE, change(text));
    expect((await run()).sources).toEqual(['/dev/sdb']);
  });

  it.each([
    '[]',
    'null',
    '{"a":1}',
    '{"program":"PROGRAM"}',
    '{"program":"PROGRAM","settings":{"text":"","settings":{}},"mountUnits":{"entries":[],"seen":[]}}',
    '{"program":"PROGRAM","settings":7}',
    '{"program":"PROGRAM","mountUnits":{"entries":[null],"seen":[]}}',
    '{"program":"PROGRAM","mountUnits":{"entries":[],"seen":[3]}}',
  ])('does not count of another shape: %s', async (shape) => {
    const { run, write, kept } = await settledGuest();
    const { program } = kept();
    write(FILE, shape.replace('PROGRAM', String(program)));
    expect(await run()).toEqual({ root: '/data', sources: ['/dev/sdb'] });
    expect(kept()).toHaveProperty('mountUnits.entries');
  });

  it('is written only where it is new', async () => {
    const { run, place } = await settledGuest();
    rmSync(place(FILE));
    await run();
    utimesSync(place(FILE), 1, 1);
    await run();
    expect(statSync(place(FILE)).mtimeMs).toBe(1000);
  });
});
