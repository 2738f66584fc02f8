import { describe, expect, it } from 'vitest';
import type { Machine } from '../../../src/machine/changes/machine.ts';
import { latestReport, readApplied, storeApplied, storeReport } from '../../../src/state/records.ts';
import type { Report } from '../../../src/state/report.ts';
import { temporaryRoot } from '../temporary-root.ts';

const machine = (live = true): Machine => ({
  files: temporaryRoot({ '/var/lib/x': '', '/run/x': '' }),
  commands: { run: () => Promise.reject(new Error('none')) },
  live,
});

const report = (status: Report['status'], more: Partial<Report> = {}): Report => ({
  program: 'gandi-bootstrap',
  version: '1',
  startedAt: '2026-01-01T00:00:00.000Z',
  bootId: 'b',
  status,
  source: '/gandi/config',
  problems: [],
  steps: [],
  ...more,
});

const lasting = '/var/lib/gandi/gandi-bootstrap.json';

describe('what was applied', () => {
  it('is read back', async () => {
    const m = machine();
    await storeApplied(m, 'gandi-config', { identity: 'abc' });
    expect(readApplied(m.files, 'gandi-config')).toEqual({ identity: 'abc' });
    expect(readApplied(m.files, 'gandi-bootstrap')).toEqual({});
    expect(m.files.status('/var/lib/gandi/applied/gandi-config.json')?.mode).toBe(0o600);
  });

  it.each(['', '{', '[]', 'null', '{"identity": 1}'])('is nothing in a damaged record: %s', (text) => {
    const files = temporaryRoot({ '/var/lib/gandi/applied/gandi-config.json': text });
    expect(readApplied(files, 'gandi-config')).toEqual({});
  });
});

describe('reports', () => {
  it('of this boot go before lasting ones', async () => {
    const m = machine();
    expect(latestReport(m.files, 'gandi-bootstrap')).toBeUndefined();
    await storeReport(m, report('configured'));
    await storeReport(m, report('unchanged'));
    expect(latestReport(m.files, 'gandi-bootstrap')).toMatchObject({
      thisBoot: true,
      report: { status: 'unchanged' },
    });
    expect(m.files.readText(lasting)).toContain('"configured"');
  });

  it('write nothing that lasts when nothing is new', async () => {
    const m = machine();
    const problems = [{ group: 'network' as const, path: 'vif', found: 'a', expected: 'b' }];
    await storeReport(m, report('failed', { problems }));
    const before = m.files.readText(lasting);
    await storeReport(m, report('failed', { problems, startedAt: 'later' }));
    expect(m.files.readText(lasting)).toBe(before);
    await storeReport(m, report('unchanged', { startedAt: 'recovered' }));
    expect(m.files.readText(lasting)).toContain('recovered');
    await storeReport(m, report('unchanged', { startedAt: 'later still' }));
    expect(m.files.readText(lasting)).toContain('recovered');
  });

  it('of a quiet boot, which has none, get the time of their file', () => {
    const { startedAt: _, ...quiet } = report('unchanged');
    const files = temporaryRoot({ '/run/gandi/gandi-bootstrap.json': JSON.stringify(quiet) });
    const { startedAt } = latestReport(files, 'gandi-bootstrap')?.report ?? {};
    expect(Math.abs(Date.parse(startedAt ?? '') - Date.now())).toBeLessThan(60_000);
  });

  it('of an unpacked image stay in it', async () => {
    const m = machine(false);
    await storeReport(m, report('configured'));
    expect(m.files.list('/run')).toEqual(['x']);
    expect(latestReport(m.files, 'gandi-bootstrap')).toMatchObject({ thisBoot: false });
  });
});
