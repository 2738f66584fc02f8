import { describe, expect, it } from 'vitest';
import { type KnownDisk, knownDisk, mountedByUuid } from './data-disks.ts';
import { testRounds } from './disk-rounds.ts';
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

  testRounds(guest, folder, 15);
});
