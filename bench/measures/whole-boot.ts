import type { Guest } from '../../test/guest/guest.ts';
import { instructionsOf } from '../accounting.ts';
import type { BenchGuest } from '../bench-guests.ts';
import type { GuestMeasure } from '../measure.ts';

/** The whole user space: systemd itself and all services, udev and the tests' control shell included. */
async function wholeBoot(guest: Guest): Promise<number> {
  const [manager, services] = await Promise.all([
    instructionsOf(guest, 'init.scope'),
    instructionsOf(guest, 'system.slice'),
  ]);
  return manager + services;
}

function measure(guest: BenchGuest, title: string): GuestMeasure {
  return {
    guest,
    boot: 1,
    take: async (booted) => [
      {
        id: `boot-${guest}`,
        title: `whole first boot, ${title}`,
        value: await wholeBoot(booted),
        unit: 'instructions',
        ...(guest === 'plain' ? {} : { comparedTo: 'boot-plain' }),
      },
    ],
  };
}

export const wholeBoots: readonly GuestMeasure[] = [
  measure('plain', 'without either'),
  measure('toolkit', 'with the toolkit'),
  measure('cloud-init', 'with cloud-init'),
];
