import { hasText, labelField, uint64, viewOf } from '../byte-fields.ts';
import { crc32Raw } from '../crc32.ts';
import { flawed } from './checks.ts';
import { named, type Probe } from './signature.ts';

const SECOND_LUKS_HEADER = 0x4000;

/**
 * LUKS1 and LUKS2: LUKS On-Disk Format Specification 1.2.3, section 2, and LUKS2 On-Disk Format Specification,
 * section 2.1. Only version 2 has a label. A LUKS2 device whose first header is gone is known by the second, at the
 * smallest of its possible places.
 */
export const findLuks: Probe = ({ head }) => {
  const first = hasText(head, 0, 'LUKS\xba\xbe');
  if (!first && !hasText(head, SECOND_LUKS_HEADER, 'SKUL\xba\xbe')) return undefined;
  const header = head.subarray(first ? 0 : SECOND_LUKS_HEADER);
  const view = viewOf(header);
  const version = view.getUint16(6, false);
  if (version !== 1 && version !== 2) return undefined;
  // A header of version 2 says where it is.
  if (!first && (version === 1 || uint64(view, 256, false) !== SECOND_LUKS_HEADER)) return undefined;
  const label = version === 2 ? labelField(header, 24, 48) : undefined;
  return {
    type: 'crypto_LUKS',
    usage: 'crypto',
    title: `LUKS${version} encryption`,
    ...named(label, labelField(header, 168, 40)),
  };
};

/** LABEL_SIZE, and INITIAL_CRC in LVM2's lib/misc/crc.h. */
const LVM_LABEL_BYTES = 512;
const LVM_INITIAL_CRC = 0xf597a6cf;

/** LVM2 physical volume: struct label_header and pv_header in LVM2's lib/label/label.h and lib/format_text/layout.h. */
export const findLvm: Probe = ({ head }) => {
  for (let at = 0; at < 4 * 512; at += 512) {
    if (!hasText(head, at, 'LABELONE') || !hasText(head, at + 24, 'LVM2 001')) continue;
    const digits = labelField(head, at + 32, 32) ?? '';
    const uuid = digits.replace(/^(.{6})(.{4})(.{4})(.{4})(.{4})(.{4})(.{6})$/, '$1-$2-$3-$4-$5-$6-$7');
    const checked = head.subarray(at + 20, at + LVM_LABEL_BYTES);
    const isRight = crc32Raw(checked, LVM_INITIAL_CRC) === viewOf(head).getUint32(at + 16, true);
    return {
      type: 'LVM2_member',
      usage: 'raid',
      title: 'LVM physical volume',
      uuid,
      ...flawed(isRight ? undefined : 'the checksum of its label is wrong'),
    };
  }
  return undefined;
};

const ZFS_LABEL_BYTES = 262144;

/**
 * A device of a ZFS pool: four labels of 256 KiB, two at the start and two at the end of the device, each with a list
 * of names and values at 16 KiB (ZFS On-Disk Specification, chapter 1; XDR encoding: include/sys/nvpair.h).
 */
export const findZfs: Probe = ({ size, at }) => {
  const labels = [0, Math.floor(size / ZFS_LABEL_BYTES) * ZFS_LABEL_BYTES - ZFS_LABEL_BYTES];
  const isPoolList = (label: number) => {
    const list = at(label + 16384, 512);
    return list[0] === 1 && list[1] !== undefined && list[1] <= 1 && Buffer.from(list).includes('version');
  };
  return labels.some(isPoolList)
    ? { type: 'zfs_member', usage: 'raid', title: 'ZFS pool member' }
    : undefined;
};
