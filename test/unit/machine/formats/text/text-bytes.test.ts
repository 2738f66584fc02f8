import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeText, encodeText } from '../../../../../src/machine/formats/text/text-bytes.ts';
import { PROPERTY_RUNS } from '../../../../property-runs.ts';
import { runByBun } from '../../run-by-bun.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');

describe('text', () => {
  it.each([
    ['nothing', ''],
    ['UTF-8', 'café – 😀\n'],
    ['a byte order mark', '\ufeffname = é\n'],
    ['the replacement character itself', 'a \ufffd é\n'],
  ])('that is %s is decoded as ever', (_, text) => {
    expect(decodeText(Buffer.from(text))).toBe(text);
    expect(encodeText(text)).toEqual(Buffer.from(text));
  });

  it('keeps the bytes of lines that are not UTF-8, beside lines that are', () => {
    const bytes = Buffer.concat([
      Buffer.from('# café\n'),
      latin1('# d\xe9j\xe0\xff'),
      Buffer.from('\n# 😀\n'),
    ]);
    const text = decodeText(bytes);
    const [first, second, third] = text.split('\n');
    expect([first, third]).toEqual(['# café', '# 😀']);
    expect(second).toHaveLength(7);
    expect(encodeText(text)).toEqual(bytes);
    expect(encodeText(`${text}# é ours\n`)).toEqual(Buffer.concat([bytes, Buffer.from('# é ours\n')]));
  });

  it('keeps them in a line that somebody adds to', () => {
    const line = decodeText(latin1('# d\xe9j\xe0'));
    expect(encodeText(`é 😀 ${line} \ud800`)).toEqual(
      Buffer.concat([Buffer.from('é 😀 '), latin1('# d\xe9j\xe0'), Buffer.from(' \ufffd')]),
    );
  });

  it('takes no time over a program of the customer’s', { timeout: 5_000 }, () => {
    const block = Buffer.from(Array.from({ length: 65_536 }, (_, at) => (at * 2_654_435_761) >>> 24));
    const bytes = Buffer.alloc(8_000_000, block);
    expect(encodeText(decodeText(bytes)).equals(bytes)).toBe(true);
  });

  it('comes out of any bytes, and goes back into them', () => {
    const bytes = fc.oneof(
      fc.uint8Array(),
      fc
        .array(
          fc.oneof(
            fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
            fc.uint8Array(),
          ),
        )
        .map((parts) => Buffer.concat(parts)),
    );
    fc.assert(
      fc.property(bytes, (some) => {
        expect(encodeText(decodeText(Buffer.from(some)))).toEqual(Buffer.from(some));
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  it('does so in the runtime of guests, too', async () => {
    const bytes = Buffer.concat([
      Buffer.from('\ufeffcafé\n'),
      latin1('d\xe9j\xe0\xff\xed\xb2\x80\n'),
      Buffer.from('\ufffd 😀'),
    ]);
    const printed = await runByBun('text-by-bun.ts', bytes.toString('hex'));
    expect(Buffer.from(printed).toString()).toBe(bytes.toString('hex'));
  });
});
