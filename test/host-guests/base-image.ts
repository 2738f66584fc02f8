import { mkdtempSync } from 'node:fs';
import { cp, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { cacheFolder } from '../guest/cache.ts';
import { type GuestContent, ROOT_MEBIBYTES } from '../guest/command-guest.ts';
import { imageTree } from '../guest/image.ts';
import { EMULATED_KERNEL, FAST_KERNEL } from '../guest/machine.ts';
import { quickBoot } from '../guest/quick-boot.ts';
import { rootFileSystem } from '../guest/rootfs.ts';
import { SHARED_TREE } from '../guest/toolkit.ts';
import { LibvirtRig } from './libvirt-rig.ts';

/** The distribution is not asked for packages: a test's own source is nearer, and does not change. */
const NO_SOURCES = '#!/bin/sh\n: > /etc/apt/sources.list\n';

/** An image with a file system that has no files: nothing boots from it. @param file to be made */
export async function makeEmptyImage(file: string): Promise<void> {
  const raw = `${file}.raw`;
  await execa('mke2fs', ['-q', '-t', 'ext4', '-F', raw, '8M']);
  await execa('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, file]);
  await rm(raw);
}

/**
 * A libvirt with the golden image `base`.
 * @param isTried a guest of it has come up; else it counts as if one had, which costs no boot
 * @param content what the image has; by default a Debian 12
 * @throws Error with what was said
 */
export async function rigWithBase(isTried = true, content: GuestContent = {}): Promise<LibvirtRig> {
  const rig = await LibvirtRig.start({ toolkit: process.env[SHARED_TREE] ?? '' });
  // Its files are hard links to those of the cache, and so must be beside them.
  const folder = mkdtempSync(join(cacheFolder(), 'tree-'));
  try {
    const tree = await quickTree(content, folder);
    const script = join(rig.folder, 'no-sources');
    await writeFile(script, NO_SOURCES);
    const made = await rig.host(
      ...[
        'golden',
        'create',
        'base',
        '--from',
        tree,
        '--script',
        script,
        '--memory',
        '512',
        '--size',
        `${ROOT_MEBIBYTES}M`,
      ],
      ...['--work-directory', rig.folder, ...(isTried ? [] : ['--ready-timeout', '1'])],
    );
    if (!isTried) await rig.markReady('base', 1);
    else if (made.stdout !== 'base@1\n') throw new Error(`no image was made: ${made.stderr}`);
    await rig.addKernelArguments('base', [...EMULATED_KERNEL, ...FAST_KERNEL]);
    return rig;
  } catch (error) {
    await rig.stop();
    throw error;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The small initial RAM disk has udev pass over what ACPI has; without this a guest is deaf to its host's request to shut down. */
const POWER_BUTTON = { '/etc/modules-load.d/power-button.conf': 'button\n' };

/** The tree of an image that starts with the kernel that the other guests of the tests start with, in less time. */
async function quickTree(content: GuestContent, folder: string): Promise<string> {
  const rootfs = content.rootfs ?? (await rootFileSystem());
  const tree = await imageTree({ ...content, rootfs, files: { ...content.files, ...POWER_BUTTON } }, folder);
  const quick = await quickBoot(rootfs);
  for (const part of ['kernel', 'initrd'] as const) {
    const file = join(tree, 'boot', basename(rootfs[part]));
    await rm(file);
    await cp(quick[part], file);
  }
  return tree;
}
