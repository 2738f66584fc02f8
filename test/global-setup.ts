import { installPrerequisites, installPrograms } from './guest/prerequisites.ts';

/** Those that make what a device may hold. */
const formatPrograms = {
  cpio: 'cpio',
  cryptsetup: 'cryptsetup-bin',
  drbdmeta: 'drbd-utils',
  jfs_mkfs: 'jfsutils',
  'make-bcache': 'bcache-tools',
  mcopy: 'mtools',
  mkntfs: 'ntfs-3g',
  mksquashfs: 'squashfs-tools',
  mkudffs: 'udftools',
  'mkfs.erofs': 'erofs-utils',
  'mkfs.exfat': 'exfatprogs',
  'mkfs.f2fs': 'f2fs-tools',
  'mkfs.nilfs2': 'nilfs-tools',
  'mkfs.reiserfs': 'reiserfsprogs',
};

/** Before any unit test: some compare with what the system's own tools make. */
export async function setup(): Promise<void> {
  await installPrerequisites();
  await installPrograms(formatPrograms);
}
