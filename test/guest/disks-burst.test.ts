import { describe, expect, it } from 'vitest';
import { type KnownDisk, knownDisk, mountedByUuid } from './data-disks.ts';
import type { Attached } from './hot-plug.ts';
import { useGuest } from './use-guest.ts';

const minutes = 60_000;

/**
 * Notes the largest number of processes that our disk units had at a time. By the shell's own means: programs started so
 * often would take the guest's time.
 */
const WATCH = `shopt -s nullglob; exec {pause}<> <(:); most=0; while :; do
  now=0
  for file in /sys/fs/cgroup/system.slice/{gandi-disks.service,system-gandi*/*}/cgroup.procs; do
    mapfile -t processes < "$file" && now=$((now + \${#processes[@]}))
  done
  [ "$now" -gt "$most" ] && { most=$now; echo $most > /run/most; }
  read -t 0.02 -u $pause
done 2> /dev/null`;

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
      const most = Number(await guest.output('cat /run/most && pkill -f /run/watch'));
      expect(most).toBeGreaterThan(0);
      expect(most).toBeLessThanOrEqual(4);
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
});
