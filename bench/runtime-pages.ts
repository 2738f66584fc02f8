/**
 * Lists which pages of the runtime first boots touch, for packaging/read-ahead.mjs: `make build`, then
 * `node packaging/run-ts.mjs bench/runtime-pages.ts`. Each version of Bun needs it anew. Boots guests in which the kernel reads
 * nothing ahead, asks which pages of the executable are in memory then, and writes packaging/runtime-pages. What lies behind
 * the runtime is our own bundle, of which each build has another.
 */
import { mkdir, mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Guest } from '../test/guest/guest.ts';
import { installPrerequisites } from '../test/guest/prerequisites.ts';
import { builtProgram } from '../test/guest/toolkit.ts';
import { type BenchGuest, benchImages, bootBenchGuest } from './bench-guests.ts';

const GUESTS: readonly BenchGuest[] = ['partitioned', 'partitioned-nocloud'];
const BOOT_SECONDS = 600;
const PAGE_BYTES = 4096;
/** A request to the disk costs about as much as to read so many pages for nothing. */
const GAP_PAGES = 2;

const PACKAGE = 'bun-linux-x64-baseline';
const project = new URL('..', import.meta.url);
const list = fileURLToPath(new URL(`packaging/runtime-pages/${PACKAGE}.txt`, project));

const NO_READ_AHEAD = `[Unit]
DefaultDependencies=no
Before=gandi-bootstrap.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'for file in /sys/block/sd*/queue/read_ahead_kb; do echo 0 > $file; done; rm -f /usr/lib/gandi/gandi-read-ahead'
`;

/** Prints the numbers of the pages that are in memory, by mmap(2) and mincore(2): Debian has a Perl in each guest. */
const SHOW_PAGES = `perl -e '
  open my $file, "<", "/usr/lib/gandi/gandi" or die;
  my ($bytes, $read, $shared) = (-s $file, 1, 1);
  my $at = syscall 9, 0, $bytes, $read, $shared, fileno $file, 0;
  my $pages = "\\0" x (($bytes + ${PAGE_BYTES - 1}) / ${PAGE_BYTES});
  syscall(27, $at, $bytes, $pages) == 0 or die;
  my @in_memory = unpack "C*", $pages;
  print join " ", grep { $in_memory[$_] & 1 } 0..$#in_memory'`;

/** Where our bundle begins: the section .bun (System V gABI, chapter 4: section headers of 64 bits). */
async function bundleOffset(program: string): Promise<number> {
  const file = await open(program);
  try {
    const read = async (from: number, length: number) =>
      (await file.read(Buffer.alloc(length), 0, length, from)).buffer;
    const header = await read(0, 64);
    const [size, count, names] = [58, 60, 62].map((at) => header.readUInt16LE(at)) as [
      number,
      number,
      number,
    ];
    const table = await read(Number(header.readBigUInt64LE(40)), size * count);
    const sections = Array.from({ length: count }, (_, index) =>
      table.subarray(index * size, (index + 1) * size),
    );
    const place = (section: Buffer) => Number(section.readBigUInt64LE(24));
    const texts = sections[names];
    if (texts === undefined) throw new Error(`${program} has no names of sections`);
    const text = await read(place(texts), Number(texts.readBigUInt64LE(32)));
    const bundle = sections.find((one) => text.toString('latin1', one.readUInt32LE(0)).startsWith('.bun\0'));
    if (bundle === undefined) throw new Error(`${program} has no section .bun`);
    return place(bundle);
  } finally {
    await file.close();
  }
}

async function touchedPages(guest: Guest): Promise<number[]> {
  const state = await guest.waitForBoot(BOOT_SECONDS);
  if (state !== 'running') throw new Error(`the boot ended in the state "${state}"`);
  return (await guest.output(SHOW_PAGES)).split(' ').map(Number);
}

/** Ranges of pages, with what lies between them where that is little. */
function ranges(pages: readonly number[]): { first: number; last: number }[] {
  const found: { first: number; last: number }[] = [];
  for (const page of pages.toSorted((one, other) => one - other)) {
    const before = found.at(-1);
    if (before !== undefined && page <= before.last + 1 + GAP_PAGES) before.last = page;
    else found.push({ first: page, last: page });
  }
  return found;
}

await installPrerequisites();
const folder = await mkdtemp(join(tmpdir(), 'gandi-guest-pages-'));
try {
  const overlay = join(folder, 'overlay');
  const units = join(overlay, 'usr/lib/systemd/system');
  await mkdir(join(units, 'sysinit.target.wants'), { recursive: true });
  await writeFile(join(units, 'no-read-ahead.service'), NO_READ_AHEAD);
  await symlink('../no-read-ahead.service', join(units, 'sysinit.target.wants/no-read-ahead.service'));
  const images = await benchImages(GUESTS, [overlay]);
  const end = (await bundleOffset(builtProgram)) / PAGE_BYTES;
  const pages = new Set<number>();
  for (const name of GUESTS) {
    const booted = await bootBenchGuest(name, images, join(folder, name));
    try {
      for (const page of await touchedPages(booted.guest)) if (page < Math.floor(end)) pages.add(page);
    } finally {
      await booted.end();
    }
  }
  const { version } = JSON.parse(
    await readFile(new URL(`node_modules/@oven/${PACKAGE}/package.json`, project), 'utf8'),
  );
  const lines = ranges([...pages]).map(({ first, last }) => `${first} ${last - first + 1}\n`);
  await writeFile(list, `# ${PACKAGE} ${version}\n${lines.join('')}`);
  process.stdout.write(`${list}: ${pages.size} pages in ${lines.length} ranges\n`);
} finally {
  await rm(folder, { recursive: true });
}
