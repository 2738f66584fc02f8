import { describe, expect, it } from 'vitest';
import { parseSysctlFile, partsOfKey } from '../../../src/network/sysctl-file.ts';

describe('partsOfKey', () => {
  it.each([
    ['vm.swappiness', ['vm', 'swappiness']],
    ['net/ipv4/conf/eth0.1/forwarding', ['net', 'ipv4', 'conf', 'eth0.1', 'forwarding']],
    ['net.ipv4.conf.eth0/1.forwarding', ['net', 'ipv4', 'conf', 'eth0.1', 'forwarding']],
    ['vm', undefined],
    ['', undefined],
    ['net..x', undefined],
    ['net/../../../etc/passwd', undefined],
    ['/etc/passwd', undefined],
    ['net.//.x', undefined],
  ])('%s', (key, parts) => {
    expect(partsOfKey(key)).toEqual(parts);
  });
});

describe('parseSysctlFile', () => {
  it('reads settings, and names what is none', () => {
    const text =
      '# c\n; c\n\nvm.swappiness=10\r\n -net.ipv4.tcp_mem =  1\t2  3 \nnonsense\nvm.x = a = b\n-vm.y\n';
    expect(parseSysctlFile(text)).toEqual({
      values: [
        { key: ['vm', 'swappiness'], value: '10', optional: false, line: 4 },
        { key: ['net', 'ipv4', 'tcp_mem'], value: '1 2 3', optional: true, line: 5 },
        { key: ['vm', 'x'], value: 'a = b', optional: false, line: 7 },
      ],
      notUnderstood: [
        { line: 6, text: 'nonsense' },
        { line: 8, text: '-vm.y' },
      ],
    });
  });
});
