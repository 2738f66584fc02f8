import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A tree written as a prototype file, from which `mkfs.xfs -p` fills a new file system without mounting it.
 * Format: mkfs.xfs(8), option -p. It cannot tell times, hard links, sticky bits and names with spaces; systemd-tmpfiles
 * sets the sticky bits at boot.
 */
export async function protofile(tree: string): Promise<string> {
  const lines = ['/', '0 0', await entry(tree), ...(await contents(tree)), '$'];
  return `${lines.join('\n')}\n`;
}

async function contents(folder: string): Promise<string[]> {
  const lines: string[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    if (/\s/.test(name)) throw new Error(`${path}: a prototype file cannot hold a name with white space`);
    const described = await entry(path);
    lines.push(`${name} ${described}`);
    if (described.startsWith('d')) lines.push(...(await contents(path)), '$');
  }
  return lines;
}

/** Type, set-user-ID, set-group-ID, permissions, owner, group, and what the type needs besides. */
async function entry(path: string): Promise<string> {
  const status = await lstat(path);
  const setUser = status.mode & 0o4000 ? 'u' : '-';
  const setGroup = status.mode & 0o2000 ? 'g' : '-';
  const permissions = (status.mode & 0o777).toString(8).padStart(3, '0');
  const common = `${setUser}${setGroup}${permissions} ${status.uid} ${status.gid}`;
  if (status.isDirectory()) return `d${common}`;
  if (status.isSymbolicLink()) return `l${common} ${await readlink(path)}`;
  if (status.isFile()) return `-${common} ${path}`;
  if (status.isFIFO()) return `p${common}`;
  if (status.isCharacterDevice() || status.isBlockDevice()) {
    const [major, minor] = deviceNumbers(status.rdev);
    return `${status.isBlockDevice() ? 'b' : 'c'}${common} ${major} ${minor}`;
  }
  throw new Error(`${path}: neither file, folder, link, device nor FIFO`);
}

/** The encoding of makedev(3) for numbers below 2^12 and 2^20. */
function deviceNumbers(device: number): [major: number, minor: number] {
  return [(device >>> 8) & 0xfff, (device & 0xff) | ((device >>> 12) & 0xfff00)];
}
