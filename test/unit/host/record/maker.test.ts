import { describe, expect, it } from 'vitest';
import { isAtWork, thisMaker } from '../../../../src/host/record/maker.ts';
import { SimulatedHost } from '../simulated-host.ts';

describe('who makes something', () => {
  const host = new SimulatedHost();
  host.files['/proc/sys/kernel/hostname'] = 'here\n';
  host.files['/proc/sys/kernel/random/boot_id'] = 'boot-2\n';
  host.files['/proc/4711/cmdline'] = '/usr/bin/gandi-host\0golden\0create\0';
  host.files['/proc/4712/cmdline'] = '/usr/bin/vi\0';
  const here = { host: 'here', boot: 'boot-2', pid: 4711 };

  it('is this process, of this boot of this host', () => {
    expect(thisMaker(host.system)).toEqual(here);
  });

  it.each([
    ['as long as the process is there', here, true],
    ['not where its number is another program’s', { ...here, pid: 4712 }, false],
    ['not where the process is gone', { ...here, pid: 4713 }, false],
    ['not where the host has booted since', { ...here, boot: 'boot-1' }, false],
    ['on another host, of which nothing can be seen', { host: 'there', boot: 'x', pid: 1 }, true],
  ])('is at work %s', (_, maker, atWork) => {
    expect(isAtWork(maker, host.system)).toBe(atWork);
  });
});
