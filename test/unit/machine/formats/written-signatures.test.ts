import { describe, expect, test } from 'vitest';
import type { Signature } from '../../../../src/machine/formats/signatures/signature.ts';
import { identify } from '../../../../src/machine/formats/signatures.ts';
import { LVM_LABEL, MD_ARRAY, mdSuperblock, ZFS_LIST } from '../../../foreign-content.ts';
import { archiveHeader, blkid, MIB, makeImage, memoryDevice, text, writeAt } from '../../images.ts';

const littleEndian = (value: number) => Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const SIZE = 64 * MIB + 5 * 512;
const MD = { type: 'linux_raid_member' };
const md = (place: number) => ({ [place]: mdSuperblock(place) });

/** These libblkid knows by more of their parts, or not at all. */
const NOT_WHOLE = ['zfs_member', 'bcachefs', 'BitLocker', 'archive'];

describe('what is written by hand, from its specification, is that to libblkid as well:', () => {
  test.each<[string, Record<number, Uint8Array>, Partial<Signature> & { type: string }]>([
    ['LVM2', { 512: LVM_LABEL }, { type: 'LVM2_member', uuid: 'YSStxU-lxXo-4q9m-IhSC-OIPF-hIKK-NnmBzc' }],
    ['MD 1.1', md(0), { ...MD, ...MD_ARRAY, title: 'RAID member (md 1.1)' }],
    ['MD 1.2', md(4096), { ...MD, ...MD_ARRAY, title: 'RAID member (md 1.2)' }],
    ['MD 1.0', md(64 * MIB - 8192), { ...MD, ...MD_ARRAY, title: 'RAID member (md 1.0)' }],
    [
      'MD 0.90',
      { [64 * MIB - 65536]: littleEndian(0xa92b4efc), [64 * MIB - 65528]: littleEndian(90) },
      { ...MD, title: 'RAID member (md 0.90)' },
    ],
    ['ZFS', { 16384: ZFS_LIST }, { type: 'zfs_member' }],
    ['ZFS by its last label', { [64 * MIB - 262144 + 16384]: ZFS_LIST }, { type: 'zfs_member' }],
    [
      'bcache',
      { 4104: littleEndian(8), 4120: bytesOf('c68573f64e1a45ca8265f57f48ba6d81') },
      { type: 'bcache' },
    ],
    [
      'bcachefs',
      { 4200: littleEndian(8), 4120: bytesOf('c68573f666ce90a9d96a60cf803df7ef') },
      { type: 'bcachefs' },
    ],
    ['BitLocker', { 3: text('-FVE-FS-'), 11: Uint8Array.of(0, 2) }, { type: 'BitLocker' }],
    ['a suspended system', { 4086: text('S1SUSPEND\0') }, { type: 'swsuspend' }],
    ['the archive', { 524288: archiveHeader() }, { type: 'archive' }],
  ])('%s', (_, content, expected) => {
    expect(identify(memoryDevice(SIZE, content))).toMatchObject([expected]);
    expect(identify(memoryDevice(SIZE, content))[0]).not.toHaveProperty('flaw');
    if (NOT_WHOLE.includes(expected.type)) return;
    const path = makeImage(SIZE);
    for (const [at, bytes] of Object.entries<Uint8Array>(content)) writeAt(path, Number(at), bytes);
    expect(blkid(path).TYPE).toBe(expected.type);
  });
});
