import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { temporaryRoot } from '../temporary-root.ts';

/** Runs a script of packaging with an npm that gives a tarball of its own, as a registry that was changed would. */
function run(script: string, ...args: string[]) {
  const { root } = temporaryRoot({
    '/package/bin/bun': '#!/bin/sh\n',
    '/bin/npm': '#!/bin/sh\ncp "$TARBALL" .\n',
  });
  chmodSync(`${root}/bin/npm`, 0o755);
  chmodSync(`${root}/package/bin/bun`, 0o755);
  const tarball = `${root}/one.tgz`;
  spawnSync('tar', ['-czf', tarball, '-C', root, 'package']);
  const integrity = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
  const cache = `${root}/cache`;
  const env = { PATH: `${root}/bin:/usr/bin:/bin`, TARBALL: tarball, GANDI_GUEST_CACHE: cache, HOME: root };
  const words = args.map((word) => word.replace('CACHE', cache).replace('INTEGRITY', integrity));
  const { status, stderr } = spawnSync(`packaging/${script}`, words, { env, encoding: 'utf8' });
  const installed = existsSync(cache) ? readdirSync(cache) : [];
  return { status, stderr, integrity, installed, root };
}

it('installs the tarball that is known', () => {
  const { status, stderr, root } = run('verified-npm.sh', 'CACHE/it', '@oven/bun@1.0.0', 'INTEGRITY');
  expect(status, stderr).toBe(0);
  expect(readFileSync(`${root}/cache/it/node_modules/@oven/bun/bin/bun`, 'utf8')).toBe('#!/bin/sh\n');
});

it.each([
  ['verified-npm.sh', 'CACHE/it', 'node@1.0.0', 'sha512-other'],
  ['verified-npm.sh', 'CACHE/it', 'node@1.0.0', ''],
  ['target-bun.sh', 'arm64'],
  ['target-bun.sh', 'amd64'],
])('installs no other: %s', (...[script, ...args]) => {
  const { status, stderr, integrity, installed } = run(script ?? '', ...args);
  expect(status).not.toBe(0);
  expect(stderr).toContain(`found ${integrity}, expected `);
  if (script === 'target-bun.sh') expect(stderr).toMatch(/expected sha512-[\w+/]{86}==;/);
  expect(installed).toEqual([]);
});
