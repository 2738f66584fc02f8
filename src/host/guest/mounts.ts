import type { XmlNode } from '../libvirt/xml.ts';

/** What a guest mounts of its host or of a server. */
export type GuestMount =
  | { kind: 'virtiofs'; directory: string; tag: string; mountPoint: string; readOnly: boolean }
  | { kind: 'nfs'; source: string; mountPoint: string; readOnly: boolean };

const isPath = (path: string) => /^\/[^\s:,]*$/.test(path) && !path.split('/').includes('..');

/**
 * @param text `HOST:GUEST[:ro]` or `nfs=SERVER:/PATH:GUEST[:ro]`
 * @param index position among the mounts: it makes the tag
 * @throws Error in one line
 */
export function parseMount(text: string, index: number): GuestMount {
  const words = text.split(':');
  const readOnly = words.at(-1) === 'ro';
  const [first = '', second = '', third, ...more] = readOnly ? words.slice(0, -1) : words;
  const server = /^nfs=([A-Za-z0-9._-]+)$/.exec(first)?.[1];
  if (server !== undefined && more.length === 0 && isPath(second) && isPath(third ?? ''))
    return { kind: 'nfs', source: `${server}:${second}`, mountPoint: third ?? '', readOnly };
  if (server === undefined && third === undefined && isPath(first) && isPath(second))
    return { kind: 'virtiofs', directory: first, tag: `gandi${index}`, mountPoint: second, readOnly };
  throw new Error(
    `--mount ${text}: expected HOST:GUEST[:ro] or nfs=SERVER:/PATH:GUEST[:ro], absolute paths without blanks`,
  );
}

/** As `mounts` of a cloud-config has it. libvirt refuses to share read-only, so that holds in the guest alone. */
export function mountEntry(mount: GuestMount): string[] {
  const access = mount.readOnly ? ['ro'] : [];
  if (mount.kind === 'virtiofs')
    return [mount.tag, mount.mountPoint, 'virtiofs', [...access, 'nofail'].join(',')];
  const options = [...access, 'nofail', '_netdev', 'x-systemd.automount'];
  return [mount.source, mount.mountPoint, 'nfs', options.join(',')];
}

/** The shared directories in libvirt's XML. */
export function fileSystemNodes(mounts: readonly GuestMount[]): XmlNode[] {
  return mounts.flatMap((mount) =>
    mount.kind === 'virtiofs'
      ? [
          {
            name: 'filesystem',
            attributes: { type: 'mount', accessmode: 'passthrough' },
            children: [
              { name: 'driver', attributes: { type: 'virtiofs' } },
              { name: 'source', attributes: { dir: mount.directory } },
              { name: 'target', attributes: { dir: mount.tag } },
            ],
          },
        ]
      : [],
  );
}

/** A data disk. */
export interface GuestDisk {
  label: string;
  bytes: number;
  /** It outlives its guest. */
  keep: boolean;
}

/** Disks are vda to vdz, of which two are the guest's own and its seed. */
const MOST_DISKS = 24;

const UNITS = { M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 } as const;

/** @param text such as `10G` @returns bytes; undefined where it is no size */
export function parseSize(text: string): number | undefined {
  const [, number, unit] = /^(\d{1,6})([MGT])$/.exec(text) ?? [];
  return unit === undefined || Number(number) === 0
    ? undefined
    : Number(number) * UNITS[unit as keyof typeof UNITS];
}

/** @param text `LABEL:SIZE[:keep]` @throws Error in one line */
export function parseDisk(text: string): GuestDisk {
  const [label = '', size = '', keep, ...more] = text.split(':');
  const bytes = parseSize(size);
  // A label of ext4 has 16 bytes; this one is a part of a file's name and a mount point, too.
  if (
    !/^[A-Za-z0-9][A-Za-z0-9_-]{0,15}$/.test(label) ||
    bytes === undefined ||
    more.length > 0 ||
    (keep ?? 'keep') !== 'keep'
  )
    throw new Error(
      `--disk ${text}: expected LABEL:SIZE[:keep], a label of at most 16 letters and digits, a size such as 10G`,
    );
  return { label, bytes, keep: keep === 'keep' };
}

/** The name that the disk has which the guest boots from. */
const ROOT = 'root';

/** Data disks, each of which has a file by its label. @throws Error in one line */
export function parseDisks(texts: readonly string[]): GuestDisk[] {
  const disks = texts.map(parseDisk);
  for (const [index, { label }] of disks.entries()) {
    if (label === ROOT)
      throw new Error(`--disk ${texts[index]}: ${ROOT} is the guest’s own disk; use another label`);
    if (disks.findIndex((disk) => disk.label === label) !== index)
      throw new Error(`--disk ${texts[index]}: another disk has the label ${label}`);
  }
  if (disks.length > MOST_DISKS)
    throw new Error(
      `--disk: a guest has at most ${MOST_DISKS} data disks, and ${disks.length} are asked for`,
    );
  return disks;
}
