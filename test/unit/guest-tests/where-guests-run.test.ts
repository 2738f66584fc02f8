import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);

it('CONTRIBUTING.md says of each file of guest tests why its guest is no disposable one, or it is one', () => {
  const rows = readFileSync(new URL('CONTRIBUTING.md', root), 'utf8').matchAll(/^\| `([\w.-]+)` \| \S/gm);
  const files = readdirSync(new URL('test/guest', root))
    .filter((name) => name.endsWith('.test.ts') && !name.endsWith('.disposable.test.ts'))
    .map((name) => name.replace(/\.test\.ts$/, ''));
  expect([...rows].map(([, name]) => name).sort()).toEqual(files.sort());
});
