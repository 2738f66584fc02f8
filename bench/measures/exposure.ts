import type { GuestMeasure, Sample } from '../measure.ts';

const UNITS = ['gandi-bootstrap', 'gandi-mount', 'gandi-config', 'gandi-postboot', 'gandi-disks'];

/**
 * How much of the system each unit could reach, from 0 (nothing) to 10, as `systemd-analyze security` adds it up in the
 * last line that it prints. It does not know what a unit is for: the units say why they are as open as they are.
 */
export const exposure: GuestMeasure = {
  guest: 'memory',
  boot: 1,
  async take(guest) {
    const samples: Sample[] = [];
    for (const unit of UNITS) {
      const shown = await guest.output(`systemd-analyze security --no-pager ${unit}.service | tail -n 1`);
      const value = /: (\d+\.\d+) /.exec(shown)?.[1];
      if (value === undefined) throw new Error(`systemd-analyze says of ${unit}: ${shown}`);
      samples.push({
        id: `exposure-${unit}`,
        title: `exposure of ${unit}.service`,
        value: Number(value),
        unit: 'of 10',
      });
    }
    return samples;
  },
};
