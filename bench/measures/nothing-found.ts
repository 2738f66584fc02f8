import { instructionsOf, ranNoProcess } from '../accounting.ts';
import type { GuestMeasure } from '../measure.ts';
import { postBoot, services } from './four-services.ts';
import { sumOfUnits } from './sum-of-units.ts';

/**
 * The services of a guest whose host says nothing, in which every source that could be there was looked for. Each boot of such a
 * guest looks again: a host may have something to say later.
 */
export const nothingFound: GuestMeasure = {
  guest: 'disks',
  boot: 1,
  async take(guest) {
    // A figure of a guest that was configured would be another one's.
    const status = await guest.output('gandi-guest status --wait');
    if (!status.includes('from no configuration found'))
      throw new Error(`a host has said something: ${status}`);
    const ofPostBoot = (await ranNoProcess(guest, postBoot)) ? 0 : await instructionsOf(guest, postBoot);
    return [
      {
        id: 'services-nothing',
        title: 'all four services, first boot, nothing found',
        value: (await sumOfUnits(guest, services)) + ofPostBoot,
        unit: 'instructions',
      },
    ];
  },
};
