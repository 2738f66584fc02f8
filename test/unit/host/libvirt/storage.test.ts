import { describe, expect, it } from 'vitest';
import type { HostCommands } from '../../../../src/host/commands/commands.ts';
import { definedDomains } from '../../../../src/host/libvirt/domains.ts';
import {
  activePools,
  findPool,
  findVolume,
  parseVolume,
  parseVolumeNames,
  snapshotNames,
  volumesOf,
} from '../../../../src/host/libvirt/storage.ts';
import { Virsh } from '../../../../src/host/libvirt/virsh.ts';
import { findGuest } from '../../../../src/host/record/find.ts';
import { FakeHost } from '../fake-host.ts';
import { uuidOf } from '../fake-libvirt.ts';

describe('pools and volumes', () => {
  it('are found by name; what is not there is undefined, and what is off is no active one', async () => {
    const host = new FakeHost();
    const virsh = new Virsh(host);
    host.storage.addPool('a b', '/pool');
    host.storage.addPool('off', '/off').active = false;
    host.storage.addVolume('a b', 'x.qcow2', { capacity: 5, backing: '/pool/base' });
    expect(await activePools(virsh)).toEqual([{ name: 'a b', type: 'dir', path: '/pool' }]);
    expect(await findPool(virsh, 'off')).toEqual({ name: 'off', type: 'dir', path: '/off' });
    expect(await findPool(virsh, 'none')).toBeUndefined();
    const volume = { pool: 'a b', name: 'x.qcow2', path: '/pool/x.qcow2', format: 'qcow2' };
    expect(await volumesOf(virsh, { name: 'a b', type: 'dir', path: '/pool' })).toEqual([
      { ...volume, capacity: 5, allocation: 0, backing: '/pool/base', stamp: '0 bytes at 1.5' },
    ]);
    expect(await findVolume(virsh, 'a b', 'y')).toBeUndefined();
    await expect(volumesOf(virsh, { name: 'none', type: 'dir', path: '/' })).rejects.toThrow(
      "libvirt did not answer vol-list: Storage pool not found: 'none'",
    );
    expect(await snapshotNames(virsh, 'U')).toEqual([]);
  });

  it('have names with blanks in them, told from the path behind', () => {
    const lines = [' a  b   /pool/a  b', ' plain   /pool/plain', ' lv   /dev/vg/lv', ''];
    expect(parseVolumeNames(lines.join('\n'), '/pool')).toEqual(['a  b', 'plain', 'lv']);
    expect(parseVolumeNames(' lv   /dev/vg/lv\n', undefined)).toEqual(['lv']);
  });

  it('are known by size and time of change, where libvirt tells both', () => {
    const stampOf = (inside: string) =>
      parseVolume(
        'p',
        `<volume><name>x</name><target><path>/x</path>${inside}</target><physical>4096</physical></volume>`,
      )?.stamp;
    expect(stampOf('<timestamps><mtime>1700000000.5</mtime></timestamps>')).toBe(
      '4096 bytes at 1700000000.5',
    );
    expect(stampOf('')).toBeUndefined();
  });

  it('are not made of what is no XML of a volume', () => {
    for (const text of ['', '<volume>', '<volume><name>x</name></volume>'])
      expect(parseVolume('p', text)).toBeUndefined();
  });
});

describe('what libvirt does not say', () => {
  /** A host with one volume, of which each command of a kind fails as often as is said. */
  function hostThatFails(command: string, times: number): Virsh {
    const host = new FakeHost();
    host.storage.addPool('gandi', '/pool');
    host.storage.addVolume('gandi', 'x.qcow2');
    host.libvirt.domains.push({ uuid: uuidOf(1), name: 'web' });
    let left = times;
    host.refuse = ([word]) => (word === command && left-- > 0 ? 'connection is lost' : undefined);
    return new Virsh(host);
  }

  it('is asked again, and is no answer where it stays unsaid', async () => {
    expect(await findVolume(hostThatFails('vol-dumpxml', 1), 'gandi', 'x.qcow2')).toBeDefined();
    expect(await definedDomains(hostThatFails('dumpxml', 1))).toHaveLength(1);
    await expect(definedDomains(hostThatFails('dumpxml', 2))).rejects.toThrow(
      'libvirt did not tell how domain web is defined; try again',
    );
    await expect(activePools(hostThatFails('pool-dumpxml', 1))).rejects.toThrow('connection is lost');
    await expect(findVolume(hostThatFails('pool-list', 1), 'gandi', 'y.qcow2')).rejects.toThrow(
      'connection is lost',
    );
    await expect(findVolume(hostThatFails('none', 1), 'other', 'x.qcow2')).rejects.toThrow(
      'libvirt has no active pool other',
    );
    await expect(findGuest(hostThatFails('list', 1), 'nobody')).rejects.toThrow('did not answer list');
    await expect(definedDomains(hostThatFails('list', 1))).rejects.toThrow('did not answer list, domstats');
    await expect(definedDomains(hostThatFails('domstats', 1))).rejects.toThrow('connection is lost');
  });

  it('is no answer where virsh was killed', async () => {
    const virsh = hostThatFails('none', 0);
    const { commands } = virsh;
    const killed: HostCommands = {
      ...commands,
      run: (argv, options) =>
        argv.includes('vol-dumpxml')
          ? Promise.resolve({ argv, stdout: '', stderr: '', failure: 'virsh: killed by SIGKILL' })
          : commands.run(argv, options),
    };
    await expect(findVolume(new Virsh(killed), 'gandi', 'x.qcow2')).rejects.toThrow('killed by SIGKILL');
  });
});
