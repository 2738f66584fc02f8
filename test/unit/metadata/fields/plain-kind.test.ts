import { expect, test } from 'vitest';
import { plainKind } from '../../../../src/metadata/fields/plain-kind.ts';

// Measured with PyYAML 6.0.3.
test.each([
  ['0644', 'number'],
  ['0o644', 'text'],
  ['08', 'text'],
  ['0x1f', 'number'],
  ['-5', 'number'],
  ['1_000', 'number'],
  ['1e3', 'text'],
  ['1.5', 'number'],
  ['1.5e+3', 'number'],
  ['.5', 'number'],
  ['.inf', 'number'],
  ['22:30', 'number'],
  ['52:54:00:12:34:56', 'number'],
  ['00:11:22:33:44:55', 'text'],
  ['yes', 'boolean'],
  ['Off', 'boolean'],
  ['y', 'text'],
  ['2026-01-01', 'date'],
  ['2026-01-01 10:00:00', 'date'],
  ['', 'nothing'],
  ['~', 'nothing'],
  ['null', 'nothing'],
  ['echo', 'text'],
])('%s is a %s', (text, kind) => {
  expect(plainKind({ text, isPlain: true })).toBe(kind);
  expect(plainKind({ text, isPlain: false })).toBe('text');
});
