import { posix } from 'node:path';
import { definedDomains, domainDefinitions, isActive } from '../libvirt/domains.ts';
import { activePools, findVolume, volumesOf } from '../libvirt/storage.ts';
import type { Virsh } from '../libvirt/virsh.ts';
import { attributeOf, childrenOf, type Element, findElement, textOf } from '../libvirt/xml.ts';

/** Something that an image file is needed by. */
export interface Child {
  /** For people, such as `volume gandi/web1.root.qcow2` or `domain web1`. */
  what: string;
  /** UUID of a domain. */
  uuid?: string;
  /** Path of a volume. */
  path?: string;
}

/** What names image files. */
export interface Reference {
  child: Child;
  /** Absolute paths. */
  files: readonly string[];
}

const JSON_PREFIX = 'json:';

/** Every `filename` in QEMU's JSON, however deep (QEMU, docs/interop/qemu-qmp-ref, BlockdevOptions). */
function fileNames(value: unknown, depth = 0): string[] {
  if (typeof value !== 'object' || value === null || depth > 20) return [];
  return Object.entries(value).flatMap(([key, part]) =>
    (key === 'filename' || key.endsWith('.filename')) && typeof part === 'string'
      ? [part]
      : fileNames(part, depth + 1),
  );
}

/**
 * Files that a backing name means.
 * @param name as an image has it: a path, relative to the image or not, `file:` before it, or `json:` with QEMU's options
 * @param image path of the image that has it
 */
export function backingFiles(name: string, image: string): string[] {
  const at = (path: string) => posix.resolve(posix.dirname(image), path.replace(/^file:(\/\/)?/, ''));
  if (!name.startsWith(JSON_PREFIX)) return name === '' ? [] : [at(name)];
  try {
    return fileNames(JSON.parse(name.slice(JSON_PREFIX.length))).map(at);
  } catch {
    return [];
  }
}

/** Path of a volume of a pool; undefined if it is not known. */
export type PathOfVolume = (pool: string, volume: string) => string | undefined;

/**
 * Files that a domain's definition names: disks, their backing chains, kernel and initial RAM disk.
 * @param pathOf where volumes are, for disks that name a pool and a volume
 */
export function filesOfDomain(definition: Element, pathOf: PathOfVolume = () => undefined): string[] {
  const devices = findElement(definition, 'devices');
  const disks = devices === undefined ? [] : childrenOf(devices, 'disk');
  const chain = (element: Element): string[] => {
    const source = findElement(element, 'source');
    const below = findElement(element, 'backingStore');
    const [pool, volume] = [attributeOf(source, 'pool'), attributeOf(source, 'volume')];
    const ofPool = pool === undefined || volume === undefined ? undefined : pathOf(pool, volume);
    const file = attributeOf(source, 'file') ?? attributeOf(source, 'dev') ?? ofPool;
    return [...(file === undefined ? [] : [file]), ...(below === undefined ? [] : chain(below))];
  };
  const boot = ['kernel', 'initrd'].flatMap((name) => textOf(definition, 'os', name) ?? []);
  return [...disks.flatMap(chain), ...boot];
}

/**
 * Who needs a file: by its own word, or by that of somebody who needs what needs it.
 * @param references all that is known
 */
export function childrenOfFile(file: string, references: readonly Reference[]): Child[] {
  const found = new Map<string, Child>();
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { child, files } of references) {
      if (!files.includes(path) || child.path === path) continue;
      found.set(child.what, child);
      if (child.path !== undefined) visit(child.path);
    }
  };
  visit(posix.normalize(file));
  return [...found.values()];
}

/**
 * All that names image files, ours or not: volumes of all active pools, and domains as they are defined and as they run. What
 * lies outside of them cannot be seen.
 * @throws LibvirtError
 */
export async function allReferences(virsh: Virsh): Promise<Reference[]> {
  const references: Reference[] = [];
  const paths = new Map<string, string>();
  for (const pool of await activePools(virsh)) {
    for (const { name, path, backing } of await volumesOf(virsh, pool)) {
      paths.set(`${pool.name}/${name}`, path);
      if (backing === undefined) continue;
      references.push({
        child: { what: `volume ${pool.name}/${name}`, path },
        files: backingFiles(backing, path),
      });
    }
  }
  const pathOf: PathOfVolume = (pool, volume) => paths.get(`${pool}/${volume}`);
  const domains = await definedDomains(virsh);
  // A disk may have been attached to one that runs, and to nothing else.
  const active = domains.filter(isActive).map(({ uuid }) => uuid);
  const live =
    active.length === 0 ? new Map<string, Element>() : await domainDefinitions(virsh, active, 'live');
  for (const { uuid, name, definition } of domains) {
    const definitions = [definition, live.get(uuid)].filter((one) => one !== undefined);
    const files = definitions
      .flatMap((one) => filesOfDomain(one, pathOf))
      .map((file) => posix.normalize(file));
    references.push({ child: { what: `domain ${name}`, uuid }, files: [...new Set(files)] });
  }
  return references;
}

/**
 * What needs one of the volumes that were made for a domain, in words; undefined if nothing but the domain itself does.
 * @param volumes those that are to be removed
 * @throws LibvirtError
 */
export async function neededBy(
  virsh: Virsh,
  uuid: string,
  volumes: readonly { pool: string; name: string }[],
): Promise<string | undefined> {
  const references = await allReferences(virsh);
  for (const { pool, name } of volumes) {
    const path = (await findVolume(virsh, pool, name))?.path;
    if (path === undefined) continue;
    const children = childrenOfFile(path, references).filter((child) => child.uuid !== uuid);
    if (children.length > 0)
      return `volume ${pool}/${name} is needed by ${children.map(({ what }) => what).join(', ')}`;
  }
  return undefined;
}
