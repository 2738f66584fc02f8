import { describe, expect, it } from 'vitest';
import { recordExtras } from '../../../src/bootstrap/record-extras.ts';
import { parseSettings } from '../../../src/machine/settings/settings.ts';
import type { HostConfiguration, ScriptConfig } from '../../../src/metadata/guest-config.ts';
import { renderPostBootOrder } from '../../../src/state/post-boot-order.ts';
import { markOf, type OrderedScript } from '../../../src/state/source-scripts.ts';
import { type FileEntries, makeFiles } from '../context.ts';

const STAMPS = [
  { device: '/dev/sr0', offset: 0, length: 40_960 },
  { device: '/dev/sr0', offset: 47_104, length: 2048 },
];

const NOCLOUD: HostConfiguration = {
  state: 'new',
  source: 'nocloud',
  origin: '/dev/sr0 (NoCloud)',
  stamps: STAMPS,
  parsed: { config: {}, problems: [], refused: [], origins: [] },
};

const extras = (host: HostConfiguration, files: FileEntries = {}, settings = '') =>
  recordExtras({ files: makeFiles(files), settings: parseSettings(settings, '/etc/default/gandi') }, host);

const order = (scripts: object[]) => ({
  '/run/gandi/postboot': renderPostBootOrder({ digest: 'd', scripts: scripts as [] }),
});
const SCRIPT: OrderedScript = { name: 'user-data', argv: ['/bin/sh', '/x'], digest: 'abc' };

describe('what must be the same at the next boot', () => {
  it.each(['new', 'kept'] as const)('is what was read of a volume whose word is %s', (state) => {
    expect(extras({ ...NOCLOUD, state })).toEqual({
      source: '/dev/sr0 (NoCloud)',
      ranges: STAMPS,
      looksAtDisks: true,
      marks: [],
      diskMarks: [],
      passedOver: ['/gandi/init', '/etc/machine-id'],
    });
  });

  it('is nothing of a volume that was ejected; but disks are looked at, for one may come', () => {
    const { stamps: _, ...ejected } = NOCLOUD;
    expect(extras({ ...ejected, state: 'kept' })).toMatchObject({ ranges: [], looksAtDisks: true });
  });

  it.each(['none', 'broken', 'unreachable'] as const)(
    'is for each boot to see where the source is %s',
    (state) => {
      const { source: _, ...without } = NOCLOUD;
      expect(extras(state === 'none' ? { ...without, state } : { ...NOCLOUD, state })).toBeUndefined();
    },
  );

  it('is nothing of a service of the network, which an unchanged boot has asked again by the same order', () => {
    const { stamps: _, ...service } = { ...NOCLOUD, source: 'ec2', state: 'kept' as const };
    const files = { '/run/gandi/metadata': '', '/run/gandi/metadata-network': '' };
    expect(extras(service, files)).toMatchObject({ ranges: [], marks: Object.keys(files) });
  });

  const LINE: HostConfiguration = { ...NOCLOUD, source: 'smartos', stamps: [], digest: 'abc' };

  it('is what the host says, which is to be asked, where the source is at the other end of a line', () => {
    expect(extras(LINE)).toMatchObject({ ranges: [], asksHost: true });
    expect(extras(NOCLOUD)).not.toHaveProperty('asksHost');
  });

  it('is for each boot to see where such a host was not there, or has an operator script', () => {
    const { digest: _, ...gone } = LINE;
    expect(extras({ ...gone, state: 'kept' })).toBeUndefined();
    const operatorScript = { content: Buffer.from('#!/bin/sh\n'), field: 'sdc:operator-script' };
    expect(extras({ ...LINE, operatorScript })).toBeUndefined();
    expect(extras({ ...NOCLOUD, operatorScript })).toBeDefined();
  });

  it('is that a script has run', () => {
    expect(extras(NOCLOUD, order([SCRIPT]))).toMatchObject({
      ranges: STAMPS,
      expected: [{ path: '/var/lib/gandi/scripts/user-data.run', line: 'abc' }],
    });
  });

  it('is that a script has succeeded which is run until it does: its mark is left then alone', () => {
    const firstBoot = { ...SCRIPT, name: 'firstboot', untilSuccess: true } as const;
    const found = extras(NOCLOUD, order([firstBoot]));
    expect(found?.expected).toEqual([{ path: '/var/lib/gandi/scripts/firstboot.run', line: SCRIPT.digest }]);
    expect(markOf(firstBoot)).toMatchObject({ path: found?.expected?.[0]?.path, onSuccess: true });
  });

  describe('is for each boot to see where a script of the source', () => {
    const asking = (more: object, files: FileEntries = {}, settings = '') => {
      const script = { name: 'bootcmd', content: '', when: 'early', repeat: 'once', ...more } as ScriptConfig;
      const parsed = { config: { scripts: [script] }, problems: [], refused: [], origins: [] };
      return extras({ ...NOCLOUD, parsed }, files, settings) === undefined;
    };

    it('runs at each boot, unless the admin turned scripts off', () => {
      expect(asking({ repeat: 'each-boot' })).toBe(true);
      expect(asking({ repeat: 'each-boot', when: 'post-boot' })).toBe(true);
      expect(asking({ repeat: 'each-boot' }, {}, 'CONFIG_POSTBOOT=0')).toBe(false);
      expect(asking({})).toBe(false);
      expect(extras(NOCLOUD, order([{ ...SCRIPT, eachBoot: true }]))).toBeUndefined();
    });

    it('runs early until it succeeds, and has not', () => {
      expect(asking({ repeat: 'until-success' })).toBe(true);
      expect(asking({ repeat: 'until-success' }, { '/var/lib/gandi/scripts/bootcmd.run': 'd' })).toBe(false);
    });
  });

  it('is of Gandi’s disk its swap header and the places of an archive, not what was read', () => {
    const gandi = {
      hasInit: false,
      swap: { node: '/dev/sdb', state: 'swap', archivePlaces: [{ device: '/dev/sdb', offset: 524_288 }] },
    } as unknown as NonNullable<HostConfiguration['gandi']>;
    expect(extras({ ...NOCLOUD, source: 'gandi', gandi })).toMatchObject({
      source: '/gandi/config',
      ranges: [
        { device: '/dev/sdb', offset: 0, length: 4096 },
        { device: '/dev/sdb', offset: 524_288, length: 512 },
      ],
    });
    const gone = { hasInit: false };
    expect(extras({ ...NOCLOUD, source: 'gandi', gandi: gone })).toBeUndefined();
  });
});
