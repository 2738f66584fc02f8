import { hasText, labelField, uint64, uuidField, viewOf } from '../byte-fields.ts';
import { named, type Probe } from './signature.ts';

/** XFS: struct xfs_dsb in the kernel's fs/xfs/libxfs/xfs_format.h; numbers are big-endian. */
export const findXfs: Probe = ({ head }) => {
  if (!hasText(head, 0, 'XFSB')) return undefined;
  const view = viewOf(head);
  const blockBytes = view.getUint32(4, false);
  const logStart = uint64(view, 48, false);
  return {
    type: 'xfs',
    usage: 'filesystem',
    title: 'XFS file system',
    ...named(labelField(head, 108, 12), uuidField(head, 32)),
    blockBytes,
    fileSystemBytes: uint64(view, 8, false) * blockBytes,
    // A log that starts nowhere inside is on a device of its own.
    logBytes: logStart === 0 ? 0 : view.getUint32(96, false) * blockBytes,
  };
};
