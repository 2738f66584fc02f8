import type { Guest } from '../test/guest/guest.ts';
import type { GuestFile } from '../test/guest/image.ts';

/** What a host asks for that wants no more of its guest than that it is off again. */
export const EMPTY_OPERATOR_SCRIPT = '#!/bin/sh\n';

/** The same as users of cloud-init have it: a script of each boot, behind all services, that ends it. */
export const perBootScript: Readonly<Record<string, GuestFile>> = {
  '/var/lib/cloud/scripts/per-boot/empty': { text: '#!/bin/sh\nsystemctl poweroff\n', mode: 0o755 },
};

const LOGIN_FILE = '/run/bench-login';

/**
 * Prints what the CPU did since the kernel's start, in hundredths of a second: proc_uptime(5), less the idle time and the
 * time of waiting for disks, which proc_stat(5) counts apart.
 */
const printUsed = `read -r up _ < /proc/uptime
read -r _ _ _ _ idle waiting _ < /proc/stat
echo "BENCH-USED $((\${up%.*}\${up#*.} - idle - waiting))"
`;

/**
 * What has a guest of one CPU tell what it has used when it asks for a login, and when it is off: the last programs that run
 * are those of systemd-shutdown(8).
 */
export const usedFiles: Readonly<Record<string, GuestFile>> = {
  '/usr/lib/systemd/system-shutdown/bench': {
    text: `#!/bin/sh\n{ ${printUsed}} > /dev/console\n`,
    mode: 0o755,
  },
  '/usr/local/lib/bench-login': { text: `#!/bin/sh\n{ ${printUsed}} > ${LOGIN_FILE}\n`, mode: 0o755 },
  '/etc/systemd/system/serial-getty@ttyS0.service.d/bench.conf':
    '[Service]\nExecStartPre=/usr/local/lib/bench-login\n',
};

/** Where instructions are counted each takes a nanosecond of the guest's clock. */
const INSTRUCTIONS_A_HUNDREDTH = 10_000_000;

function instructionsIn(text: string, what: string): number {
  const value = Number(/BENCH-USED (\d+)/.exec(text)?.[1]) * INSTRUCTIONS_A_HUNDREDTH;
  if (!(value > 0)) throw new Error(`${what} has not told what it used: ${text}`);
  return value;
}

/** What a guest with `usedFiles` used from its kernel's start until it was off, the kernel's own work among it. */
export const untilOff = (guest: Guest) => instructionsIn(guest.console(), 'a guest that is off');

/** The same until it asked for a login. */
export const untilLogin = async (guest: Guest) =>
  instructionsIn(await guest.output(`cat ${LOGIN_FILE}`), 'a guest with a login');
