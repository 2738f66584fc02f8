import type { RunOptions } from '../../../src/host/commands/commands.ts';
import { attributeOf, findElement, parseXml, textOf } from '../../../src/host/libvirt/xml.ts';
import { type Answer, refused } from './fake-libvirt.ts';

export interface FakeVolume {
  capacity: number;
  format: string;
  /** Path of the image that it is an overlay of. */
  backing?: string;
  /** Of its file, in octal, where it was given one. */
  mode?: string;
  /** Bytes of its file. */
  content?: Uint8Array;
  /** Number of the change that was its last. */
  changed: number;
}

interface FakePool {
  path: string;
  active: boolean;
  volumes: Map<string, FakeVolume>;
}

const QUERIES = [
  'pool-list',
  'pool-dumpxml',
  'vol-list',
  'vol-info',
  'vol-dumpxml',
  'snapshot-list',
  'snapshot-dumpxml',
];

/** Pools, volumes and snapshots of a libvirt, without files. */
export class FakeStorage {
  readonly pools = new Map<string, FakePool>();
  /** Names of snapshots by the UUID of their domain, in the order of their tree. */
  readonly snapshots = new Map<string, string[]>();
  /** When one was made, in seconds, and of which; else at 0 and of none. */
  readonly snapshotXml = new Map<string, string>();
  readonly #done: string[];
  #changes = 0;

  /** @param done takes each command with an effect */
  constructor(done: string[]) {
    this.#done = done;
  }

  addPool(name: string, path: string): FakePool {
    const pool = { path, active: true, volumes: new Map<string, FakeVolume>() };
    this.pools.set(name, pool);
    return pool;
  }

  volume(pool: string, name: string): FakeVolume {
    const volume = this.pools.get(pool)?.volumes.get(name);
    if (volume === undefined) throw new Error(`the fake has no volume ${pool}/${name}`);
    return volume;
  }

  addVolume(pool: string, name: string, given: Partial<FakeVolume> = {}): void {
    const volume = { capacity: 0, format: 'qcow2', changed: ++this.#changes, ...given };
    this.pools.get(pool)?.volumes.set(name, volume);
  }

  /** Names of all volumes, sorted. */
  names(): string[] {
    return [...this.pools.values()].flatMap(({ volumes }) => [...volumes.keys()]).sort();
  }

  /** @returns undefined for what has nothing to do with storage */
  run(words: readonly string[], { input }: Pick<RunOptions, 'input'>): Answer | undefined {
    const [command = ''] = words;
    if (!/^(pool|vol|snapshot)-/.test(command)) return undefined;
    const option = (name: string) => words[words.indexOf(`--${name}`) + 1] ?? '';
    const has = (name: string) => words.includes(`--${name}`);
    if (!QUERIES.includes(command)) this.#done.push(words.join(' '));
    if (command.startsWith('snapshot-')) return this.#snapshot(command, option('domain'), option);
    if (command === 'pool-list')
      return { stdout: [...this.pools].map(([name, { active }]) => (active ? `${name}\n` : '')).join('') };
    if (command === 'pool-define-as') {
      this.addPool(option('name'), option('target')).active = false;
      return {};
    }
    const name = option('pool');
    const pool = this.pools.get(name);
    if (pool === undefined) return refused(`Storage pool not found: '${name}'`);
    return command.startsWith('pool-')
      ? this.#pool(command, name, pool)
      : this.#volume(command, pool, option, has, input);
  }

  #pool(command: string, name: string, pool: FakePool): Answer {
    if (command === 'pool-start') pool.active = true;
    if (command !== 'pool-dumpxml') return {};
    const target = `<target><path>${pool.path}</path></target>`;
    return { stdout: `<pool type='dir'><name>${name}</name>${target}</pool>\n` };
  }

  #volume(
    command: string,
    { path, volumes, active }: FakePool,
    option: (name: string) => string,
    has: (name: string) => boolean,
    input: RunOptions['input'],
  ): Answer {
    if (command === 'vol-list')
      return { stdout: [...volumes.keys()].map((name) => ` ${name}   ${path}/${name}\n`).join('') };
    if (command === 'vol-create-as') {
      const backing = has('backing-vol') ? { backing: `${path}/${option('backing-vol')}` } : {};
      const content = { capacity: Number(option('capacity')), format: option('format'), ...backing };
      return this.#create(volumes, option('name'), content);
    }
    if (command === 'vol-create') {
      const root = parseXml(String(input));
      const mode = textOf(root, 'target', 'permissions', 'mode');
      return this.#create(volumes, textOf(root, 'name') ?? '', {
        capacity: Number(textOf(root, 'capacity')),
        format: attributeOf(findElement(root, 'target', 'format'), 'type') ?? '',
        ...(mode === undefined ? {} : { mode }),
      });
    }
    if (!active) return refused('Requested operation is not valid: storage pool is not active');
    const name = option('vol');
    const volume = volumes.get(name);
    if (command === 'vol-create-from' && volume !== undefined) {
      const root = parseXml(String(input));
      const { backing: _, ...content } = volume;
      return this.#create(volumes, textOf(root, 'name') ?? '', {
        ...content,
        capacity: Number(textOf(root, 'capacity')),
      });
    }
    if (volume === undefined) return refused(`Storage volume not found: no storage vol '${name}'`);
    if (command === 'vol-delete') volumes.delete(name);
    if (command === 'vol-upload') {
      volume.changed = ++this.#changes;
      volume.content = Buffer.from(input ?? `content of ${option('file')}`);
    }
    return command === 'vol-dumpxml' ? { stdout: volumeXml(`${path}/${name}`, name, volume) } : {};
  }

  #create(volumes: FakePool['volumes'], name: string, content: Omit<FakeVolume, 'changed'>): Answer {
    if (volumes.has(name)) return refused(`storage vol '${name}' already exists`);
    volumes.set(name, { ...content, changed: ++this.#changes });
    return {};
  }

  #snapshot(command: string, domain: string, option: (name: string) => string): Answer {
    const names = this.snapshots.get(domain) ?? [];
    if (command === 'snapshot-list') return { stdout: names.map((name) => `${name}\n`).join('') };
    if (command === 'snapshot-dumpxml')
      return {
        stdout: `<domainsnapshot>${this.snapshotXml.get(option('snapshotname')) ?? ''}</domainsnapshot>`,
      };
    if (command === 'snapshot-create-as') this.snapshots.set(domain, [...names, option('name')]);
    else {
      const name = option('snapshotname');
      if (!names.includes(name)) return refused(`Domain snapshot not found: '${name}'`);
      if (command === 'snapshot-delete')
        this.snapshots.set(
          domain,
          names.filter((known) => known !== name),
        );
    }
    return {};
  }
}

function volumeXml(path: string, name: string, volume: FakeVolume): string {
  const { capacity, format, backing, changed, content } = volume;
  const below = backing === undefined ? '' : `<backingStore><path>${backing}</path></backingStore>`;
  const times = `<timestamps><mtime>${changed}.5</mtime></timestamps>`;
  return `<volume><name>${name}</name><capacity>${capacity}</capacity><allocation>0</allocation>
<physical>${content?.length ?? 0}</physical>
<target><path>${path}</path><format type='${format}'/>${times}</target>${below}</volume>\n`;
}
