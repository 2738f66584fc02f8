import { describe, expect, it } from 'vitest';
import { addXenConsole } from '../../../src/guest/xen/console.ts';
import { xenFindings } from '../../../src/guest/xen-readiness.ts';
import type { Change } from '../../../src/machine/changes/change.ts';
import { type FileEntries, makeFiles } from '../context.ts';

const KERNEL = 'CONFIG_XEN=y\nCONFIG_XEN_BLKDEV_FRONTEND=m\nCONFIG_XEN_NETDEV_FRONTEND=m\n';
const GRUB = 'GRUB_CMDLINE_LINUX="console=hvc0"\n';
const ready: FileEntries = {
  '/boot/vmlinuz-6.1': '',
  '/boot/config-6.1': KERNEL,
  '/boot/grub/grub.cfg': 'linux /vmlinuz-6.1 root=UUID=1 console=hvc0\n',
  '/etc/default/grub': GRUB,
  '/usr/sbin/update-grub': '',
  '/usr/sbin/update-initramfs': '',
  '/etc/initramfs-tools/initramfs.conf': 'MODULES=most\n',
  '/etc/fstab': 'UUID=1 / ext4 defaults 0 1\n',
};
const findingsFor = (files: FileEntries) => xenFindings(makeFiles({ ...ready, ...files }), '6.1');
const uuid = (id: string, device: string): FileEntries => ({
  [`/dev/disk/by-uuid/${id}`]: { link: `../../${device}` },
});

/** What a fix does: text of files, and commands. */
const told = (fix: readonly Change[] | undefined) =>
  fix?.map((change) => {
    if (change.kind === 'write-file') return [change.path, change.content];
    return change.kind === 'run-command' ? change.argv.join(' ') : change.kind;
  });

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
    [
      'a kernel that old boot loaders cannot unpack',
      { '/boot/config-6.1': `${KERNEL}CONFIG_KERNEL_ZSTD=y\n` },
      '/boot/vmlinuz-6.1',
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

  it('takes the console from any file of GRUB’s settings', () => {
    const files = { '/etc/default/grub': '', '/etc/default/grub.d/xen.cfg': GRUB };
    expect(findingsFor(files)).toEqual([]);
  });
});

describe('what can be set right: ', () => {
  it('an initial RAM disk of initramfs-tools with this machine’s drivers alone', () => {
    const dep = { '/etc/initramfs-tools/conf.d/modules': 'MODULES=dep\n' };
    const [finding] = findingsFor({ ...dep, '/etc/initramfs-tools/modules': '# xen-blkfront\next4' });
    expect(finding?.subject).toBe('/etc/initramfs-tools/modules');
    expect(told(finding?.fix)).toEqual([
      ['/etc/initramfs-tools/modules', '# xen-blkfront\next4\nxen-blkfront\n'],
      'update-initramfs -u -k all',
    ]);
    expect(findingsFor({ ...dep, '/etc/initramfs-tools/modules': 'xen_blkfront\n' })).toEqual([]);
    const builtIn = { '/boot/config-6.1': KERNEL.replace('BLKDEV_FRONTEND=m', 'BLKDEV_FRONTEND=y') };
    expect(findingsFor({ ...dep, ...builtIn })).toEqual([]);
  });

  it('one of dracut', () => {
    const { '/usr/sbin/update-initramfs': _, ...guest } = ready;
    const files = {
      ...guest,
      '/usr/bin/dracut': '',
      '/usr/lib/dracut/dracut.conf.d/01-dist.conf': 'hostonly="yes"\n',
    };
    const [finding, ...others] = xenFindings(makeFiles(files), '6.1');
    expect(others).toEqual([]);
    expect(told(finding?.fix)).toEqual([
      ['/etc/dracut.conf.d/90-gandi-xen.conf', expect.stringContaining('add_drivers+=" xen-blkfront ')],
      'dracut --force --regenerate-all',
    ]);
    const generic = { '/etc/dracut.conf.d/generic.conf': 'hostonly=no\n' };
    expect(xenFindings(makeFiles({ ...files, ...generic }), '6.1')).toEqual([]);
  });

  it('a boot loader without configuration, where GRUB is installed', () => {
    const { '/boot/grub/grub.cfg': _, ...guest } = ready;
    const [finding] = xenFindings(makeFiles(guest), '6.1');
    expect(told(finding?.fix)).toEqual(['make-directory', 'update-grub']);
  });

  it('root by its UUID, in the place where the name is from', () => {
    const known = uuid('7', 'vda1');
    const bare = { '/boot/grub/grub.cfg': 'linux /v root=/dev/vda1 console=hvc0\n' };
    expect(findingsFor(bare)[0]?.fix).toBeUndefined();
    expect(told(findingsFor({ ...known, ...bare })[0]?.fix)).toEqual(['update-grub']);
    const off = { ...known, ...bare, '/etc/default/grub': `GRUB_DISABLE_LINUX_UUID=true\n${GRUB}` };
    expect(told(findingsFor(off)[0]?.fix)).toEqual([
      ['/etc/default/grub', `#GRUB_DISABLE_LINUX_UUID=true\n${GRUB}`],
      'update-grub',
    ]);
    const named = { '/etc/default/grub': 'GRUB_CMDLINE_LINUX="root=/dev/vda1 console=hvc0"\n' };
    expect(told(findingsFor({ ...known, ...named })[0]?.fix)).toEqual([
      ['/etc/default/grub', 'GRUB_CMDLINE_LINUX="root=UUID=7 console=hvc0"\n'],
      'update-grub',
    ]);
  });

  it('console and root in entries of the Boot Loader Specification, by grubby', () => {
    const files = {
      ...uuid('7', 'vda1'),
      '/usr/sbin/grubby': '',
      '/boot/grub2/grubenv': 'kernelopts=root=/dev/vda1 ro\n',
      '/boot/loader/entries/1.conf': 'linux /vmlinuz-6.1\noptions $kernelopts\n',
      '/boot/loader/entries/0-rescue.conf': 'options root=/dev/vda1\n',
    };
    expect(findingsFor(files).flatMap(({ fix }) => told(fix))).toEqual([
      'grubby --update-kernel=ALL --args=console=hvc0',
      'grubby --update-kernel=ALL --args=root=UUID=7',
    ]);
    const { '/usr/sbin/grubby': _, ...without } = files;
    expect(findingsFor(without).map(({ fix }) => fix)).toEqual([undefined, undefined]);
  });

  it('file systems by UUID and swap by label, as far as they are known', () => {
    const fstab =
      '/dev/sda1 / ext4 defaults 0 1\n# /dev/sda1 is root\n/dev/sdb1 /data ext4 defaults 0 2\n/dev/sdc none swap sw 0 0\n';
    expect(findingsFor({ '/etc/fstab': fstab })[0]?.fix).toBeUndefined();
    const devices = {
      ...uuid('1', 'sda1'),
      ...uuid('3', 'sdc'),
      '/dev/disk/by-label/swap': { link: '../../sdc' },
      '/dev/disk/by-label/odd\\x20name': { link: '../../sdb1' },
    };
    const [finding] = findingsFor({ '/etc/fstab': { text: fstab, mode: 0o600 }, ...devices });
    expect(finding?.fix).toEqual([
      {
        kind: 'write-file',
        path: '/etc/fstab',
        content: fstab.replace('/dev/sda1 /', 'UUID=1 /').replace('/dev/sdc', 'LABEL=swap'),
        mode: 0o600,
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
