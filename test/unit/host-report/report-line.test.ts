import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LINE_BYTES_LIMIT, reportLine, STAGE_STATES, STAGES } from '../../../src/host-report/report-line.ts';
import { PROPERTY_RUNS } from '../../property-runs.ts';

describe('reportLine', () => {
  it('is as docs/report.md has it', () => {
    expect(reportLine({ instance: 'i-1', stage: 'ready', state: 'success' })).toBe(
      '{"v":1,"instance":"i-1","stage":"ready","state":"success"}\n',
    );
    expect(reportLine({ stage: 'operator', state: 'error', error: 'a\nb', detail: 'more' })).toBe(
      '{"v":1,"instance":null,"stage":"operator","state":"error","error":"a\\nb"}\n',
    );
  });

  it('cuts an error that is too long, and says so', () => {
    const line = reportLine({ stage: 'seal', state: 'error', error: '\u0007é'.repeat(9000) });
    expect(Buffer.byteLength(line)).toBeGreaterThan(LINE_BYTES_LIMIT / 2);
    const { error } = JSON.parse(line);
    expect(error.startsWith('\u0007é')).toBe(true);
    expect(error.endsWith('…')).toBe(true);
  });

  it('is always one line of JSON that is short enough, whatever is told', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc.uint16Array({ maxLength: 100 }).map((units) => String.fromCharCode(...units)),
      fc.string({ unit: fc.constantFrom('\ud800', '\u2028', '\n', '"', '\0', '😀'), maxLength: 20 }),
    );
    // Long ones are short ones many times over.
    const long = fc.tuple(text, fc.nat(400)).map(([part, times]) => part.repeat(times));
    const report = fc.record(
      {
        instance: long,
        stage: fc.constantFrom(...STAGES),
        state: fc.constantFrom(...STAGE_STATES),
        error: long,
        detail: long,
      },
      { requiredKeys: ['stage', 'state'] },
    );
    fc.assert(
      fc.property(report, (given) => {
        const line = reportLine(given);
        expect(Buffer.byteLength(line)).toBeLessThan(4096);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them is to be in it
        expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
        const said = JSON.parse(line);
        expect(said).toMatchObject({ v: 1, stage: given.stage, state: given.state });
        if (given.error !== undefined && line.length < 100)
          expect(JSON.stringify(said.error)).toBe(JSON.stringify(given.error));
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});
