import { describe, expect, it } from 'vitest';
import { Virsh } from '../../../../src/host/libvirt/virsh.ts';
import { volumeStamp } from '../../../../src/host/record/stamp.ts';
import { SimulatedHost } from '../simulated-host.ts';

describe('the stamp of a volume', () => {
  const volume = (xml: string | undefined) => {
    const { libvirt } = new SimulatedHost();
    libvirt.override = ([command]) =>
      command === 'vol-dumpxml' && xml !== undefined
        ? { stdout: xml }
        : { exitCode: 1, failure: 'no volume' };
    return volumeStamp(new Virsh(libvirt), 'gandi', 'base-1.qcow2');
  };

  it('is its size and the time of its last change', async () => {
    const target = '<target><timestamps><mtime>1700000000.5</mtime></timestamps></target>';
    expect(await volume(`<volume><physical unit='bytes'>4096</physical>${target}</volume>`)).toBe(
      '4096 bytes at 1700000000.5',
    );
  });

  it('is none where libvirt does not tell both', async () => {
    expect(await volume('<volume><physical>4096</physical></volume>')).toBeUndefined();
    expect(await volume(undefined)).toBeUndefined();
  });
});
