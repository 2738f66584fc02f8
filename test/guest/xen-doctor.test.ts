import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GuestTree } from './guest-tree.ts';
import { rootFileSystem } from './rootfs.ts';

const minutes = 60_000;

const FSTAB = '# mine\n/dev/sda1 / ext4 errors=remount-ro 0 1\n';
const GRUB = 'GRUB_TIMEOUT=1\nGRUB_CMDLINE_LINUX="root=/dev/sda1"\n';
/** GRUB itself looks for real disks. */
const UPDATE_GRUB =
  '#!/bin/sh\n. /etc/default/grub\necho "linux $GRUB_CMDLINE_LINUX" > /boot/grub/grub.cfg\n';

describe('gandi-guest doctor --xen in the tree of a guest of KVM', () => {
  let tree: GuestTree;

  const text = (path: string) => readFileSync(tree.path(path), 'utf8');
  const subjects = (stdout: string): string[] =>
    (JSON.parse(stdout) as { findings: { subject: string }[] }).findings.map(({ subject }) => subject);
  const copiesOf = (directory: string, name: string) =>
    readdirSync(tree.path(directory)).filter((each) => each.startsWith(`${name}.20`));

  beforeAll(async () => {
    tree = await GuestTree.make(await rootFileSystem());
    tree.put('/etc/fstab', FSTAB);
    tree.put('/etc/default/grub', GRUB);
    tree.put('/usr/sbin/update-grub', UPDATE_GRUB, 0o755);
    mkdirSync(tree.path('/dev/disk/by-uuid'), { recursive: true });
    symlinkSync('../../sda1', tree.path('/dev/disk/by-uuid/0a-1b'));
  }, 20 * minutes);

  afterAll(() => tree?.remove());

  it('says what keeps the guest from booting on Xen, and changes nothing', async () => {
    const state = 'find /boot /etc -type f -print0 | sort -z | xargs -0 sha256sum';
    const before = (await tree.run(state)).stdout;
    const { exitCode, stdout } = await tree.run('gandi-guest doctor --xen --json');
    expect(exitCode).toBe(1);
    expect(subjects(stdout)).toEqual([
      expect.stringContaining('/boot/vmlinuz-'),
      '/etc/initramfs-tools/modules',
      'boot loader',
      '/etc/default/grub',
      '/etc/default/grub',
      '/etc/fstab',
    ]);
    expect((await tree.run(state)).stdout).toBe(before);
  });

  it('sets right with --fix what can be, and keeps what it changes', async () => {
    const fixed = await tree.run('gandi-guest doctor --xen --fix');
    expect(fixed.exitCode, fixed.stdout).toBe(0);
    expect(text('/etc/fstab')).toBe(FSTAB.replace('/dev/sda1', 'UUID=0a-1b'));
    expect(text('/boot/grub/grub.cfg')).toBe('linux root=UUID=0a-1b console=hvc0\n');
    const initrd = '/boot/initrd.img-*';
    expect((await tree.run(`lsinitramfs ${initrd} | grep -c xen-blkfront`)).stdout).toBe('1');
    expect(copiesOf('/etc', 'fstab').map((name) => text(`/etc/${name}`))).toEqual([FSTAB]);
    const [oldest = ''] = copiesOf('/etc/default', 'grub').sort();
    expect(text(`/etc/default/${oldest}`)).toBe(GRUB);
    // How the kernel is packed matters to some hosts only: that is left to the admin.
    const { stdout, exitCode } = await tree.run('gandi-guest doctor --xen --json');
    expect(subjects(stdout)).toEqual([expect.stringContaining('/boot/vmlinuz-')]);
    expect(exitCode).toBe(0);
  });
});
