import type { Guest } from '../test/guest/guest.ts';

/** Between two looks, in seconds of the guest's clock, which runs as fast as the machine allows while the guest is idle. */
const LOOK_SECONDS = 5;

/**
 * Waits until systemd has started all that belongs to the boot, and udev has done with all devices.
 *
 * `systemctl is-system-running --wait` has systemd tell it of each change of each unit, which costs a boot up to 0.06 G
 * instructions that nobody else pays; so systemd is only asked now and then. A boot in which nothing waits for udev counts as
 * over while udev still loads drivers, 0.3 G of them, which belong to it nonetheless.
 * @param seconds that the boot may take
 * @returns what systemd says then: `running`, or `degraded` when a unit failed
 */
export async function bootEnd(guest: Guest, seconds: number): Promise<string> {
  const wait = `while sleep ${LOOK_SECONDS}; do
    state=$(systemctl is-system-running)
    case $state in initializing | starting) ;; *) break ;; esac
  done
  udevadm settle
  echo "$state"`;
  return guest.output(wait, { seconds });
}
