import { describe, expect, it } from 'vitest';
import { countCpus, observeFacts } from '../../../../src/machine/facts/observed-facts.ts';
import { temporaryRoot } from '../../temporary-root.ts';

describe('countCpus', () => {
  it.each([
    ['0', 1],
    ['0-3', 4],
    ['0-3,8', 5],
    ['0,2,4-5\n', 4],
    ['', 1],
    ['nonsense', 1],
  ])('counts %j as %i', (list, count) => {
    expect(countCpus(list)).toBe(count);
  });
});

const system = {
  '/etc/os-release': 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian"\n',
  '/proc/cmdline': 'root=LABEL=root ro\n',
  '/proc/sys/kernel/osrelease': '6.1.0-13-amd64\n',
  '/proc/swaps': 'Filename Type Size Used Priority\n',
  '/proc/self/mountinfo': '21 1 0:5 / / rw - tmpfs tmpfs rw\n',
  '/sys/devices/system/cpu/online': '0-1\n',
  '/proc/xen/capabilities': '',
};

describe('facts', () => {
  it('of a running system are its own', () => {
    const facts = observeFacts(temporaryRoot(system), true, {});
    expect(facts).toMatchObject({
      live: true,
      os: { id: 'debian', versionId: '12' },
      kernelRelease: '6.1.0-13-amd64',
      onlineCpus: 2,
      hypervisor: 'xen',
      kernelCommandLine: 'root=LABEL=root ro',
      activeSwaps: [],
      interfaces: [],
      root: undefined,
    });
    expect([4096, 16384, 65536]).toContain(facts.pageBytes);
  });

  it('of an image are those of its files: /proc and /sys are nobody’s', () => {
    const facts = observeFacts(temporaryRoot(system), false, {});
    expect(facts).toMatchObject({
      live: false,
      os: { id: 'debian' },
      kernelRelease: '',
      onlineCpus: 1,
      pageBytes: 4096,
      hypervisor: 'kvm',
      kernelCommandLine: '',
      activeSwaps: [],
      interfaces: [],
      networkManager: undefined,
      root: undefined,
    });
  });

  it('are read once, when they are asked for', () => {
    const files = temporaryRoot(system);
    const facts = observeFacts(files, true, {});
    expect(facts.os).toBe(facts.os);
    expect(observeFacts(files, true, {}).os).not.toBe(facts.os);
  });
});
