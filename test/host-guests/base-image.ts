import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
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
 * @throws Error with what was said
 */
export async function rigWithBase(isTried = true): Promise<LibvirtRig> {
  const { tree } = await rootFileSystem();
  const rig = await LibvirtRig.start({ toolkit: process.env[SHARED_TREE] ?? '' });
  const script = join(rig.folder, 'no-sources');
  await writeFile(script, NO_SOURCES);
  const made = await rig.host(
    ...['golden', 'create', 'base', '--from', tree, '--script', script, '--memory', '512'],
    ...['--work-directory', rig.folder, ...(isTried ? [] : ['--ready-timeout', '1'])],
  );
  if (!isTried) await rig.markReady('base', 1);
  if (!isTried || made.stdout === 'base@1\n') return rig;
  await rig.stop();
  throw new Error(`no image was made: ${made.stderr}`);
}
