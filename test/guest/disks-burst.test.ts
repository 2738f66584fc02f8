import { describe, expect, it } from 'vitest';
import { type KnownDisk, knownDisk, mountedByUuid } from './data-disks.ts';
import type { Attached } from './hot-plug.ts';
import { useGuest } from './use-guest.ts';

const minutes = 60_000;

/** Notes the largest number of processes that our disk units had at a time. */
const WATCH = `most=0; while :; do
  now=$(cat /sys/fs/cgroup/system.slice/gandi-disks.service/cgroup.procs /sys/fs/cgroup/system.slice/system-gandi*/*/cgroup.procs 2>/dev/null | wc -l)
  [ "$now" -gt "$most" ] && { most=$now; echo $most > /run/most; }
  sleep 0.05
done`;

/** Waits in the guest, for at most 60 s: asking again from outside takes longer than what is waited for. */
const UNTIL = 'SECONDS=0; until';
const PAUSE = '[ $SECONDS -lt 60 ] || exit 1; sleep 0.1';

describe('many disks', () => {
  const { guest, folder } = useGuest('burst', { root: { scsiId: 100 } });

  it(
    'serves 24 disks that come at once with few processes, and cleans up when they go at once',
    async () => {
      await guest.output('cat > /run/watch; (setsid bash /run/watch > /dev/null 2>&1 &)', { input: WATCH });
      const disks: KnownDisk[] = [];
      for (let number = 0; number < 24; number++) {
        disks.push(await knownDisk(folder, `many${number}`, { mebibytes: 16, label: `many${number}` }));
      }
      const attached: Attached[] = [];
      for (const disk of disks) attached.push(await guest.attachDisk({ disk }));
      await guest.waitFor('[ "$(findmnt -rn | grep -c /srv/many)" = 24 ]', 120);
      const places = await mountedByUuid(guest);
      for (const [number, { uuid }] of disks.entries()) expect(places.get(uuid)).toBe(`/srv/many${number}`);
      expect(Number(await guest.output('cat /run/most'))).toBeLessThanOrEqual(4);
      for (const one of attached) await guest.detach(one);
      await guest.waitFor('! findmnt -rn | grep -q /srv/many && [ -z "$(ls /srv)" ]', 120);
      expect((await guest.run('systemctl --failed --plain --no-legend')).stdout).toBe('');
    },
    10 * minutes,
  );

  it(
    'has the right file system at the right path in 50 rounds of attach and detach',
    async () => {
      const disks: KnownDisk[] = [];
      for (let number = 0; number < 50; number++) {
        disks.push(await knownDisk(folder, `round${number}`, { mebibytes: 4, label: `round${number % 3}` }));
      }
      for (const [round, disk] of disks.entries()) {
        const path = `/srv/round${round % 3}`;
        const attached = await guest.attachDisk({ disk, scsiId: 200 });
        await guest.output(`${UNTIL} grep -q ' ${path} ' /proc/self/mountinfo; do ${PAUSE}; done`);
        expect(await guest.output(`blkid -p -s UUID -o value $(findmnt -no SOURCE ${path})`)).toBe(disk.uuid);
        // The run that mounted it may still be at work on it.
        await guest.detach(attached);
        await guest.output(`${UNTIL} ! grep -q ' /srv/' /proc/self/mountinfo; do ${PAUSE}; done`);
      }
      await guest.waitFor('[ -z "$(ls /srv)" ]', 60);
    },
    10 * minutes,
  );
});
