import { describe, expect, it } from 'vitest';
import { readIfupdownFiles } from '../../../../../src/network/managers/ifupdown/files.ts';
import { makeFiles } from '../../../context.ts';

const OWN = '/etc/network/interfaces.d/50-gandi-eth0';

describe('readIfupdownFiles', () => {
  it('finds the stanzas of all included files, with their lines', () => {
    const files = makeFiles({
      '/etc/network/interfaces': [
        '# iface no inet dhcp',
        'auto lo',
        'iface lo inet loopback',
        'source interfaces.d/*',
        'iface \\',
        '  eth0 \\',
        '  inet dhcp',
        'source-directory /etc/network/more',
        '',
      ].join('\n'),
      '/etc/network/interfaces.d/lan.cfg': '\n  iface eth1 inet static\n    address 10.0.0.1/8\n',
      '/etc/network/interfaces.d/sub/deeper': 'iface never inet manual\n',
      '/etc/network/more/plain_name-1': 'iface eth2 inet dhcp\nsource /etc/network/interfaces\n',
      '/etc/network/more/passed.over': 'iface eth3 inet dhcp\n',
    });
    expect(readIfupdownFiles(files).stanzas).toEqual([
      { interface: 'lo', file: '/etc/network/interfaces', line: 3 },
      { interface: 'eth0', file: '/etc/network/interfaces', line: 5 },
      { interface: 'eth1', file: '/etc/network/interfaces.d/lan.cfg', line: 2 },
      { interface: 'eth2', file: '/etc/network/more/plain_name-1', line: 1 },
    ]);
  });

  it.each([
    ['source /etc/network/interfaces.d/*', true],
    ['source interfaces.d/*', true],
    ['source-directory /etc/network/interfaces.d', true],
    ['source-directory interfaces.d', true],
    ['source /etc/network/interfaces.d/*.cfg', false],
    ['source-directory /run/network/interfaces.d', false],
    ['#source interfaces.d/*', false],
    // As ifquery(8) of Debian 12 has it.
    ['# a comment \\\nsource interfaces.d/*', true],
    ['iface eth1 inet manual\n  up ip route add 10.0.0.0/8 \\\nsource interfaces.d/*', false],
    ['iface eth1 inet manual\n  up ip route add 10.0.0.0/8 \\\n\nsource interfaces.d/*', true],
    ['', false],
  ])('%j reads our file: %s', (text, expected) => {
    expect(readIfupdownFiles(makeFiles({ '/etc/network/interfaces': text })).includes(OWN)).toBe(expected);
  });
});
