import { metadataText, ownMetadata } from '../libvirt/metadata.ts';
import { attributeOf, childrenOf, type Element, textOf, type XmlNode } from '../libvirt/xml.ts';

/** A volume that we made. */
export interface OwnVolume {
  pool: string;
  name: string;
  /** It outlives its guest. */
  keep?: boolean;
  /** libvirt writes it, what the guest's console says: its pool knows of it only after a new look. */
  log?: boolean;
}

/** Who makes something: it is known by it whether the maker is still at work. */
export interface Maker {
  host: string;
  /** Of the host's boot: process IDs begin anew at each. */
  boot: string;
  pid: number;
}

interface Common {
  /** The domain's own: another one's element was copied, and says nothing. */
  uuid: string;
  /** `creating` as long as its maker is at work. */
  state: 'creating' | 'ready';
  /** ISO 8601. */
  created: string;
  maker: Maker;
  /** What of the element cannot be read, in words. Such a record is shown, and never written: that part would be lost. */
  damage?: string;
}

/** One version of a golden image: its volumes are never written again, nor are their names used again. */
export interface GoldenVersion {
  number: number;
  /** `untested`: no guest of it has come up yet. */
  state: 'untested' | 'ready' | 'failed';
  created: string;
  disk: string;
  /** For a direct boot; absent where the disk boots by itself. */
  kernel?: string;
  initrd?: string;
  /** Bytes, as a guest sees the disk. */
  capacity: number;
  /** `NAME@V`, whose overlay it is. */
  parent?: string;
  /** Of the disk's file. */
  sha256?: string;
  /** What libvirt said of the disk's file when it was made, to see whether it was changed. */
  stamp?: string;
}

export interface GoldenRecord extends Common {
  role: 'golden';
  pool: string;
  /** The version that new guests get; absent: none has come up yet. */
  current?: number;
  /** Number of the next version. */
  next: number;
  versions: readonly GoldenVersion[];
  /** How it was made, as JSON. */
  recipe: string;
  /** Made for a run that asked for packages, and found by what it is made of. */
  automatic?: boolean;
  /** ISO 8601: when a run asked for it, to the day; of an automatic one alone. */
  used?: string;
}

export interface GuestRecord extends Common {
  role: 'guest';
  /** `NAME@V`. */
  golden: string;
  /** What libvirt said of that version's disk. */
  stamp?: string;
  volumes: readonly OwnVolume[];
  /** Made for one run, to be removed by the same process. */
  disposable?: boolean;
}

export type HostRecord = GoldenRecord | GuestRecord;

const VERSION_STATES = ['untested', 'ready', 'failed'] as const;

function numberOf(element: Element, name: string): number | undefined {
  const text = attributeOf(element, name);
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

const optional = <Key extends string, Value>(key: Key, value: Value | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { [K in Key]?: Value };

function parseVersion(element: Element): GoldenVersion[] {
  const number = numberOf(element, 'number');
  const disk = attributeOf(element, 'disk');
  const state = VERSION_STATES.find((known) => known === attributeOf(element, 'state'));
  if (number === undefined || disk === undefined || state === undefined) return [];
  return [
    {
      number,
      state,
      created: attributeOf(element, 'created') ?? '',
      disk,
      capacity: numberOf(element, 'capacity') ?? 0,
      ...optional('kernel', attributeOf(element, 'kernel')),
      ...optional('initrd', attributeOf(element, 'initrd')),
      ...optional('parent', attributeOf(element, 'parent')),
      ...optional('sha256', attributeOf(element, 'sha256')),
      ...optional('stamp', attributeOf(element, 'stamp')),
    },
  ];
}

function parseOwnVolume(volume: Element): OwnVolume[] {
  const [pool, name] = [attributeOf(volume, 'pool'), attributeOf(volume, 'name')];
  if (pool === undefined || name === undefined || name === '' || name.includes('/')) return [];
  const flag = (key: 'keep' | 'log') => (attributeOf(volume, key) === 'yes' ? { [key]: true } : {});
  return [{ pool, name, ...flag('keep'), ...flag('log') }];
}

/** The parts of an element that can be read, and which of them cannot. */
function partsOf<Part>(
  element: Element,
  name: string,
  parse: (part: Element) => Part[],
): [Part[], Pick<Common, 'damage'>] {
  const read = childrenOf(element, name).map((part) => ({ part, parsed: parse(part) }));
  const wrong = read.find(({ parsed }) => parsed.length === 0)?.part;
  const shown = [...(wrong?.attributes ?? [])].map((one) => `${one.name}="${one.value}"`).join(' ');
  const damage = wrong === undefined ? {} : { damage: `<${name} ${shown}> says nothing that can be read` };
  return [read.flatMap(({ parsed }) => parsed), damage];
}

/** @throws Error in one line if a part of what libvirt keeps of a domain cannot be read */
export function checkWhole({ name, record }: { name: string; record: HostRecord }): void {
  if (record.damage === undefined) return;
  throw new Error(
    `the metadata of domain ${name} are damaged: ${record.damage}; set them right with "virsh edit ${name}"`,
  );
}

/**
 * What a domain's own element says. One that is damaged as a whole, or another domain's, says nothing.
 * @param definition a domain's root element
 */
export function parseHostRecord(definition: Element): HostRecord | undefined {
  const uuid = textOf(definition, 'uuid') ?? '';
  const element = ownMetadata(definition, 'host', uuid);
  if (element === undefined) return undefined;
  const common: Common = {
    uuid,
    state: attributeOf(element, 'state') === 'creating' ? 'creating' : 'ready',
    created: attributeOf(element, 'created') ?? '',
    maker: {
      host: attributeOf(element, 'host') ?? '',
      boot: attributeOf(element, 'boot') ?? '',
      pid: numberOf(element, 'pid') ?? 0,
    },
  };
  const role = attributeOf(element, 'role');
  if (role === 'golden') {
    const [versions, damage] = partsOf(element, 'version', parseVersion);
    const least = Math.max(0, ...versions.map(({ number }) => number)) + 1;
    return {
      ...common,
      role,
      pool: attributeOf(element, 'pool') ?? '',
      ...optional('current', numberOf(element, 'current')),
      next: Math.max(least, numberOf(element, 'next') ?? 1),
      versions,
      ...damage,
      recipe: textOf(element, 'recipe') ?? '{}',
      ...(attributeOf(element, 'automatic') === 'yes' ? { automatic: true } : {}),
      ...optional('used', attributeOf(element, 'used')),
    };
  }
  if (role !== 'guest') return undefined;
  const [volumes, damage] = partsOf(element, 'volume', parseOwnVolume);
  return {
    ...common,
    role,
    golden: attributeOf(element, 'golden') ?? '',
    ...optional('stamp', attributeOf(element, 'stamp')),
    volumes,
    ...damage,
    ...(attributeOf(element, 'disposable') === 'yes' ? { disposable: true } : {}),
  };
}

function childrenOfRecord(record: HostRecord): XmlNode[] {
  if (record.role === 'guest')
    return record.volumes.map(({ pool, name, keep, log }) => ({
      name: 'volume',
      attributes: { pool, name, keep: keep ? 'yes' : undefined, log: log ? 'yes' : undefined },
    }));
  const versions = record.versions.map((version) => ({ name: 'version', attributes: { ...version } }));
  return [...versions, { name: 'recipe', text: record.recipe }];
}

/** The element of a record, as `virsh metadata --set` takes it. No secret may stand in it: whoever may read sees it. */
export function hostRecordText(record: HostRecord): string {
  const { uuid, role, state, created, maker } = record;
  const own =
    record.role === 'golden'
      ? {
          pool: record.pool,
          current: record.current,
          next: record.next,
          automatic: record.automatic ? 'yes' : undefined,
          used: record.used,
        }
      : { golden: record.golden, stamp: record.stamp, disposable: record.disposable ? 'yes' : undefined };
  const attributes = { role, state, created, host: maker.host, boot: maker.boot, pid: maker.pid, ...own };
  return metadataText('host', uuid, { attributes, children: childrenOfRecord(record) });
}
