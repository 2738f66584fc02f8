import { closeSync, constants, existsSync, mkdirSync, openSync, readFileSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { main as program } from '../../../src/guest/program.ts';
import { REPORT_PORT } from '../../../src/host-report/places.ts';
import type { Files } from '../../../src/machine/files/files.ts';
import { READY_LINE } from '../../../src/machine/files/paths.ts';
import type { Report, StepReport } from '../../../src/state/report.ts';
import { captureOutput } from '../captured-output.ts';
import { intercept, recordChanges } from '../fault-injection.ts';
import { run } from '../images.ts';
import { simulatedSystem } from '../simulated-system.ts';
import { temporaryRoot } from '../temporary-root.ts';

const said = captureOutput();

const opened: number[] = [];
afterEach(() => {
  for (const descriptor of opened.splice(0)) closeSync(descriptor);
});

const UUID = '11111111-2222-3333-4444-555555555555';

/** A guest with the port; `isHeard`: somebody is connected at the host. */
function guest(entries: Record<string, string> = {}, isHeard = true) {
  const files = temporaryRoot({
    '/sys/class/dmi/id/product_uuid': `${UUID.toUpperCase()}\n`,
    '/var/lib/gandi/x': '',
    ...entries,
  });
  const place = `${files.root}${REPORT_PORT}`;
  mkdirSync(dirname(place), { recursive: true });
  run('mkfifo', [place]);
  const port = isHeard ? openSync(place, constants.O_RDONLY | constants.O_NONBLOCK) : undefined;
  if (port !== undefined) opened.push(port);
  const heard = () => {
    const buffer = Buffer.alloc(65_536);
    const text = port === undefined ? '' : buffer.subarray(0, readSync(port, buffer)).toString();
    return text === '' ? undefined : JSON.parse(text);
  };
  return { files, heard, report: (...args: string[]) => report(files, args) };
}

const report = (files: Files, args: readonly string[]) =>
  program(['report', ...args], simulatedSystem({ open: () => ({ files, live: true }), intercept }));

const ran = (name: string, given: Partial<Report>) => ({
  [`/run/gandi/${name}.json`]: JSON.stringify({
    program: name,
    startedAt: '2026-01-02T03:04:05.000Z',
    status: 'configured',
    problems: [],
    steps: [],
    ...given,
  }),
});

describe('a stage', () => {
  it('is told with its state, and with what failed', async () => {
    const { heard, report } = guest();
    expect(await report('operator', 'error', '--error', 'no package server')).toBe(0);
    expect(heard()).toEqual({
      v: 1,
      instance: UUID,
      stage: 'operator',
      state: 'error',
      error: 'no package server',
    });
    expect(await report('operator', 'running')).toBe(0);
    expect(heard()).toEqual({ v: 1, instance: UUID, stage: 'operator', state: 'running' });
    expect(said.stderr).toBe('');
  });

  it('is told under the name that the source has for this guest, without the secrets of its configuration', async () => {
    const { heard, report } = guest({
      '/var/lib/gandi/source.json': JSON.stringify({
        layout: 1,
        source: 'nocloud',
        attachment: '',
        origin: 'a volume',
        instanceId: 'i-1',
        config: { postBoot: { command: 'enrol web1 with-this-key' } },
        refused: [],
        problems: [],
        origins: [],
      }),
    });
    expect(await report('operator', 'error', '--error', 'enrol web1 with-this-key: refused')).toBe(0);
    expect(heard()).toMatchObject({ instance: 'i-1', error: '***: refused' });
  });

  it.each(['bootstrap', 'operator', 'seal'])(
    '%s needs a state, and nobody is told without',
    async (stage) => {
      const { heard, report } = guest();
      expect(await report(stage)).toBe(2);
      expect(said.stderr).toBe(
        `gandi-guest: say of ${stage} whether it is running, or came to success or error\n`,
      );
      expect(heard()).toBeUndefined();
    },
  );

  it('that a way does not take has the status 1, and says which', async () => {
    const { report } = guest({}, false);
    expect(await report('operator', 'success')).toBe(1);
    expect(said.stderr).toBe(
      `gandi-guest: warning: the host is not told by ${REPORT_PORT}: nobody listens\n`,
    );
  });

  it('has the status 3 where there is no way', async () => {
    const { heard, report } = guest({ '/etc/default/gandi': 'CONFIG_REPORT=none\n' });
    expect(await report('operator', 'success')).toBe(3);
    expect(heard()).toBeUndefined();
  });
});

describe('ready', () => {
  it('is an error where a report of this boot is damaged: it may have said that something failed', async () => {
    const { heard, report } = guest({
      ...ran('gandi-bootstrap', {}),
      '/run/gandi/gandi-config.json': '{"program":',
    });
    expect(await report('ready')).toBe(0);
    expect(heard()).toMatchObject({
      state: 'error',
      error: '/run/gandi/gandi-config.json: it is not what a program of the toolkit leaves there',
    });
  });

  it('is a success where nothing of ours failed at this boot', async () => {
    const { files, heard, report } = guest({
      ...ran('gandi-bootstrap', {}),
      // Of an earlier boot.
      '/var/lib/gandi/gandi-config.json': Object.values(ran('gandi-config', { status: 'failed' }))[0] ?? '',
    });
    expect(await report('ready')).toBe(0);
    expect(heard()).toEqual({ v: 1, instance: UUID, stage: 'ready', state: 'success' });
    expect(JSON.parse(files.readText(READY_LINE) ?? '')).toMatchObject({ stage: 'ready', state: 'success' });
  });

  it('is an error with what failed of each program', async () => {
    const step: StepReport = {
      name: 'swap',
      status: 'failed',
      changes: [],
      notes: [],
      durationMilliseconds: 1,
    };
    const { files, heard, report } = guest({
      ...ran('gandi-mount', { status: 'failed', steps: [step] }),
      ...ran('gandi-metadata', { status: 'failed' }),
      ...ran('gandi-config', {}),
    });
    expect(await report('ready')).toBe(0);
    expect(heard()).toMatchObject({
      stage: 'ready',
      state: 'error',
      error: 'gandi-mount: swap: failed\ngandi-metadata: failed; see gandi-guest status',
    });
    // What later boots say in which nothing is new.
    expect(JSON.parse(files.readText(READY_LINE) ?? '')).toMatchObject({ state: 'success' });
  });

  it('leaves a line for later boots where the host is told by the port, by a change like any other', async () => {
    const { files, report } = guest();
    const { changes } = await recordChanges(() => report('ready', 'success'));
    expect(changes).toMatchObject([{ kind: 'write-file', path: READY_LINE, mode: 0o600 }]);
    const line = readFileSync(files.locate(READY_LINE), 'utf8');
    const again = await recordChanges(() => report('ready', 'success'));
    expect(again.changes).toEqual([]);
    expect(line.endsWith('\n')).toBe(true);
  });

  it('leaves an empty one where the settings want the port left out, and none before the first boot', async () => {
    const quiet = guest({ '/etc/default/gandi': 'CONFIG_REPORT=console\n' });
    await quiet.report('ready', 'success');
    expect(quiet.files.readText(READY_LINE)).toBe('');
    const early = temporaryRoot({});
    expect(await report(early, ['ready', 'success'])).toBe(3);
    expect(existsSync(`${early.root}${READY_LINE}`)).toBe(false);
  });
});
