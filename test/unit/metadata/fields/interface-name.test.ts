import { describe, expect, it } from 'vitest';
import { isInterfaceName, isMacAddress } from '../../../../src/metadata/fields/interface-name.ts';

describe('isInterfaceName', () => {
  it.each(['eth0', 'ens3', 'enp0s31f6', 'wan.up', 'lan-0', 'a_b', 'a'.repeat(15)])('takes %j', (name) => {
    expect(isInterfaceName(name)).toBe(true);
  });

  it.each([
    '',
    'a'.repeat(16),
    'eth0:1',
    'a b',
    'a/b',
    '.',
    '..',
    '.a',
    '-a',
    'lo',
    'all',
    'default',
    '12',
    'é',
    'a\n',
  ])('refuses %j', (name) => {
    expect(isInterfaceName(name)).toBe(false);
  });
});

describe('isMacAddress', () => {
  it.each(['00:16:3e:00:00:0a', '02-16-3E-00-00-0A'])('takes %j', (text) => {
    expect(isMacAddress(text)).toBe(true);
  });

  it.each([
    '',
    '00:16:3e:00:00',
    '00:16:3e:00:00:0a:0b',
    '00-16:3e:00:00:0a',
    '00163e00000a',
    '01:16:3e:00:00:0a',
  ])('refuses %j', (text) => {
    expect(isMacAddress(text)).toBe(false);
  });
});
