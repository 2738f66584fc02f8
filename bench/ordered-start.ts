/**
 * Starts six guests that need each other, by gandi-host and by libvirt's own libvirt-guests, of which START_DELAY is all that it
 * knows of readiness: `make bench HOST=1`. The guests are those of libvirt's test driver: each takes so long to be ready as
 * GUESTS says, by a file that appears then. What is measured is the waiting, which does not depend on the machine.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { renderTable } from '../src/terminal/table.ts';
import { installPackages, installPrograms } from '../test/guest/prerequisites.ts';
import { TestLibvirt } from '../test/host/test-libvirt.ts';

interface BenchGuest {
  readonly name: string;
  /** From its start until it is ready. */
  readonly seconds: number;
  readonly requires: readonly string[];
}

/** In the order in which somebody would list them by hand. */
const GUESTS: readonly BenchGuest[] = [
  { name: 'dns', seconds: 4, requires: [] },
  { name: 'db', seconds: 8, requires: ['dns'] },
  { name: 'cache', seconds: 4, requires: ['dns'] },
  { name: 'web1', seconds: 6, requires: ['db', 'cache'] },
  { name: 'web2', seconds: 6, requires: ['db', 'cache'] },
  { name: 'proxy', seconds: 4, requires: ['web1', 'web2'] },
];
const SLOWEST = Math.max(...GUESTS.map(({ seconds }) => seconds));
const DELAYS = [SLOWEST, SLOWEST / 2, 0];
const LOOK_MILLISECONDS = 100;
const LIBVIRT_GUESTS = '/usr/lib/libvirt/libvirt-guests.sh';

/** Which nobody can be faster than: each guest starts when those that it requires are ready. */
function leastSeconds(name: string): number {
  const guest = GUESTS.find((one) => one.name === name);
  return guest === undefined ? 0 : guest.seconds + Math.max(0, ...guest.requires.map(leastSeconds));
}

/** Seconds after the beginning at which each guest started, while a command runs; a file of its name appears when it is ready. */
async function startsDuring(libvirt: TestLibvirt, ready: string, work: Promise<unknown>) {
  const begin = performance.now();
  const now = () => (performance.now() - begin) / 1000;
  const starts = new Map<string, number>();
  let isOver = false;
  const over = work.finally(() => {
    isOver = true;
  });
  const isReady = ({ name, seconds }: BenchGuest) =>
    now() >= (starts.get(name) ?? Number.POSITIVE_INFINITY) + seconds;
  while (!isOver || !GUESTS.every(isReady)) {
    const running = (await libvirt.virsh('list', '--name')).split('\n').map((line) => line.trim());
    for (const { name } of GUESTS) if (running.includes(name) && !starts.has(name)) starts.set(name, now());
    for (const guest of GUESTS) if (isReady(guest)) writeFileSync(join(ready, guest.name), '');
    await sleep(LOOK_MILLISECONDS);
  }
  await over;
  return starts;
}

/** What one way of starting came to. */
function row(how: string, starts: ReadonlyMap<string, number>): string[] {
  const readyAt = ({ name, seconds }: BenchGuest) => (starts.get(name) ?? 0) + seconds;
  const early = GUESTS.filter(({ name, requires }) =>
    GUESTS.some(
      (needed) => requires.includes(needed.name) && (starts.get(name) ?? 0) + 0.5 < readyAt(needed),
    ),
  );
  const last = Math.max(...GUESTS.map(readyAt));
  return [how, last.toFixed(1), early.length === 0 ? '-' : early.map(({ name }) => name).join(', ')];
}

async function byGandiHost(libvirt: TestLibvirt, folder: string): Promise<string[]> {
  const ready = join(folder, 'ready');
  mkdirSync(ready);
  const isReady = `command:test -e "${ready}/$1"`;
  await libvirt.newHost(GUESTS.map(({ name }) => ({ name })));
  for (const { name, requires } of GUESTS) {
    const words = ['--ready', isReady, '--priority', '1', '--requires', requires.join(',')];
    const { exitCode, stderr } = await libvirt.host('order', 'set', name, ...words);
    if (exitCode !== 0) throw new Error(stderr);
  }
  const work = libvirt.host('order', 'start').then(({ exitCode, stdout, stderr }) => {
    if (exitCode !== 0) throw new Error(`${stdout}${stderr}`);
  });
  const starts = await startsDuring(libvirt, ready, work);
  rmSync(ready, { recursive: true });
  return row('gandi-host order start', starts);
}

async function byLibvirtGuests(libvirt: TestLibvirt, folder: string, delay: number): Promise<string[]> {
  for (const name of ['lib', 'default', 'lock', 'ready']) mkdirSync(join(folder, name));
  await libvirt.newHost(GUESTS.map(({ name }) => ({ name })));
  const uuids: string[] = [];
  for (const { name } of GUESTS) uuids.push((await libvirt.virsh('domuuid', name)).trim());
  writeFileSync(join(folder, 'lib/libvirt-guests'), `${libvirt.uri} ${uuids.join(' ')}\n`);
  const settings = `URIS='${libvirt.uri}'\nON_BOOT=start\nSTART_DELAY=${delay}\n`;
  writeFileSync(join(folder, 'default/libvirt-guests'), settings);
  // Its files are at fixed places.
  const places = { lib: '/var/lib/libvirt', default: '/etc/default', lock: '/var/lock' };
  const binds = Object.entries(places).map(([name, path]) => `mount --bind "$1/${name}" ${path}`);
  const script = `${binds.join(' && ')} && exec ${LIBVIRT_GUESTS} start`;
  const child = spawn('unshare', ['--mount', 'sh', '-c', script, 'sh', folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const work = once(child, 'exit').then(([status]) => {
    if (status !== 0) throw new Error(`libvirt-guests: exit status ${status}`);
  });
  const starts = await startsDuring(libvirt, join(folder, 'ready'), work);
  for (const name of ['lib', 'default', 'lock', 'ready']) rmSync(join(folder, name), { recursive: true });
  return row(`libvirt-guests, START_DELAY=${delay}`, starts);
}

await installPrograms({ virsh: 'libvirt-clients', libvirtd: 'libvirt-daemon' });
if (!existsSync(LIBVIRT_GUESTS)) await installPackages(['libvirt-daemon-system']);
const libvirt = TestLibvirt.create();
const folder = mkdtempSync(join(tmpdir(), 'gandi-host-bench-'));
try {
  const rows = [await byGandiHost(libvirt, folder)];
  for (const delay of DELAYS) rows.push(await byLibvirtGuests(libvirt, folder, delay));
  const least = Math.max(...GUESTS.map(({ name }) => leastSeconds(name)));
  process.stdout.write(
    `an ordered start of ${GUESTS.length} guests; nobody can have all of them ready before ${least} s\n`,
  );
  process.stdout.write(
    renderTable(['', 'all ready, s', 'started before what they need was ready'], rows, true),
  );
} finally {
  await libvirt.stop();
  rmSync(folder, { recursive: true });
}
