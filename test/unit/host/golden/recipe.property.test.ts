import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseImageInfo } from '../../../../src/host/golden/inspect-image.ts';
import {
  checkGoldenName,
  parsePackages,
  parseRecipe,
  type Recipe,
  recipeDigest,
  versionFiles,
} from '../../../../src/host/golden/recipe.ts';
import { updateOrder } from '../../../../src/host/golden/update-order.ts';
import { prunable, rolledBack, withState, withVersion } from '../../../../src/host/golden/versions.ts';
import type { GoldenRecord } from '../../../../src/host/record/host-record.ts';
import { backingFiles, childrenOfFile, type Reference } from '../../../../src/host/record/references.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';

const runs = { numRuns: PROPERTY_RUNS };
const recipe: Recipe = {
  base: { kind: 'nothing', suite: 'bookworm' },
  packages: ['git', 'make'],
  remove: [],
  sources: [],
};

describe('a recipe', () => {
  it('has one digest, whatever the order of its packages, and another one for any other content', () => {
    expect(recipeDigest({ ...recipe, packages: ['make', 'git'] })).toBe(recipeDigest(recipe));
    const others: Partial<Recipe>[] = [
      { packages: ['git'] },
      { remove: ['git'] },
      { sources: ['deb http://x y z'] },
      { script: 'true' },
      { base: { kind: 'golden', name: 'base@1' } },
    ];
    const digests = others.map((other) => recipeDigest({ ...recipe, ...other }));
    expect(new Set([recipeDigest(recipe), ...digests]).size).toBe(others.length + 1);
  });

  it('is read as it was written; anything else is none', () => {
    const full: Recipe = { ...recipe, script: 'x', toolkit: '/t', check: 'true' };
    expect(parseRecipe(JSON.stringify(full))).toEqual(full);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        parseRecipe(text);
        parseImageInfo(text);
      }),
      runs,
    );
    for (const wrong of [
      '{}',
      'null',
      '[]',
      '{"base":{"kind":"nothing"},"packages":[],"remove":[],"sources":[]}',
    ])
      expect(parseRecipe(wrong)).toBeUndefined();
  });

  it('takes names of packages alone, and names of images that are names of files', () => {
    expect(parsePackages('--packages', ['git make', 'git,curl'])).toEqual(['curl', 'git', 'make']);
    expect(() => parsePackages('--packages', ['--force-yes'])).toThrow('--force-yes');
    expect(() => parsePackages('--packages', ['a;b'])).toThrow('a;b');
    expect(checkGoldenName('base-12.1')).toBe('base-12.1');
    for (const name of ['', '../x', '-c', 'a b', 'a@1', 'a/b', `a${'b'.repeat(63)}`])
      expect(() => checkGoldenName(name)).toThrow('golden image');
  });
});

const empty: GoldenRecord = {
  uuid: 'u',
  role: 'golden',
  state: 'ready',
  created: '',
  maker: { host: 'h', boot: 'b', pid: 1 },
  pool: 'gandi',
  next: 1,
  versions: [],
  recipe: '{}',
};
const version = { state: 'untested', created: '', disk: 'd', capacity: 1 } as const;

describe('versions', () => {
  it('never use a number again, and one that was ready once can be gone back to', () => {
    const step = fc.constantFrom('ready', 'failed', 'remove-first');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        let record = empty;
        const used = new Set<number>();
        for (const what of steps) {
          if (what === 'remove-first') record = { ...record, versions: record.versions.slice(1) };
          else {
            const number = record.next;
            expect(used.has(number)).toBe(false);
            used.add(number);
            record = withState(
              withVersion(record, { ...version, number, disk: versionFiles('a', number).disk }),
              number,
              what,
            );
            if (what === 'ready') expect(record.current).toBe(number);
            else expect(record.current).not.toBe(number);
          }
        }
        const pruned = prunable(record, 2, () => false);
        expect(pruned.some(({ number }) => number === record.current)).toBe(false);
        const left = record.versions.filter((one) => !pruned.includes(one) && one.number !== record.current);
        expect(left.length).toBeLessThanOrEqual(1);
        expect(left.every(({ state }) => state === 'ready')).toBe(true);
        expect(prunable(record, 1, () => true)).toEqual([]);
      }),
      runs,
    );
  });

  it('are gone back to one by one, and only to those of which a guest came up', () => {
    let record = empty;
    for (const state of ['ready', 'failed', 'ready'] as const) {
      record = withState(withVersion(record, { ...version, number: record.next }), record.next, state);
    }
    expect(record.current).toBe(3);
    const back = rolledBack(record, 'base');
    expect(back.current).toBe(1);
    expect(back.versions).toEqual(record.versions);
    expect(rolledBack(back, 'base', 3).current).toBe(3);
    expect(() => rolledBack(back, 'base')).toThrow('no older version');
    expect(() => rolledBack(back, 'base', 2)).toThrow('no version 2');
    expect(prunable(record, 1, () => false).map(({ number }) => number)).toEqual([1, 2]);
    expect(prunable(record, 1, ({ number }) => number === 1).map(({ number }) => number)).toEqual([2]);
    expect(prunable(record, 5, () => false).map(({ number }) => number)).toEqual([2]);
  });
});

describe('children of an image', () => {
  it('are found by any form of a backing name', () => {
    const image = '/pool/child.qcow2';
    expect(backingFiles('base.qcow2', image)).toEqual(['/pool/base.qcow2']);
    expect(backingFiles('../other/base.qcow2', image)).toEqual(['/other/base.qcow2']);
    expect(backingFiles('/x/base.qcow2', image)).toEqual(['/x/base.qcow2']);
    expect(backingFiles('file:///x/base.qcow2', image)).toEqual(['/x/base.qcow2']);
    const json = { driver: 'qcow2', file: { driver: 'file', filename: 'base.qcow2' } };
    expect(backingFiles(`json:${JSON.stringify(json)}`, image)).toEqual(['/pool/base.qcow2']);
    expect(backingFiles('json:{"file.filename":"/x/b"}', image)).toEqual(['/x/b']);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map((text) => `json:${text}`),
        ),
        (name) => {
          for (const file of backingFiles(name, image)) expect(file.startsWith('/')).toBe(true);
        },
      ),
      runs,
    );
  });

  it('are those of their children as well, and a circle ends', () => {
    const volume = (path: string, ...files: string[]): Reference => ({
      child: { what: `volume ${path}`, path },
      files,
    });
    const references = [
      volume('/b', '/a'),
      volume('/c', '/b'),
      volume('/a', '/c'),
      volume('/x', '/y'),
      { child: { what: 'domain web', uuid: 'u' }, files: ['/c'] },
    ];
    const names = (file: string) => childrenOfFile(file, references).map(({ what }) => what);
    expect(names('/a').sort()).toEqual(['domain web', 'volume /a', 'volume /b', 'volume /c']);
    expect(names('/y')).toEqual(['volume /x']);
    expect(names('/nobody')).toEqual([]);
  });
});

describe('the order of updates', () => {
  it('has each image once, behind its parent', () => {
    const images = fc
      .array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 12 })), { maxLength: 10 })
      .map((pairs) =>
        [...new Map(pairs)].map(([name, parent]) => ({ name: `i${name}`, parent: `i${parent}` })),
      );
    fc.assert(
      fc.property(images, (all) => {
        const order = updateOrder(all, undefined, false);
        expect([...order].sort()).toEqual(all.map(({ name }) => name).sort());
        const parentOf = new Map(all.map(({ name, parent }) => [name, parent]));
        const isInCircle = (name: string) => {
          let at = parentOf.get(name);
          for (let count = 0; at !== undefined && count < 20; count++, at = parentOf.get(at))
            if (at === name) return true;
          return false;
        };
        for (const { name, parent } of all) {
          if (parentOf.has(parent) && !isInCircle(name))
            expect(order.indexOf(parent)).toBeLessThan(order.indexOf(name));
        }
      }),
      runs,
    );
  });

  it('takes children where they are asked for', () => {
    const images = [
      { name: 'web', parent: 'base' },
      { name: 'base' },
      { name: 'app', parent: 'web' },
      { name: 'db' },
    ];
    expect(updateOrder(images, ['base'], false)).toEqual(['base']);
    expect(updateOrder(images, ['base'], true)).toEqual(['base', 'web', 'app']);
  });
});
