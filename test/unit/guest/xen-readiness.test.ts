import { describe, expect, it } from 'vitest';
import { addXenConsole, xenFindings } from '../../../src/guest/xen-readiness.ts';
import { type FileEntries, makeFiles } from '../context.ts';

const KERNEL = 'CONFIG_XEN=y\nCONFIG_XEN_BLKDEV_FRONTEND=m\nCONFIG_XEN_NETDEV_FRONTEND=m\n';
const ready: FileEntries = {
  '/boot/vmlinuz-6.1': '',
  '/boot/config-6.1': KERNEL,
  '/boot/grub/grub.cfg': 'linux /vmlinuz-6.1 root=UUID=1 console=hvc0\n',
  '/etc/default/grub': 'GRUB_CMDLINE_LINUX="console=hvc0"\n',
  '/usr/sbin/update-grub': '',
  '/etc/fstab': 'UUID=1 / ext4 defaults 0 1\n',
};
const findingsFor = (files: FileEntries) => xenFindings(makeFiles({ ...ready, ...files }), '6.1');

describe('xenFindings', () => {
  it('finds nothing in a guest that is ready', () => {
    expect(findingsFor({})).toEqual([]);
  });

  it.each<[string, FileEntries, string]>([
    [
      'a kernel without a disk driver',
      { '/boot/config-6.1': KERNEL.replace('BLKDEV', 'X') },
      '/boot/config-6.1',
    ],
    ['root by a name of KVM', { '/boot/grub/grub.cfg': 'linux /v root=/dev/vda1\n' }, '/boot/grub/grub.cfg'],
    [
      'another console',
      { '/etc/default/grub': '#console=hvc0\nGRUB_CMDLINE_LINUX=""\n' },
      '/etc/default/grub',
    ],
    ['a disk by a name of KVM', { '/etc/fstab': '/dev/sdb1 /data ext4 defaults 0 2\n' }, '/etc/fstab'],
  ])('finds %s', (_, files, subject) => {
    expect(findingsFor(files).map((finding) => finding.subject)).toEqual([subject]);
  });

  it('finds that kernel and boot loader are the host’s', () => {
    const subjects = xenFindings(makeFiles({ '/etc/fstab': '' }), '6.1').map(({ subject }) => subject);
    expect(subjects).toEqual(['kernel', 'boot loader']);
  });

  it('can name file systems by UUID where it knows all of them', () => {
    const fstab = '/dev/sda1 / ext4 defaults 0 1\n# /dev/sda1 is root\n/dev/sdb1 /data ext4 defaults 0 2\n';
    const uuid = (id: string, device: string) => ({
      [`/dev/disk/by-uuid/${id}`]: { link: `../../${device}` },
    });
    const one = findingsFor({ '/etc/fstab': fstab, ...uuid('1', 'sda1') });
    expect(one[0]?.fix).toBeUndefined();
    const [both] = findingsFor({ '/etc/fstab': fstab, ...uuid('1', 'sda1'), ...uuid('2', 'sdb1') });
    expect(both?.fix).toEqual([
      {
        kind: 'write-file',
        path: '/etc/fstab',
        content: 'UUID=1 / ext4 defaults 0 1\n# /dev/sda1 is root\nUUID=2 /data ext4 defaults 0 2\n',
        mode: 0o644,
        backup: 'dated',
      },
    ]);
  });
});

describe('addXenConsole', () => {
  it.each([
    ['GRUB_CMDLINE_LINUX=""\n', 'GRUB_CMDLINE_LINUX="console=hvc0"\n'],
    ["GRUB_CMDLINE_LINUX='net.ifnames=0'\n", "GRUB_CMDLINE_LINUX='net.ifnames=0 console=hvc0'\n"],
    ['GRUB_TIMEOUT=1', 'GRUB_TIMEOUT=1\nGRUB_CMDLINE_LINUX="console=hvc0"\n'],
  ])('%j', (text, expected) => {
    expect(addXenConsole(text)).toBe(expected);
  });
});
