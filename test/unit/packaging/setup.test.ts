import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { temporaryRoot } from '../temporary-root.ts';

/** What setup.sh says where the guest has this Node.js, and an npm that fails before it changes anything. */
function setUpWith(version: string): string {
  const { root } = temporaryRoot({
    '/bin/node': `#!/bin/sh\necho ${version}\n`,
    '/bin/npm': '#!/bin/sh\nexit 1\n',
  });
  for (const name of ['node', 'npm']) chmodSync(`${root}/bin/${name}`, 0o755);
  const env = { PATH: `${root}/bin:/usr/bin:/bin`, GANDI_GUEST_CACHE: `${root}/cache`, HOME: root };
  return spawnSync('packaging/setup.sh', ['true'], { env, encoding: 'utf8' }).stderr;
}

describe('packaging/setup.sh', () => {
  it.each([
    ['v18.20.4', false],
    ['v20.0.0', false],
    ['v20.15.1', false],
    ['v20.16.0', true],
    ['v21.7.3', false],
    ['v22.2.0', false],
    ['v22.3.0', true],
    ['v26.1.0', true],
  ])('takes Node.js %s: %s', (version, taken) => {
    const said = setUpWith(version);
    expect(said.includes('Node.js 20.16 or 22.3 or later is missing'), said).toBe(!taken);
  });
});
