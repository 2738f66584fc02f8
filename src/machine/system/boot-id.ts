import type { FileView } from '../files/files.ts';

/** Tells this boot from any other (random(4)); empty where the kernel does not say. */
export function bootId(files: Pick<FileView, 'readText'>): string {
  return (files.readText('/proc/sys/kernel/random/boot_id') ?? '').trim();
}
