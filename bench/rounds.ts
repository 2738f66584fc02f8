/**
 * Attaches and detaches disks in many rounds, with UUIDs that change under labels that do not, and compares where each
 * UUID is with where it is to be: `node packaging/run-ts.mjs bench/rounds.ts [ROUNDS [SEED]]`, after `make build`. 1,000
 * rounds by default, about three seconds each, on a busy machine twenty. Exit status 1 at the first UUID that is not at its path.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type KnownDisk, knownDisk } from '../test/guest/data-disks.ts';
import { overlayDisk } from '../test/guest/disk.ts';
import { Guest } from '../test/guest/guest.ts';
import type { Attached } from '../test/guest/hot-plug.ts';
import { installPrerequisites } from '../test/guest/prerequisites.ts';
import { toolkitImage } from '../test/guest/toolkit.ts';
import { planRounds, type Round } from './round-plan.ts';

const [roundsText = '1000', seedText = '1'] = process.argv.slice(2);
const [rounds, seed] = [Number(roundsText), Number(seedText)];
if (![rounds, seed].every((one) => Number.isSafeInteger(one) && one > 0))
  throw new Error('usage: bench/rounds.ts [ROUNDS [SEED]]');

/** For how long disks may take to come or go, in seconds: what is to be seen is where they are, on a busy machine too. */
const DEADLINE = 300;

/** SCSI targets that the disks have in turn; the root disk has another. */
const [FIRST_TARGET, TARGETS, ROOT_TARGET] = [1, 200, 250];

/** Waits in the guest for so many mounts, then prints the UUID that each has on its disk, and its path. */
const listMounts = (count: number) => `SECONDS=0
  until [ "$(grep -c ' /srv/' /proc/self/mountinfo)" = ${count} ]; do
    [ $SECONDS -lt ${DEADLINE} ] || break; sleep 0.1
  done
  findmnt --raw --noheadings --output SOURCE,TARGET | grep ' /srv/' | while read -r source target; do
    echo "$(blkid -p -s UUID -o value "$source") $target"
  done`;

/** In a run that is at work something may still be mounted, and a directory may be left for a moment. */
const listDirectories = (count: number) => `SECONDS=0
  until [ "$(ls /srv | wc -l)" = ${count} ]; do [ $SECONDS -lt ${DEADLINE} ] || break; sleep 0.1; done; ls /srv`;

const lines = (text: string) => text.split('\n').filter((line) => line !== '');

/** Disks as files, and where they are attached. */
class Rounds {
  readonly #disks = new Map<number, KnownDisk>();
  readonly #attached = new Map<number, Attached>();
  #target = 0;

  constructor(
    private readonly guest: Guest,
    private readonly folder: string,
  ) {}

  async #disk(number: number, label: string): Promise<KnownDisk> {
    const known = this.#disks.get(number);
    if (known !== undefined) return known;
    const made = await knownDisk(this.folder, `disk${number}`, { mebibytes: 4, label });
    this.#disks.set(number, made);
    return made;
  }

  /** @throws an Error that says what is not at its path */
  async take({ come, go, names }: Round): Promise<void> {
    for (const { number, label } of come) {
      const disk = await this.#disk(number, label);
      const scsiId = FIRST_TARGET + (this.#target++ % TARGETS);
      this.#attached.set(number, await this.guest.attachDisk({ disk, scsiId }));
    }
    const expected = [...names].map(([number, name]) => `${this.#disks.get(number)?.uuid} /srv/${name}`);
    this.#compare(lines(await this.guest.output(listMounts(names.size))), expected);
    for (const { number } of go) {
      const attached = this.#attached.get(number);
      if (attached !== undefined) await this.guest.detach(attached);
      this.#attached.delete(number);
    }
    const staying = [...names].filter(([number]) => this.#attached.has(number)).map(([, name]) => name);
    this.#compare(lines(await this.guest.output(listDirectories(staying.length))), staying);
  }

  #compare(found: readonly string[], expected: readonly string[]): void {
    if (isDeepStrictEqual(found.toSorted(), expected.toSorted())) return;
    throw new Error(`expected:\n${expected.join('\n')}\nfound:\n${found.join('\n')}`);
  }
}

await installPrerequisites();
const folder = await mkdtemp(join(tmpdir(), 'gandi-guest-rounds-'));
const image = await toolkitImage();
const root = await overlayDisk(image, join(folder, 'root.qcow2'));
const guest = await Guest.boot({ name: 'rounds', image, disks: [{ disk: root, scsiId: ROOT_TARGET }] });
const begin = performance.now();
let [done, disks] = [0, 0];
try {
  await guest.waitForBoot();
  const all = new Rounds(guest, folder);
  for (const round of planRounds(rounds, seed)) {
    await all.take(round);
    disks += round.come.length;
    if (++done % 50 === 0) process.stdout.write(`${done} rounds, ${disks} disks attached\n`);
  }
  const failed = await guest.output('systemctl --failed --plain --no-legend');
  if (failed !== '') throw new Error(`units failed:\n${failed}`);
  const seconds = Math.round((performance.now() - begin) / 1000);
  process.stdout.write(`${done} rounds: each UUID was at its path, ${disks} disks, ${seconds} s\n`);
} catch (error) {
  const list = await guest.run('gandi-mount list; journalctl -b -o cat -t gandi-mount | tail -20');
  throw new Error(`round ${done + 1} of seed ${seed}: ${String(error)}\n${list.stdout}`);
} finally {
  await guest.powerCut();
  await rm(folder, { recursive: true });
}
