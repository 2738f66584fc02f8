import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appendLog } from '../../../../src/machine/files/log.ts';
import {
  cleanJson,
  cleanLine,
  cleanText,
  styled,
  withoutStyles,
} from '../../../../src/machine/runtime/clean-text.ts';
import { renderDisks } from '../../../../src/terminal/disk-table.ts';
import { renderTable } from '../../../../src/terminal/table.ts';
import { temporaryRoot } from '../../temporary-root.ts';

/** Independent of the numbers in the code: Unicode's own classes. */
const HIDDEN = /[\p{Zl}\p{Zp}]|(?![\n\t])\p{Cc}|(?![\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2])\p{Cf}/u;
const hidden = fc.constantFrom(
  '\u001b',
  '\u0000',
  '\u007f',
  '\u009b',
  '\u202e',
  '\u2066',
  '\u200b',
  '\u200f',
  '\ufeff',
  '\u00ad',
  '\u{e0041}',
);
const hostile = fc
  .array(fc.oneof(hidden, fc.string({ unit: 'grapheme' }), fc.constantFrom('\n', '\t', '[31m')))
  .map((parts) => parts.join(''));

describe('text that leaves a program', () => {
  it.each([
    ['\u001b[2J\u001b]0;title\u0007', ' [2J ]0;title '],
    ['\u009b31mred', ' 31mred'],
    ['gpj.\u202eexe\u202c', 'gpj.?exe?'],
    ['pay\u200bpal\u200e\ufeff', 'pay?pal??'],
    ['a\u2028b\u{e0041}c', 'a?b?c'],
    ['a\r\nb\tc', 'a \nb\tc'],
    ['données – 資料 🙂', 'données – 資料 🙂'],
  ])('%j becomes %j', (text, clean) => {
    expect(cleanText(text)).toBe(clean);
  });

  it('has nothing hidden in it, whatever it is made of', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(cleanText(text)).not.toMatch(HIDDEN);
        expect(cleanLine(text)).not.toMatch(/[\n\t]/);
        expect(cleanJson({ text })).not.toMatch(HIDDEN);
        expect(JSON.parse(cleanJson({ text }))).toEqual({ text });
      }),
    );
    for (let point = 0; point <= 0x10ffff; point += 1) {
      const character = String.fromCodePoint(point);
      if (HIDDEN.test(character) && !HIDDEN.test(cleanText(character))) continue;
      if (HIDDEN.test(character)) throw new Error(`U+${point.toString(16)} is not cleaned`);
    }
  });

  it('keeps our own colours and nobody else’s', () => {
    const text = `${styled('\u001b[8mfailed', 31, 39)} \u001b[32mall well`;
    expect(cleanText(text)).toBe('\u001b[31m [8mfailed\u001b[39m  [32mall well');
    expect(withoutStyles(styled('failed', 31, 39))).toBe('failed');
  });
});

describe('a table', () => {
  it('has one line for each row and aligned columns, whatever is in its cells', () => {
    const rows = [
      ['/dev/sdb', 'a\nb\tc\u001b[2J\u202ed', 'end'],
      ['/dev/sdc', styled('mounted', 32, 39), 'end'],
    ];
    const lines = cleanText(renderTable(['device', 'label', 'why'], rows, true))
      .trimEnd()
      .split('\n');
    expect(lines).toEqual([
      'device    label        why',
      '/dev/sdb  a b c [2J?d  end',
      '/dev/sdc  \u001b[32mmounted\u001b[39m      end',
    ]);
    expect(renderTable([], rows, false)).toBe('/dev/sdb\ta b c [2J?d\tend\n/dev/sdc\tmounted\tend\n');
  });

  it('shows no label, mount point or type uncleaned', () => {
    const row = {
      present: true,
      state: 'mounted\n',
      type: '\u001bc',
      label: '\u202e',
      mountPoint: '/srv/a\u200bb',
      why: '\u0085',
    };
    expect(renderDisks([row])).toBe('-\tmounted \t c\t?\t\t/srv/a?b\n');
  });
});

it('the log says the same in escapes', async () => {
  const path = `${temporaryRoot({ '/x': '' }).root}/gandi.log`;
  await appendLog(
    'gandi-mount',
    [{ level: 'info', message: 'label \u202e\u009b\u{e0041}', fields: { label: '\u200b' } }],
    new Date(),
    path,
  );
  const text = readFileSync(path, 'utf8');
  expect(text).toMatch(/^[\n -~]+$/);
  expect(JSON.parse(text)).toMatchObject({ msg: 'label \u202e\u009b\u{e0041}', label: '\u200b' });
});
