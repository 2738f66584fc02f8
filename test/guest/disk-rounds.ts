import { expect, it } from 'vitest';
import { type KnownDisk, knownDisk } from './data-disks.ts';
import type { Guest } from './guest.ts';

const minutes = 60_000;

/** Waits in the guest, for at most 60 s: asking again from outside takes longer than what is waited for. */
const UNTIL = 'SECONDS=0; until';
const PAUSE = '[ $SECONDS -lt 60 ] || exit 1; sleep 0.1';

/** Disks that come and go one after the other, each at the place of another one before it. */
export function testRounds(guest: Guest, folder: string, rounds: number): void {
  it(
    `has the right file system at the right path in ${rounds} rounds of attach and detach`,
    async () => {
      const disks: KnownDisk[] = [];
      for (let number = 0; number < rounds; number++) {
        disks.push(await knownDisk(folder, `round${number}`, { mebibytes: 4, label: `round${number % 3}` }));
      }
      for (const [round, disk] of disks.entries()) {
        const path = `/srv/round${round % 3}`;
        const attached = await guest.attachDisk({ disk, scsiId: 200 });
        const mounted = `${UNTIL} grep -q ' ${path} ' /proc/self/mountinfo; do ${PAUSE}; done`;
        const uuid = `blkid -p -s UUID -o value $(findmnt -no SOURCE ${path})`;
        expect(await guest.output(`${mounted}; ${uuid}`)).toBe(disk.uuid);
        // The run that mounted it may still be at work on it.
        await guest.detach(attached);
        await guest.output(`${UNTIL} ! grep -q ' /srv/' /proc/self/mountinfo; do ${PAUSE}; done`);
      }
      await guest.waitFor('[ -z "$(ls /srv)" ]', 60);
    },
    10 * minutes,
  );
}
