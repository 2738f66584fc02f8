import type { Guest } from '../../test/guest/guest.ts';
import { instructionsOf, ranNoProcess } from '../accounting.ts';
import { type GuestMeasure, giga } from '../measure.ts';

const postBoot = 'gandi-postboot.service';
const services = ['gandi-bootstrap.service', 'gandi-mount.service', 'gandi-config.service'];

async function sumOf(guest: Guest, units: readonly string[]): Promise<number> {
  const used = await Promise.all(units.map((unit) => instructionsOf(guest, unit)));
  return used.reduce((sum, instructions) => sum + instructions, 0);
}

/** With a script of the host's, which does nothing. */
export const firstServices: GuestMeasure = {
  guest: 'toolkit',
  boot: 1,
  take: async (guest) => [
    {
      id: 'services-first',
      title: 'all four services, first boot',
      value: await sumOf(guest, [...services, postBoot]),
      unit: 'instructions',
      atMost: 0.5 * giga,
      comparedTo: 'cloud-init',
    },
  ],
};

/** Without work gandi-postboot.service must not start a process at all. */
export const secondServices: GuestMeasure = {
  guest: 'toolkit',
  boot: 2,
  async take(guest) {
    const idle = await ranNoProcess(guest, postBoot);
    const ofPostBoot = idle ? 0 : await instructionsOf(guest, postBoot);
    return [
      {
        id: 'postboot-second',
        title: `${postBoot}, nothing to do`,
        value: ofPostBoot,
        unit: 'instructions',
        atMost: 0,
      },
      {
        id: 'services-second',
        title: 'all four services, nothing new',
        value: (await sumOf(guest, services)) + ofPostBoot,
        unit: 'instructions',
        atMost: 0.28 * giga,
        comparedTo: 'cloud-init-second',
      },
    ];
  },
};
