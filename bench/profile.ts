/**
 * Says what the pieces of a first boot cost: `make bench PROFILE=1`. Boots guests once with an executable whose programs
 * note down what they and the programs that they start use (src/machine/runtime/marks.ts), and prints for each guest the
 * largest pieces, then all in their order. To note down a piece costs nobody anything in the figures, but time.
 *
 * `node packaging/run-ts.mjs bench/profile.ts GUEST...` takes these guests, after `PROFILE=1 node packaging/build.mjs
 * dist/profile`.
 */
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MARKS_FILE } from '../src/machine/runtime/marks.ts';
import type { Guest } from '../test/guest/guest.ts';
import { installPrerequisites } from '../test/guest/prerequisites.ts';
import { instructionsOf, ranNoProcess } from './accounting.ts';
import { attach, rest } from './attach-disks.ts';
import { BENCH_GUESTS, type BenchGuest, benchImages, bootBenchGuest } from './bench-guests.ts';
import { keepDiskSlice } from './disk-slice.ts';
import { type Piece, parseMarks, renderPieces } from './pieces.ts';

/** gandi-metadata starts nothing but in guests with such a service. */
const SERVICES = ['gandi-bootstrap', 'gandi-metadata', 'gandi-mount', 'gandi-config', 'gandi-postboot'];
const BOOT_SECONDS = 600;

const executable = fileURLToPath(new URL('../dist/profile/gandi', import.meta.url));

const names = process.argv.slice(2);
const guests = BENCH_GUESTS.filter((guest) =>
  names.length === 0 ? guest === 'toolkit' : names.includes(guest),
);
if (guests.length < names.length) throw new Error(`guests are ${BENCH_GUESTS.join(', ')}`);

/** What the units used beside what the programs noted: launchers, conditions, and systemd's part. */
async function besides(pieces: readonly Piece[], used: readonly number[]): Promise<Piece[]> {
  const noted = pieces.reduce((sum, { all }) => sum + all, 0);
  const value = used.reduce((sum, one) => sum + one, 0) / 1000 - noted;
  return [{ name: 'end of the processes, and shells that start none', own: 0, all: Math.round(value) }];
}

/** The pieces of attaching a disk, the second time in a row, as bench/measures/disks.ts measures it. */
async function attachPieces(guest: Guest): Promise<Piece[]> {
  const count = Number(process.env.PROFILE_DISKS ?? 1);
  await keepDiskSlice(guest);
  const { attached } = await attach(guest, 1);
  for (const one of attached) await guest.detach(one);
  await rest(guest);
  await guest.output(`rm -f ${MARKS_FILE}`);
  const { costs } = await attach(guest, count);
  const pieces = parseMarks(await guest.output(`cat ${MARKS_FILE}`));
  const noted = pieces.reduce((sum, { all }) => sum + all, 0);
  return [...pieces, { name: 'end', own: 0, all: Math.round(costs.units / 1000 - noted) }];
}

async function profile(name: BenchGuest, folder: string): Promise<string> {
  const overlay = join(folder, 'overlay');
  await mkdir(join(overlay, 'usr/lib/gandi'), { recursive: true });
  await cp(executable, join(overlay, 'usr/lib/gandi/gandi'));
  const images = await benchImages([name], [overlay]);
  const { guest, end } = await bootBenchGuest(name, images, join(folder, name));
  try {
    const state = await guest.waitForBoot(BOOT_SECONDS);
    if (state !== 'running') throw new Error(`${name}: the boot ended in the state "${state}"`);
    if (name.startsWith('disks')) return renderPieces(name, await attachPieces(guest));
    // Before another program leaves marks.
    const pieces = parseMarks(await guest.output(`cat ${MARKS_FILE}`));
    const status = await guest.output('gandi-guest status --wait');
    if (!status.startsWith('configured')) throw new Error(`the guest was not configured: ${status}`);
    const used: number[] = [];
    for (const service of SERVICES) {
      const unit = `${service}.service`;
      used.push((await ranNoProcess(guest, unit)) ? 0 : await instructionsOf(guest, unit));
    }
    return renderPieces(name, [...pieces, ...(await besides(pieces, used))]);
  } finally {
    await end();
  }
}

await installPrerequisites();
const folder = await mkdtemp(join(tmpdir(), 'gandi-guest-profile-'));
try {
  for (const guest of guests) process.stdout.write(await profile(guest, join(folder, guest)));
} finally {
  await rm(folder, { recursive: true });
}
