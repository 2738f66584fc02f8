import { closeSync, constants, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { reportBoot } from '../../../src/bootstrap/report-boot.ts';
import { REPORT_PORT } from '../../../src/host-report/places.ts';
import { systemCommands } from '../../../src/machine/commands/commands.ts';
import { READY_LINE } from '../../../src/machine/files/paths.ts';
import type { Report } from '../../../src/state/report.ts';
import { captureOutput } from '../captured-output.ts';
import { makeContext } from '../context.ts';
import { run } from '../images.ts';
import { simulatedSystem } from '../simulated-system.ts';
import { temporaryRoot } from '../temporary-root.ts';

const said = captureOutput();

const opened: number[] = [];
afterEach(() => {
  for (const descriptor of opened.splice(0)) closeSync(descriptor);
});

const REPORT: Report = {
  program: 'gandi-bootstrap',
  version: '1.0.0',
  startedAt: '2026-01-02T03:04:05.000Z',
  bootId: 'b1',
  status: 'configured',
  source: '/dev/sdb',
  problems: [],
  steps: [],
};

/** Ends a boot. @returns what the host heard by the port, if there is one */
async function end(
  port: 'no port' | 'a port' | 'nobody listens',
  given: Partial<Report> = {},
  entries: Record<string, string> = { '/var/lib/gandi/x': '' },
) {
  const files = temporaryRoot(entries);
  const place = `${files.root}${REPORT_PORT}`;
  if (port !== 'no port') {
    mkdirSync(dirname(place), { recursive: true });
    run('mkfifo', [place]);
  }
  const host = port === 'a port' ? openSync(place, constants.O_RDONLY | constants.O_NONBLOCK) : undefined;
  if (host !== undefined) opened.push(host);
  const { settings, host: configuration } = makeContext({
    config: { hostName: 'web1', postBoot: { command: 'enrol with-this-key' } },
    host: { instanceId: 'i-1' },
  });
  const machine = { files, commands: systemCommands, live: true };
  const report = { ...REPORT, ...given };
  await reportBoot(simulatedSystem(), machine, { settings, host: configuration, report });
  const buffer = Buffer.alloc(65_536);
  const heard = host === undefined ? '' : buffer.subarray(0, readSync(host, buffer)).toString();
  return { files, heard: heard === '' ? undefined : JSON.parse(heard) };
}

it('a boot that came to its end is told under the guest’s name, and leaves the line for later ones', async () => {
  const { files, heard } = await end('a port');
  expect(heard).toEqual({ v: 1, instance: 'i-1', stage: 'bootstrap', state: 'success' });
  expect(files.readText(READY_LINE)).toBe('{"v":1,"instance":"i-1","stage":"ready","state":"success"}\n');
  expect(said.stderr).toBe('');
});

it('what failed of it is told without the secrets of the configuration', async () => {
  const notes = [{ level: 'problem' as const, text: 'enrol with-this-key: refused' }];
  const steps = [{ name: 'users', status: 'failed' as const, changes: [], notes, durationMilliseconds: 1 }];
  const { heard } = await end('a port', { status: 'failed', steps });
  expect(heard).toMatchObject({ state: 'error', error: 'gandi-bootstrap: users: ***: refused' });
});

it('a host that does not listen is no failure of the boot', async () => {
  await end('nobody listens');
  expect(said.stderr).toBe(`gandi-bootstrap: the host is not told by ${REPORT_PORT}: nobody listens\n`);
});

it('where there is no way nothing is told or left, unless an earlier boot left a line', async () => {
  expect((await end('no port')).files.readText(READY_LINE)).toBeUndefined();
  const { files } = await end('no port', {}, { [READY_LINE]: 'another guest’s' });
  expect(files.readText(READY_LINE)).toContain('"instance":"i-1"');
});

it('a line that cannot be left is a warning, and the host is told all the same', async () => {
  // A directory is in its place.
  const { heard } = await end('a port', {}, { [`${READY_LINE}/x`]: '' });
  expect(heard).toMatchObject({ stage: 'bootstrap', state: 'success' });
  expect(said.stderr).toContain('warning: could not leave the line that says the guest is ready: ');
});
