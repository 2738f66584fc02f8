import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timeBoot } from '../../../../src/guest/analyze/boot-times.ts';
import { parseJournal } from '../../../../src/guest/analyze/journal-boots.ts';
import { drawBoot } from '../../../../src/guest/analyze/time-chart.ts';
import { renderBoot } from '../../../../src/guest/analyze/time-table.ts';
import { parseFinished, parseShownUnits } from '../../../../src/guest/analyze/unit-runs.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';

const stamp = fc.oneof(fc.nat().map(String), fc.constantFrom('', '-1', '1e9', '18446744073709551615', 'x'));

/** Entries that are nearly right. */
const entries = fc.array(
  fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record(
        {
          __REALTIME_TIMESTAMP: stamp,
          __MONOTONIC_TIMESTAMP: stamp,
          _BOOT_ID: fc.constantFrom('a', 'b'),
          MESSAGE_ID: fc.constantFrom(
            '7d4958e842da4a758f6c1cdc7b36dcc5',
            '39f53479d3a045ac8e11786248231fbf',
            'be02cf6855d2428ba40df7e9d022f03d',
            'ae8f7b866b0347b9af31fe1c80b127c0',
            'b07a249cd024414a82dd00cd181378ff',
          ),
          UNIT: fc.oneof(fc.constant('gandi-mount.service'), fc.string()),
          CPU_USAGE_NSEC: stamp,
        },
        { requiredKeys: [] },
      )
      .map((fields) => JSON.stringify(fields)),
  ),
);

const shown = fc
  .array(
    fc.tuple(
      fc.constantFrom('Id', 'Result', 'InactiveExitTimestampMonotonic', 'ActiveEnterTimestampMonotonic', ''),
      fc.oneof(stamp, fc.string()),
    ),
  )
  .map((pairs) => pairs.map(([key, value]) => `${key}=${value}`).join('\n'));

describe('whatever the journal and the service manager say', () => {
  it('a boot is shown, and nothing is thrown', () => {
    fc.assert(
      fc.property(entries, shown, (journal, units) => {
        const boots = parseJournal(journal.join('\n'));
        const here = { bootId: 'x', isThisBoot: true, runs: parseShownUnits(units), clockOffsets: [] };
        for (const boot of [...boots.map((one) => ({ ...one, isThisBoot: false })), here]) {
          const times = timeBoot(boot, []);
          expect(times.units.every(({ duration }) => Number.isFinite(duration))).toBe(true);
          expect(renderBoot(times, { isTerminal: true, columns: 80, isUnicode: true })).not.toMatch(
            /NaN|undefined/,
          );
          expect(drawBoot(times)).not.toMatch(/NaN|undefined/);
        }
        parseFinished(units);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});
