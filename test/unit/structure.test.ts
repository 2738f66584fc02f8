import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const sources = fileURLToPath(new URL('../../src/', import.meta.url));

/** What several sources use; a source of Gandi's format has it in its own room. */
const BELOW_SOURCES = [
  'machine/runtime',
  'machine/formats',
  'machine/files',
  'machine/commands',
  'machine/devices',
  'machine/system',
  'machine/network',
  'machine/settings',
  'machine/facts',
  'machine/changes',
  'metadata',
  'metadata/stored',
  'metadata/fields',
  'metadata/network-config',
  'metadata/user-data',
  'metadata/gandi',
  'metadata/openstack',
];

/** The rooms of the sources, each of which needs no more than a line in src/metadata/sources.ts. */
const SOURCE_ROOMS = [
  ...readFileSync(posix.join(sources, 'metadata/sources.ts'), 'utf8').matchAll(
    / from '\.\/([\w-]+)\/source\.ts'/g,
  ),
]
  .map(([, room = '']) => `metadata/${room}`)
  .filter((room) => !BELOW_SOURCES.includes(room));

/**
 * The rooms of src from the ground up: a file imports from its own room and from those before it. A room that is not
 * listed here does not exist, so that a new one gets its place on purpose.
 */
const ROOMS = [
  ...BELOW_SOURCES,
  ...SOURCE_ROOMS,
  'sources',
  'state',
  'host-report',
  'terminal',
  'plan',
  'boot-record',
  'identity',
  'network',
  'accounts',
  'storage',
  'verify',
  'seal',
  'bootstrap',
  'config',
  'postboot',
  'mount/run',
  'mount/disks',
  'mount/mounts',
  'mount/holders',
  'mount/checks',
  'mount/attach',
  'mount/eject',
  'mount/autofs',
  'mount/serve',
  'mount',
  'guest',
  'mdata',
  'host/commands',
  'host/libvirt',
  'host/context',
  'host/config',
  'host/record',
  'host/channel',
  'host/guest',
  'host/golden',
  'host/run',
  'host/cleanup',
  'host/export',
  'host/order',
  'host/doctor',
  'host',
  'main',
];

/** None of them imports another: what two need is in a room below. */
const PROGRAMS = ['bootstrap', 'config', 'postboot', 'mount', 'guest', 'mdata', 'host'];

/** Rooms that have rooms of their own. */
const HOUSES = ['machine', 'metadata', 'mount', 'host'];

/** Files that know every source, and so stand above the rooms of the sources. */
const OF_SOURCES = [
  'sources',
  'allowed-sources',
  'what-counts',
  'look',
  'choose',
  'ask-services',
  'same-answers',
].map((name) => `metadata/${name}.ts`);

function roomOf(path: string): string {
  if (OF_SOURCES.includes(path)) return 'sources';
  const [first = '', second = ''] = path.split('/');
  if (!path.includes('/')) return 'main';
  return HOUSES.includes(first) && path.split('/').length > 2 ? `${first}/${second}` : first;
}

/** Static and dynamic imports, exports from elsewhere and `typeof import(…)`. */
const IMPORT = /(?:\bfrom\s*|\bimport\s*\(\s*|\bimport\s+)'(\.[^']+)'/g;

/** What each file of src imports of src, by path. */
function importsOf(): Map<string, string[]> {
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.ts$/.test(path),
  );
  return new Map(
    files.map((path) => {
      const text = readFileSync(posix.join(sources, path), 'utf8');
      const imported = [...text.matchAll(IMPORT)].map(([, to = '']) => posix.join(posix.dirname(path), to));
      return [path, imported];
    }),
  );
}

const imports = importsOf();
const arrows = [...imports].flatMap(([from, all]) =>
  all.map((to) => ({ from, to, text: `${from} imports ${to}` })),
);

/** Files on a way that leads back to itself; empty if there is none. */
function circle(): string[] {
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (path: string): string[] => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return [];
    way.push(path);
    for (const next of imports.get(path) ?? []) {
      const found = visit(next);
      if (found.length > 0) return found;
    }
    way.pop();
    done.add(path);
    return [];
  };
  for (const path of imports.keys()) {
    const found = visit(path);
    if (found.length > 0) return found;
  }
  return [];
}

describe('the rooms of src', () => {
  it('are all known', () => {
    expect([...new Set([...imports.keys()].map(roomOf))].filter((room) => !ROOMS.includes(room))).toEqual([]);
    expect(arrows.length).toBeGreaterThan(imports.size);
  });

  it('have no import that points up', () => {
    const level = (path: string) => ROOMS.indexOf(roomOf(path));
    expect(arrows.filter(({ from, to }) => level(to) > level(from)).map(({ text }) => text)).toEqual([]);
  });

  it.each([
    ['program', PROGRAMS],
    ['source', SOURCE_ROOMS],
  ])('have no import from one %s to another', (_, rooms) => {
    expect(rooms.length).toBeGreaterThan(5);
    const roomAmong = (path: string) => rooms.find((name) => path.startsWith(`${name}/`));
    const across = arrows.filter(({ from, to }) => {
      const [one, other] = [roomAmong(from), roomAmong(to)];
      return one !== undefined && other !== undefined && one !== other;
    });
    expect(across.map(({ text }) => text)).toEqual([]);
  });

  it('have no imports in a circle', () => {
    expect(circle()).toEqual([]);
  });
});
