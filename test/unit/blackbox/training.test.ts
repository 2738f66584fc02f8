import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { train } from '../../../packaging/training.mjs';
import { freshPath } from './program.ts';

const executable = fileURLToPath(new URL('../../../dist/gandi', import.meta.url));
const isRoot = process.getuid?.() === 0;

/** Every directory that tells of a machine: its programs, its settings, its devices. */
const EMPTY = ['/sys', '/run', '/etc/default', '/etc/systemd', '/usr/sbin', '/usr/share', '/home', '/boot'];

/**
 * The orders that the training runs of a build leave.
 * @param surroundings a command that gets the executable and its arguments, and runs it somewhere else
 */
async function orders(surroundings = ''): Promise<string[]> {
  const place = freshPath('training');
  const folder = join(place, 'folder');
  mkdirSync(folder, { recursive: true });
  const program = join(place, 'program');
  // Its own copy: another user may not reach the repository.
  copyFileSync(executable, join(place, 'gandi'));
  const path = 'PATH=/usr/bin:/bin:/usr/sbin:/sbin';
  writeFileSync(program, `#!/bin/sh\n${path}\nexec ${surroundings} '${place}/gandi' "$@"\n`, { mode: 0o755 });
  for (const directory of [place, dirname(place), dirname(dirname(place))]) chmodSync(directory, 0o755);
  chmodSync(folder, 0o777);
  return (await train('gandi', program, folder)).map((file) => readFileSync(file, 'utf8'));
}

// The executable is only there where Bun is made for this machine's architecture.
describe.runIf(existsSync(executable))('packaging/training.mjs', () => {
  let here: string[];
  beforeAll(async () => {
    here = await orders();
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('tells of each program', () => {
    const counts = here.map((order) => order.split('\n').filter((line) => line.startsWith('F')));
    const [seed, mount, config, bootstrap, version] = counts.map((lines) => lines.length);
    for (const count of [seed, mount, config, bootstrap])
      expect(count).toBeGreaterThan(Number(version) + 100);
  });

  it('is the same whatever the environment says', async () => {
    const tools = freshPath('tools');
    mkdirSync(tools);
    writeFileSync(join(tools, 'sfdisk'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const environment = { LANG: 'de_DE.UTF-8', TZ: 'Asia/Tokyo', COLUMNS: '20', NO_COLOR: '1', HOME: tools };
    const gandi = { GANDI_LOG: 'debug', CONFIG_NETWORK: '0', BUN_OPTIONS: '--smol', BUN_JSC_useJIT: '0' };
    for (const [name, value] of Object.entries({ ...environment, ...gandi, PATH: tools }))
      vi.stubEnv(name, value);
    expect(await orders()).toEqual(here);
  });

  it.runIf(isRoot)('is the same for another user, on another machine', async () => {
    const empty = EMPTY.map((directory) => `[ ! -d ${directory} ] || mount -t tmpfs empty ${directory}`);
    const another = `unshare --mount --uts sh -c '${empty.join(';')}; hostname another; exec "$@"' sh`;
    const user = 'setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs';
    expect(await orders(`${another} ${user} taskset --cpu-list 0`)).toEqual(here);
  });
});
