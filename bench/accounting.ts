import type { Guest } from '../test/guest/guest.ts';

/**
 * The CPU time that a unit has used so far, or had used when it ended: all of its processes, their children and the
 * kernel's work for them. Where instructions are counted (QEMU's `-icount shift=0`) each takes one nanosecond of the
 * guest's clock, so this is their number.
 */
export async function instructionsOf(guest: Guest, unit: string): Promise<number> {
  const shown = await guest.output(`systemctl show --value -p CPUUsageNSec '${unit}'`);
  const value = Number(shown);
  // 2^64-1 stands for "not counted" (systemd, src/core/dbus-cgroup.c).
  if (!Number.isSafeInteger(value) || value <= 0)
    throw new Error(`${unit}: systemd shows no CPU time (it shows "${shown}")`);
  return value;
}

/** Whether systemd passed over a unit in this boot because of its conditions, before it started any process. */
export async function ranNoProcess(guest: Guest, unit: string): Promise<boolean> {
  const shown = await guest.output(
    `systemctl show -p ConditionResult,ExecMainStartTimestampMonotonic '${unit}' | sort`,
  );
  return shown === 'ConditionResult=no\nExecMainStartTimestampMonotonic=0';
}

/**
 * Runs a command as a unit of its own.
 *
 * @param command - an absolute path and arguments, as a shell takes them.
 * @throws when it fails.
 */
export async function instructionsOfCommand(guest: Guest, command: string): Promise<number> {
  const unit = 'measured.service';
  // What ran stays active: only so can its figures be asked for.
  const properties = '-p Type=oneshot -p RemainAfterExit=yes -p CPUAccounting=yes';
  await guest.output(`systemd-run --quiet --unit=${unit} ${properties} ${command}`);
  const instructions = await instructionsOf(guest, unit);
  await guest.output(`systemctl stop ${unit}`);
  return instructions;
}
