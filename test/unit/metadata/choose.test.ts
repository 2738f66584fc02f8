import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { attachmentOf } from '../../../src/machine/devices/attachment.ts';
import { listBlockDevices } from '../../../src/machine/devices/block-devices.ts';
import { HOST_DISK_FILE } from '../../../src/machine/files/paths.ts';
import type { HostConfiguration } from '../../../src/metadata/guest-config.ts';
import { MIB, run } from '../images.ts';
import {
  BOOTED,
  cpioDisk,
  damagedVolume,
  nocloudVolume,
  type SeededGuest,
  seededGuest,
} from './seeded-guest.ts';

const GANDI = { '/gandi/config': '{"vm_hostname":"gandi"}' };

/** What the guest does, who it is, and what is told. */
const told = ({ state, parsed }: HostConfiguration) => ({
  state,
  name: parsed.config.hostName,
  problems: parsed.problems.map(({ path, found, expected }) => `${path}: ${found}; ${expected}`),
});

const NOTHING_TOLD = { problems: [] };

/** A guest that a NoCloud CD in the first drive configured. */
async function configured(): Promise<{ guest: SeededGuest; node: string }> {
  const guest = seededGuest();
  const node = guest.attach('sr0', 0, nocloudVolume('web1'));
  expect(told(await guest.boot())).toEqual({ state: 'new', name: 'web1', ...NOTHING_TOLD });
  return { guest, node };
}

describe('a guest that was configured from a CD', () => {
  it('learns nothing new as long as the CD says the same', async () => {
    const { guest } = await configured();
    const host = await guest.boot();
    expect(told(host)).toEqual({ state: 'kept', name: 'web1', ...NOTHING_TOLD });
    expect(host).toMatchObject({ source: 'nocloud', instanceId: 'web1' });
    expect(host.stamps?.length).toBeGreaterThan(0);
  });

  it('takes what another CD in that drive says', async () => {
    const { guest, node } = await configured();
    guest.detach(node);
    guest.attach('sr0', 0, nocloudVolume('web2'));
    expect(told(await guest.boot())).toEqual({ state: 'new', name: 'web2', ...NOTHING_TOLD });
  });

  it('takes another instance for new, although it is configured alike', async () => {
    const { guest } = await configured();
    guest.attach('sr0', 0, nocloudVolume('web1', 'instance-id: other\nlocal-hostname: web1\n'));
    expect(await guest.boot()).toMatchObject({ state: 'new', instanceId: 'other' });
  });

  it('keeps what it has without a word once the CD is ejected', async () => {
    const { guest, node } = await configured();
    guest.detach(node);
    const host = await guest.boot();
    expect(told(host)).toEqual({ state: 'kept', name: 'web1', ...NOTHING_TOLD });
    expect(host.origin).toBe(`what ${node} (NoCloud) said at an earlier boot`);
    expect(host.stamps).toBeUndefined();
  });

  it.each([
    ['a second volume in another drive', 'sr1', nocloudVolume('evil'), 'a NoCloud volume that is beside'],
    ['a second volume on a disk', 'sdf', nocloudVolume('evil'), 'a NoCloud volume that is beside'],
    ['the disk of another source', 'sdf', cpioDisk('evil'), 'a CPIO device that came after'],
  ])('tells of %s, and uses nothing of it', async (_, name, image, found) => {
    const { guest } = await configured();
    const stranger = guest.attach(name, 5, image);
    const { problems, ...rest } = told(await guest.boot());
    expect(rest).toEqual({ state: 'kept', name: 'web1' });
    expect(problems).toEqual([expect.stringContaining(`${stranger}: ${found}`)]);
    expect(problems[0]).toContain(`run gandi-guest accept ${stranger}`);
    expect(guest.stored()).toMatchObject({ source: 'nocloud', instanceId: 'web1' });
  });

  it('takes a CD in another drive once the first is gone', async () => {
    const { guest, node } = await configured();
    guest.detach(node);
    guest.attach('sr1', 5, nocloudVolume('web2'));
    expect(told(await guest.boot())).toEqual({ state: 'new', name: 'web2', ...NOTHING_TOLD });
  });

  it('remembers the drive that the CD is in, not the one that it was in', async () => {
    const { guest, node } = await configured();
    guest.detach(node);
    guest.attach('sr1', 5, nocloudVolume('web1'));
    expect(told(await guest.boot())).toEqual({ state: 'kept', name: 'web1', ...NOTHING_TOLD });
    guest.attach('sr0', 0, nocloudVolume('evil'));
    expect(told(await guest.boot())).toEqual({
      state: 'kept',
      name: 'web1',
      problems: [expect.stringContaining(`${node}: a NoCloud volume that is beside`)],
    });
  });

  it.each([
    ['volume of the source', nocloudVolume('evil')],
    ['archive of another one', cpioDisk('evil')],
  ])('takes no %s on a disk, not even once the CD is gone', async (_, image) => {
    const { guest, node } = await configured();
    guest.detach(node);
    const stranger = guest.attach('sdf', 5, image);
    const { problems, ...rest } = told(await guest.boot());
    expect(rest).toEqual({ state: 'kept', name: 'web1' });
    expect(problems).toEqual([expect.stringContaining(`gandi-guest accept ${stranger}`)]);
  });

  it.each([
    ['cannot be read', damagedVolume(), 'a directory that reaches behind the end'],
    ['has meta-data that is no YAML', nocloudVolume('', 'instance-id: [\n'), 'meta-data'],
  ])('keeps what it has where the volume %s, and says so', async (_, image, line) => {
    const { guest } = await configured();
    guest.attach('sr0', 0, image);
    const host = await guest.boot();
    expect(told(host)).toMatchObject({ state: 'broken', name: 'web1' });
    expect(told(host).problems.join('\n')).toContain(line);
    expect(host.origin).toContain('which cannot be used');
    expect(guest.stored()).toMatchObject({ instanceId: 'web1', config: { hostName: 'web1' } });
  });
});

describe('a guest that was configured by Gandi’s disk', () => {
  it('takes a NoCloud CD once that disk is gone', async () => {
    const guest = seededGuest(GANDI);
    guest.attach('sr0', 0, nocloudVolume('web1'), { label: 'cidata' });
    expect(told(await guest.boot())).toEqual({ state: 'new', name: 'web1', ...NOTHING_TOLD });
    expect(guest.stored()).toMatchObject({ source: 'nocloud' });
  });

  it('takes no CD as long as the disk is there', async () => {
    const guest = seededGuest(GANDI);
    guest.attach('sdb', 1, new Uint8Array(4 * MIB), { vendor: 'gandi.ne' });
    const node = guest.attach('sr0', 0, nocloudVolume('evil'), { label: 'cidata' });
    const host = await guest.boot();
    const { problems, ...rest } = told(host);
    expect(rest).toEqual({ state: 'kept', name: 'gandi' });
    expect(problems).toEqual([
      expect.stringMatching(`^${node}: a configuration of nocloud; none beside gandi, .*gandi-guest accept`),
    ]);
    expect(host).toMatchObject({ source: 'gandi', gandi: { swap: { state: 'empty' } } });
  });

  it('takes no CD while that disk does not answer: it is not gone', async () => {
    const guest = seededGuest(GANDI);
    const silent = guest.attach('sdb', 1, new Uint8Array(4 * MIB), { vendor: 'gandi.ne' });
    const device = listBlockDevices(guest.files).find((one) => one.node === silent);
    if (device === undefined) throw new Error('the disk was attached');
    mkdirSync(guest.files.locate('/var/lib/gandi'), { recursive: true });
    writeFileSync(guest.files.locate(HOST_DISK_FILE), JSON.stringify({ place: attachmentOf(device) }));
    rmSync(silent);
    run('mkfifo', [silent]);
    const node = guest.attach('sr0', 0, nocloudVolume('evil'), { label: 'cidata' });
    const { problems, ...rest } = told(await guest.boot());
    expect(rest).toEqual({ state: 'kept', name: 'gandi' });
    expect(problems).toEqual([
      expect.stringContaining(`${silent}: no answer`),
      expect.stringContaining(`${node}: a configuration of nocloud`),
    ]);
  }, 30_000);

  it('takes no NoCloud volume on a disk', async () => {
    const guest = seededGuest(GANDI);
    const node = guest.attach('sdf', 5, nocloudVolume('evil'), { label: 'cidata' });
    const { problems, ...rest } = told(await guest.boot());
    expect(rest).toEqual({ state: 'kept', name: 'gandi' });
    expect(problems).toEqual([expect.stringMatching(`^${node}: a NoCloud volume that came after`)]);
  });

  it.each([
    ['CONFIG_SOURCES', ['nocloud'], {}],
    ['gandi.source= at the boot prompt', ['all'], { '/proc/cmdline': 'quiet gandi.source=nocloud\n' }],
  ])('takes one on a disk where %s names the source', async (_, sources, entries) => {
    const guest = seededGuest({ ...GANDI, ...entries });
    guest.attach('sdf', 5, nocloudVolume('web1'));
    expect(told(await guest.boot(sources))).toEqual({ state: 'new', name: 'web1', ...NOTHING_TOLD });
    // From then on the source is remembered.
    expect(told(await guest.boot())).toMatchObject({ state: 'kept', name: 'web1' });
  });
});

describe('a guest that was configured from a CPIO disk', () => {
  it('takes a NoCloud CD once that disk is gone, and not before', async () => {
    const guest = seededGuest();
    const disk = guest.attach('sdf', 5, cpioDisk('web1'));
    expect(told(await guest.boot())).toEqual({ state: 'new', name: 'web1', ...NOTHING_TOLD });
    const node = guest.attach('sr0', 0, nocloudVolume('web2'), { label: 'cidata' });
    const { problems, ...rest } = told(await guest.boot());
    expect(rest).toEqual({ state: 'kept', name: 'web1' });
    expect(problems).toEqual([
      expect.stringContaining(`${node}: a configuration of nocloud; none beside cpio`),
    ]);
    guest.detach(disk);
    expect(told(await guest.boot())).toEqual({ state: 'new', name: 'web2', ...NOTHING_TOLD });
  });
});

describe('a guest that nothing has configured', () => {
  it.each([
    ['a NoCloud volume', nocloudVolume('web1')],
    ['a CPIO archive', cpioDisk('web1')],
  ])('takes %s on a disk at its first boot', async (_, image) => {
    const guest = seededGuest();
    guest.attach('sdf', 5, image);
    expect(told(await guest.boot())).toEqual({ state: 'new', name: 'web1', ...NOTHING_TOLD });
  });

  it.each([
    ['NoCloud volume', nocloudVolume('evil')],
    ['CPIO archive', cpioDisk('evil')],
  ])('takes no %s on a disk once users have been there', async (_, image) => {
    const guest = seededGuest(BOOTED);
    const node = guest.attach('sdf', 5, image);
    const { problems, ...rest } = told(await guest.boot());
    expect(rest).toEqual({ state: 'none', name: undefined });
    expect(problems).toEqual([expect.stringContaining(`${node}: `)]);
  });

  it('takes a CD even then', async () => {
    const guest = seededGuest(BOOTED);
    guest.attach('sr0', 0, nocloudVolume('web1'));
    expect(told(await guest.boot())).toEqual({ state: 'new', name: 'web1', ...NOTHING_TOLD });
  });

  it('takes none of two that differ, and names both', async () => {
    const guest = seededGuest();
    const nodes = [
      guest.attach('sr0', 0, nocloudVolume('web1')),
      guest.attach('sr1', 1, nocloudVolume('web2')),
    ];
    const host = await guest.boot();
    expect(told(host)).toEqual({
      state: 'broken',
      name: undefined,
      problems: [
        expect.stringMatching(`^${nodes.join(' and ')}: 2 volumes that differ: .*gandi-guest accept`),
      ],
    });
  });

  it('takes two that say the same for one, such as a disk and its partition', async () => {
    const guest = seededGuest();
    guest.attachPartitioned('sdf', 5, nocloudVolume('web1'));
    guest.attach('sr0', 0, nocloudVolume('web1'));
    expect(told(await guest.boot())).toEqual({ state: 'new', name: 'web1', ...NOTHING_TOLD });
  });

  it('takes the one that can be read of two', async () => {
    const guest = seededGuest();
    const damaged = guest.attach('sr0', 0, damagedVolume());
    guest.attach('sr1', 1, nocloudVolume('web1'));
    expect(told(await guest.boot())).toEqual({
      state: 'new',
      name: 'web1',
      problems: [expect.stringContaining(`${damaged}: a NoCloud volume that is beside`)],
    });
  });

  it('names the device of a volume whose files say nothing that can be used', async () => {
    const guest = seededGuest();
    const node = guest.attach('sr0', 0, nocloudVolume('web1', 'instance-id: ['));
    expect(told(await guest.boot())).toMatchObject({
      state: 'broken',
      problems: [expect.stringMatching(`^${node}: meta-data: `)],
    });
  });

  it('says that the only one cannot be read', async () => {
    const guest = seededGuest();
    guest.attach('sr0', 0, damagedVolume());
    expect(told(await guest.boot())).toMatchObject({ state: 'broken', name: undefined });
  });

  it('takes nothing where CONFIG_SOURCES says none, or names another source', async () => {
    const guest = seededGuest();
    guest.attach('sr0', 0, nocloudVolume('web1'));
    for (const names of [['none'], ['cpio']])
      expect(told(await guest.boot(names))).toEqual({ state: 'none', name: undefined, ...NOTHING_TOLD });
  });
});

describe('a file that somebody names', () => {
  it('is read whatever source it is of', async () => {
    const guest = seededGuest();
    const volume = guest.attach('sdf', 5, nocloudVolume('web1'));
    const archive = guest.attach('sdg', 6, cpioDisk('web2'));
    expect(await guest.look(['all'], volume)).toMatchObject({ source: 'nocloud', origin: volume });
    expect(told(await guest.look(['all'], archive))).toMatchObject({ state: 'new', name: 'web2' });
  });

  it('must be of a source that counts', async () => {
    const guest = seededGuest();
    const volume = guest.attach('sdf', 5, nocloudVolume('web1'));
    await expect(guest.look(['cpio'], volume)).rejects.toThrow(`${volume} holds no CPIO device`);
    await expect(guest.look(['none'], volume)).rejects.toThrow('nothing that a source here reads');
  });
});
