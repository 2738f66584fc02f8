import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cron } from '../../../src/config/cron.ts';
import { isFixed } from '../../../src/config/timers.ts';
import { staggerAnacrontab, staggerCrontab, staggerPhp } from '../../../src/identity/cron-tables.ts';
import { PROPERTY_RUNS } from '../../property-runs.ts';
import { makeContext } from '../context.ts';
import { CRONIE_ANACRONTAB, CRONIE_HOURLY, DEBIAN_CRONTAB, MACHINE_ID } from './distributions.ts';

const others = Array.from({ length: 200 }, (_, index) => index.toString(16).padStart(32, '0'));

describe('staggerCrontab', () => {
  it('gives the distribution’s jobs times of the guest’s own, and changes nothing else', () => {
    const text = staggerCrontab(DEBIAN_CRONTAB, MACHINE_ID);
    const changed = text.split('\n').filter((line, index) => line !== DEBIAN_CRONTAB.split('\n')[index]);
    expect(changed).toEqual([
      expect.stringMatching(/^\d+ \*\t\* \* \*\troot\tcd \/ && run-parts --report \/etc\/cron.hourly$/),
      expect.stringMatching(/^\d+ [013456]\t\* \* \*\troot\ttest .*daily; \}$/),
      expect.stringMatching(/^\d+ [013456]\t\* \* 7\troot\ttest .*weekly; \}$/),
      expect.stringMatching(/^\d+ [013456]\t1 \* \*\troot\ttest .*monthly; \}$/),
    ]);
    expect(staggerCrontab(text, MACHINE_ID)).toBe(text);
  });

  it('spreads guests over the night', () => {
    const daily = others.map((id) => /^(\d+ \d+)\t.*daily/m.exec(staggerCrontab(DEBIAN_CRONTAB, id))?.[1]);
    expect(new Set(daily).size).toBeGreaterThan(120);
    for (const time of daily) expect(time).toMatch(/^([0-9]|[1-5][0-9]) [013456]$/);
  });

  it.each([
    ['another hour', '25 7\t* * *\troot\trun-parts /etc/cron.daily\n'],
    ['another minute', '26 6\t* * *\troot\trun-parts /etc/cron.daily\n'],
    ['another user', '25 6\t* * *\tnobody\trun-parts /etc/cron.daily\n'],
    ['a job of one’s own', '17 *\t* * *\troot\t/usr/local/bin/backup\n'],
    ['a comment', '#17 *\t* * *\troot\trun-parts /etc/cron.hourly\n'],
  ])('leaves %s to the admin', (_, line) => {
    expect(staggerCrontab(line, MACHINE_ID)).toBe(line);
  });

  it('knows the hourly job of cronie', () => {
    expect(staggerCrontab(CRONIE_HOURLY, MACHINE_ID)).toMatch(/^\d+ \* \* \* \* root run-parts/m);
    expect(staggerCrontab(CRONIE_HOURLY, MACHINE_ID)).not.toContain('\n01 ');
  });
});

describe('other tables', () => {
  it('keeps PHP’s clean-up half an hour apart', () => {
    const line = '09,39 *     * * *     root   [ -x /usr/lib/php/sessionclean ]\n';
    const [, first, second] = /^(\d+),(\d+) \* {5}\*/.exec(staggerPhp(line, MACHINE_ID)) ?? [];
    expect(Number(second) - Number(first)).toBe(30);
    expect(staggerPhp(staggerPhp(line, MACHINE_ID), MACHINE_ID)).toBe(staggerPhp(line, MACHINE_ID));
  });

  it('gives anacron longer delays, unless it draws them itself', () => {
    const debian = '1\t5\tcron.daily\trun-parts --report /etc/cron.daily\n@monthly\t15\tcron.monthly\trun\n';
    const staggered = staggerAnacrontab(debian, MACHINE_ID);
    expect(staggered).toMatch(
      /^1\t\d+\tcron\.daily\trun-parts --report \/etc\/cron\.daily\n@monthly\t\d+\tcron/,
    );
    expect(staggered).not.toBe(debian);
    expect(staggerAnacrontab(CRONIE_ANACRONTAB, MACHINE_ID)).toBe(CRONIE_ANACRONTAB);
  });
});

describe('every staggering', () => {
  const machineId = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 });
  const DEBIAN_ANACRONTAB =
    '1\t5\tcron.daily\trun-parts\n7\t10\tcron.weekly\trun-parts\n@monthly\t15\tcron.monthly\trun-parts\n';
  const PHP = '09,39 *     * * *     root   [ -x /usr/lib/php/sessionclean ]\n';

  it.each([
    ['crontab', staggerCrontab, DEBIAN_CRONTAB],
    ['0hourly', staggerCrontab, CRONIE_HOURLY],
    ['php', staggerPhp, PHP],
    ['anacrontab', staggerAnacrontab, DEBIAN_ANACRONTAB],
  ])('of %s is done once, for any guest', (_, staggerTable, text) => {
    fc.assert(
      fc.property(machineId, (id) => {
        const once = staggerTable(text, id);
        expect(once).not.toBe(text);
        expect(staggerTable(once, id)).toBe(once);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  it.each(['1\t15\tcron.daily\trun\n', '7\t5\tcron.weekly\trun\n', '1\t5\tcron.weekly\trun\n'])(
    'leaves %j to the admin',
    (line) => {
      expect(staggerAnacrontab(line, MACHINE_ID)).toBe(line);
    },
  );
});

describe('isFixed', () => {
  it.each([
    ['OnCalendar=daily\n', true],
    ['OnCalendar=daily\nRandomizedDelaySec=0\n', true],
    ['OnCalendar=daily\nRandomizedDelaySec=1h\n', false],
    ['OnCalendar=daily\n[Timer]\nRandomizedDelaySec = 6000\n', false],
    ['OnBootSec=10min\nOnUnitInactiveSec=1h\n', false],
  ])('%j: %s', (text, fixed) => {
    expect(isFixed(text)).toBe(fixed);
  });
});

describe('03-vm-fix-cron', () => {
  const unit = { '/usr/lib/systemd/system/fstrim.timer': '[Timer]\nOnCalendar=weekly\n' };
  const pathsOf = (files: Record<string, string | { text: string; mode: number }>) =>
    cron
      .plan(makeContext({ files: { '/etc/machine-id': `${MACHINE_ID}\n`, ...files } }))
      .changes.map((change) => ('path' in change ? change.path : change.kind));

  it('leaves timers alone that an admin replaced or delayed', () => {
    expect(pathsOf(unit)).toHaveLength(2);
    expect(pathsOf({ ...unit, '/etc/systemd/system/fstrim.timer': '[Timer]\nOnCalendar=daily\n' })).toEqual(
      [],
    );
    const dropIn = { '/etc/systemd/system/fstrim.timer.d/mine.conf': '[Timer]\nRandomizedDelaySec=5min\n' };
    expect(pathsOf({ ...unit, ...dropIn })).toEqual([]);
  });

  it('keeps the mode of a table, and passes over copies of one', () => {
    const php = '09,39 *  * * *  root  true\n';
    const files = {
      '/etc/machine-id': `${MACHINE_ID}\n`,
      '/etc/crontab': { text: DEBIAN_CRONTAB, mode: 0o600 },
      '/etc/cron.d/php.dpkg-old': php,
    };
    expect(cron.plan(makeContext({ files })).changes).toEqual([
      expect.objectContaining({ kind: 'write-file', path: '/etc/crontab', mode: 0o600 }),
    ]);
  });

  it('does not touch tables before the guest has an identity', () => {
    expect(cron.plan(makeContext({ files: { '/etc/crontab': DEBIAN_CRONTAB } })).changes).toEqual([]);
  });
});
