import type { GuestMeasure, Sample } from '../measure.ts';

/**
 * How much of the system each unit could reach, from 0 (nothing) to 10, as `systemd-analyze security` adds it up. It
 * does not know what a unit is for: the units say why they are as open as they are.
 */
export const exposure: GuestMeasure = {
  guest: 'toolkit',
  boot: 1,
  async take(guest) {
    const units: { unit: string; exposure: string }[] = JSON.parse(
      await guest.output("systemd-analyze security --no-pager --json=short 'gandi-*.service'"),
    );
    if (units.length === 0) throw new Error('systemd-analyze shows no unit of the toolkit');
    return units.map(
      ({ unit, exposure: value }): Sample => ({
        id: `exposure-${unit}`,
        title: `exposure of ${unit}`,
        value: Number(value),
        unit: 'of 10',
      }),
    );
  },
};
