import { describe, expect, test } from 'vitest';
import { identify } from '../../../src/machine/signatures.ts';
import { archiveHeader, MIB, memoryDevice, text } from '../images.ts';

const UUID = '6f0f1ac2-8a0f-4a62-9d0b-0c8f6d6e0a11';
const littleEndian = (value: number) => Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const SIZE = 64 * MIB + 5 * 512;
const MD = littleEndian(0xa92b4efc);

function md(place: number) {
  return {
    [place]: MD,
    [place + 4]: littleEndian(1),
    [place + 16]: bytesOf(UUID.replaceAll('-', '')),
    [place + 32]: text('host:0'),
    [place + 128]: littleEndian(place / 512),
  };
}

describe('what is written by hand, from its specification', () => {
  // As pvcreate of LVM2 2.03.16 made it of 64 MiB; it works on block devices alone.
  const LVM_LABEL = Uint8Array.from(
    Buffer.concat([
      Buffer.from('LABELONE\x01\0\0\0\0\0\0\0\x09\x75\x5d\x63\x20\0\0\0LVM2 001', 'latin1'),
      Buffer.from('YSStxUlxXo4q9mIhSCOIPFhIKKNnmBzc'),
      bytesOf(`000000040000000000001000${'00'.repeat(20)}0010000000000000`),
      bytesOf(`00f00f00${'00'.repeat(20)}02`),
    ]),
  );
  const ZFS_LIST = text(
    '\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x24\x00\x00\x00\x20\x00\x00\x00\x07version',
  );
  test.each([
    ['LVM2', { 512: LVM_LABEL }, { type: 'LVM2_member', uuid: 'YSStxU-lxXo-4q9m-IhSC-OIPF-hIKK-NnmBzc' }],
    [
      'MD 1.1',
      md(0),
      { type: 'linux_raid_member', uuid: UUID, label: 'host:0', title: 'RAID member (md 1.1)' },
    ],
    ['MD 1.2', md(4096), { type: 'linux_raid_member', uuid: UUID, title: 'RAID member (md 1.2)' }],
    ['MD 1.0', md(64 * MIB - 8192), { type: 'linux_raid_member', uuid: UUID, title: 'RAID member (md 1.0)' }],
    [
      'MD 0.90',
      { [64 * MIB - 65536]: MD, [64 * MIB - 65528]: littleEndian(90) },
      { type: 'linux_raid_member', title: 'RAID member (md 0.90)' },
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
  });
});
