import { hasText, labelField, uint64, uuidField, viewOf } from '../byte-fields.ts';
import { crc32cWithout, flawed, isSize, WRONG_CHECKSUM } from './checks.ts';
import { named, type Probe } from './signature.ts';

/** sb_versionnum's number without its flags (XFS_SB_VERSION_NUM); version 5 has checksums. */
const VERSIONS = [1, 2, 3, 4, 5];
const CHECKSUM_AT = 224;

/** XFS: struct xfs_dsb in the kernel's fs/xfs/libxfs/xfs_format.h; numbers are big-endian. */
export const findXfs: Probe = ({ head, verified }) => {
  if (!hasText(head, 0, 'XFSB')) return undefined;
  const view = viewOf(head);
  const blockBytes = view.getUint32(4, false);
  const logStart = uint64(view, 48, false);
  return {
    type: 'xfs',
    usage: 'filesystem',
    title: 'XFS file system',
    ...named(labelField(head, 108, 12), uuidField(head, 32)),
    ...flawed(verified === 'xfs' ? undefined : whyNotSound(head)),
    blockBytes,
    sectorBytes: view.getUint16(102, false),
    fileSystemBytes: uint64(view, 8, false) * blockBytes,
    // A log that starts nowhere inside is on a device of its own.
    logBytes: logStart === 0 ? 0 : view.getUint32(96, false) * blockBytes,
  };
};

/** The checks of xfs_validate_sb_common (fs/xfs/libxfs/xfs_sb.c) that tell a superblock from something like one. */
function whyNotSound(head: Uint8Array): string | undefined {
  const view = viewOf(head);
  const version = view.getUint16(100, false) & 0xf;
  const sectorBytes = view.getUint16(102, false);
  const groups = view.getUint32(88, false);
  const groupBlocks = view.getUint32(84, false);
  const blocks = uint64(view, 8, false);
  if (
    !VERSIONS.includes(version) ||
    !isSize(view.getUint32(4, false), 512, 65536) ||
    !isSize(sectorBytes, 512, 32768) ||
    !isSize(view.getUint16(104, false), 256, 2048) ||
    blocks > groups * groupBlocks ||
    blocks <= (groups - 1) * groupBlocks
  ) {
    return 'the sizes in its superblock cannot be';
  }
  if (view.getUint8(126) !== 0) return 'mkfs.xfs was cut off, or something that copied it';
  if (version < 5) return undefined;
  const checksum = ~crc32cWithout(head.subarray(0, sectorBytes), CHECKSUM_AT) >>> 0;
  return checksum === view.getUint32(CHECKSUM_AT, true) ? undefined : WRONG_CHECKSUM;
}
