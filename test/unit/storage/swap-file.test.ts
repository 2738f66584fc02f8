import { describe, expect, it } from 'vitest';
import { BOOTSTRAP_STEPS } from '../../../src/bootstrap/steps.ts';
import { describeChange } from '../../../src/machine/changes/change-kinds.ts';
import type { SwapDevice } from '../../../src/metadata/gandi-disk.ts';
import type { SwapFileConfig } from '../../../src/metadata/guest-config.ts';
import { planSwapFile } from '../../../src/storage/swap-file.ts';
import { type ContextParts, makeContext } from '../context.ts';

const FSTAB = 'UUID=1 / ext4 defaults 0 1\n';
const OURS = '/swap.img\tnone\tswap\tnofail,x-gandi.swap-file\t0\t0\n';
const files = (fstab = FSTAB, more: ContextParts['files'] = {}) => ({
  '/etc/fstab': fstab,
  '/proc/meminfo': 'MemTotal:        2048000 kB\nMemFree: 1 kB\n',
  '/proc/self/mountinfo': '1 0 8:0 / / rw - ext4 /dev/root rw\n2 1 8:1 / /srv rw - zfs tank rw\n',
  ...more,
});
const plan = (swapFile: SwapFileConfig | undefined, parts: ContextParts = {}) =>
  planSwapFile(makeContext({ config: swapFile === undefined ? {} : { swapFile }, files: files(), ...parts }));
const told = (swapFile: SwapFileConfig | undefined, parts?: ContextParts) =>
  plan(swapFile, parts).changes.map(describeChange);
const AUTO: SwapFileConfig = { size: 'auto' };
const swap = { node: '/dev/sdb', state: 'swap' } as unknown as SwapDevice;

describe('a swap file', () => {
  it('is made and named in fstab, by a line of ours', () => {
    expect(plan({ size: 'auto', maxSize: 5 })).toEqual({
      changes: [
        {
          kind: 'make-swap-file',
          path: '/swap.img',
          label: 'gandi-swap-file',
          size: 'auto',
          maxSize: 5,
          memoryBytes: 2_048_000 * 1024,
          pageBytes: 4096,
        },
        { kind: 'write-file', path: '/etc/fstab', content: `${FSTAB}${OURS}`, mode: 0o644 },
      ],
      digest: expect.any(String),
    });
  });

  it('is by the admin’s word before the source’s', () => {
    expect(told(undefined)).toEqual([]);
    expect(told(undefined, { settings: 'CONFIG_SWAP_FILE=512M\n' })[0]).toBe(
      'make the swap file /swap.img, 512 MiB',
    );
    expect(told(AUTO, { settings: 'CONFIG_SWAP_FILE=1G\n' })[0]).toBe(
      'make the swap file /swap.img, 1024 MiB',
    );
    expect(told(AUTO, { settings: 'CONFIG_SWAP_FILE=never\n' })).toEqual([]);
    expect(told({ size: 0 })).toEqual([]);
  });

  it('is made once, and anew where another one is asked for', () => {
    const { digest = '' } = plan(AUTO);
    const applied = { 'swap-file': digest };
    const there = files(`${FSTAB}${OURS}`, { '/swap.img': 'x', '/proc/swaps': '/swap.img file 1 0 -2\n' });
    expect(told(AUTO, { applied, files: there })).toEqual([]);
    expect(told({ size: 2 ** 30, path: '/srv2/swap' }, { applied, files: there })).toEqual([
      'run swapoff /swap.img (use the swap file no more)',
      'remove /swap.img',
      'make the swap file /srv2/swap, 1024 MiB',
      'write /etc/fstab (0644)',
    ]);
  });

  it('gives way to a swap disk, and to what the admin has', () => {
    const there = files(`${FSTAB}${OURS}# end\n`, { '/swap.img': 'x' });
    const applied = { 'swap-file': 'x' };
    expect(told(AUTO, { host: { swap } })).toEqual([]);
    const { changes } = plan(AUTO, { host: { swap }, applied, files: there });
    expect(changes.map(describeChange)).toEqual(['remove /swap.img', 'write /etc/fstab (0644)']);
    expect(changes[1]).toMatchObject({ content: `${FSTAB}# end\n` });
    expect(told(AUTO, { files: files(`${FSTAB}UUID=2 none swap sw 0 0\n`) })).toEqual([]);
    expect(told(AUTO, { host: { swap }, settings: 'CONFIG_SWAP=0\n' })).toHaveLength(2);
  });

  it('is none where the kernel would not take it, which is told once', () => {
    const asked: SwapFileConfig = { size: 'auto', path: '/srv/swap' };
    const { changes, notes, digest = '' } = plan(asked);
    expect({ changes, notes }).toMatchObject({
      changes: [],
      notes: [{ level: 'warning', text: expect.stringMatching(/\/srv\/swap would be on zfs/) }],
    });
    expect(plan(asked, { applied: { 'swap-file': digest } }).notes).toBeUndefined();
  });

  it('is kept from copies on btrfs, and is none of an unpacked image', () => {
    const btrfs = files(FSTAB, { '/proc/self/mountinfo': '1 0 0:9 / / rw - btrfs /dev/vda rw\n' });
    expect(plan(AUTO, { files: btrfs }).changes[0]).toMatchObject({ withoutCopies: true });
    expect(plan(AUTO, { facts: { live: false } })).toEqual({ changes: [] });
  });

  it('stays where the source’s word cannot be read', () => {
    const parsed = { config: {}, problems: [], refused: ['storage' as const], origins: [] };
    const there = { files: files(`${FSTAB}${OURS}`), applied: { 'swap-file': 'x' } };
    expect(told(undefined, { ...there, host: { parsed } })).toEqual([]);
  });

  it('is looked at where one is wanted, or was', () => {
    const step = BOOTSTRAP_STEPS.find(({ name }) => name === 'swap-file');
    expect(step?.load?.(makeContext({ config: {} }))).toBeUndefined();
    for (const parts of [
      { config: { swapFile: AUTO } },
      { settings: 'CONFIG_SWAP_FILE=auto\n' },
      { applied: { 'swap-file': 'x' } },
    ])
      expect(step?.load?.(makeContext(parts))).toBeInstanceOf(Promise);
  });
});
