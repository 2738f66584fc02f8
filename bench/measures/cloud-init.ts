import type { Guest } from '../../test/guest/guest.ts';
import type { GuestMeasure, Sample } from '../measure.ts';
import { sumOfUnits } from './sum-of-units.ts';

/** The stages of cloud-init's boot, each a service (cloud-init 22.4, Debian 12). */
const services = ['cloud-init-local', 'cloud-init', 'cloud-config', 'cloud-final'];

const sumOfServices = (guest: Guest) =>
  sumOfUnits(
    guest,
    services.map((name) => `${name}.service`),
  );

function sample(id: string, title: string, value: number): Sample {
  return { id, title, value, unit: 'instructions' };
}

export const firstCloudInit: GuestMeasure = {
  guest: 'cloud-init',
  boot: 1,
  async take(guest) {
    // A figure for work that failed would be worth nothing.
    const shown = await guest.output(
      'cloud-init status; hostname; id -un admin1; ip -4 -o address show dev eth0; swapon --noheadings --show=TYPE',
    );
    for (const part of ['done', 'web1', 'admin1', '92.243.10.20/24', 'partition'])
      if (!shown.includes(part))
        throw new Error(`cloud-init did not configure the guest (${part}): ${shown}`);
    return [sample('cloud-init', 'cloud-init, four services, first boot', await sumOfServices(guest))];
  },
};

export const secondCloudInit: GuestMeasure = {
  guest: 'cloud-init',
  boot: 2,
  take: async (guest) => [
    sample('cloud-init-second', 'cloud-init, four services, nothing new', await sumOfServices(guest)),
  ],
};
