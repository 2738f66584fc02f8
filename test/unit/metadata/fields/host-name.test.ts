import { describe, expect, it } from 'vitest';
import { isDomain, isHostName } from '../../../../src/metadata/fields/host-name.ts';

const LABEL_63 = 'a'.repeat(63);

describe('isHostName', () => {
  it.each([
    'web1',
    'WEB1',
    'a',
    '1a',
    '42',
    'web-1.example.net',
    '3.example',
    'xn--bcher-kva.example',
    LABEL_63,
  ])('takes %s', (name) => {
    expect(isHostName(name)).toBe(true);
  });

  it.each([
    '',
    'web1.',
    '.web1',
    'web1..example',
    '-web1',
    'web1-',
    'web_1',
    'web1\n',
    'web1 ',
    '$(id)',
    'wéb',
    '192.0.2.1',
    'localhost',
    'LocalHost.LocalDomain',
    `${LABEL_63}a`,
    `${'a'.repeat(32)}.${'b'.repeat(32)}`,
    'a/b',
    '..',
  ])('refuses %j', (name) => {
    expect(isHostName(name)).toBe(false);
  });
});

describe('isDomain', () => {
  it.each([
    ['example.net', true],
    ['local', true],
    [`${LABEL_63}.${LABEL_63}.${LABEL_63}.${'a'.repeat(61)}`, true],
    [`${LABEL_63}.${LABEL_63}.${LABEL_63}.${'a'.repeat(62)}`, false],
    ['example.net.', false],
    ['a b', false],
    ['10.1.2.3', false],
  ])('%s: %s', (text, expected) => {
    expect(isDomain(text)).toBe(expected);
  });
});
