import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CappedLog } from '../../../../src/machine/commands/capped-log.ts';
import { endOfOutput } from '../../../../src/machine/formats/text/output-end.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gandi-guest-log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What is in the log after these chunks, with ten bytes kept of each end. */
function logged(...chunks: string[]): string {
  const path = join(folder, 'log');
  const log = new CappedLog(path, 10);
  for (const chunk of chunks) log.write(Buffer.from(chunk));
  log.close('END');
  return readFileSync(path, 'utf8');
}

describe('CappedLog', () => {
  it.each([
    ['nothing', [], 'END\n'],
    ['what fits into the start', ['abc', 'def'], 'abcdefEND\n'],
    ['what fits into both', ['0123456789ab', 'cdef'], '0123456789abcdefEND\n'],
    [
      'too much at once',
      ['0123456789abcdefghijklmnopqrstuvwxyz'],
      '0123456789\n[… 16 bytes left out …]\nqrstuvwxyzEND\n',
    ],
    [
      'too much in small pieces',
      [...'0123456789abcdefghijklmnopqrstuvwxyz'],
      '0123456789\n[… 16 bytes left out …]\nqrstuvwxyzEND\n',
    ],
  ])('keeps %s', (_, chunks, text) => {
    expect(logged(...chunks)).toBe(text);
  });

  it('appends to a log, for root alone', () => {
    writeFileSync(join(folder, 'log'), 'before\n', { mode: 0o644 });
    expect(logged('x')).toBe('before\nxEND\n');
    expect(statSync(join(folder, 'log')).mode & 0o777).toBe(0o600);
  });

  it('follows no link', () => {
    writeFileSync(join(folder, 'target'), 'mine');
    symlinkSync(join(folder, 'target'), join(folder, 'log'));
    expect(() => logged('x')).toThrow('ELOOP');
    expect(readFileSync(join(folder, 'target'), 'utf8')).toBe('mine');
  });
});

describe('endOfOutput', () => {
  it('keeps the last lines, whole', () => {
    const lines = Array.from({ length: 1000 }, (_, index) => `line ${index}`);
    expect(endOfOutput(`${lines.join('\n')}\n\n`)).toBe(lines.slice(-20).join('\n'));
  });

  it('keeps the end of a line without an end', () => {
    expect(endOfOutput('x'.repeat(5000))).toMatch(/^x{1000,2000}$/);
  });

  it('lets no escape sequence through', () => {
    expect(endOfOutput('a\u001b[31mb\u0000c\r\nd\te')).toBe('a [31mb c\nd\te');
  });
});
