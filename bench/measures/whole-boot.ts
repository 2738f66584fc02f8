import type { Guest } from '../../test/guest/guest.ts';
import type { BenchGuest } from '../bench-guests.ts';
import { type GuestMeasure, giga, type Sample } from '../measure.ts';
import { sumOfUnits } from './sum-of-units.ts';

/** The whole user space: systemd itself and all services, udev and the tests' control shell included. */
const wholeBoot = (guest: Guest) => sumOfUnits(guest, ['init.scope', 'system.slice']);

function measure(
  guest: BenchGuest,
  title: string,
  plain: BenchGuest = 'plain',
  target: Pick<Sample, 'atMostBeyond'> = {},
): GuestMeasure {
  return {
    guest,
    boot: 1,
    take: async (booted) => [
      {
        id: `boot-${guest}`,
        title: `whole first boot, ${title}`,
        value: await wholeBoot(booted),
        unit: 'instructions',
        ...(guest === plain ? {} : { comparedTo: `boot-${plain}` }),
        ...target,
      },
    ],
  };
}

export const wholeBoots: readonly GuestMeasure[] = [
  measure('plain', 'without either'),
  measure('plain-configured', 'without either, its network and swap set up by hand'),
  measure('toolkit', 'with the toolkit', 'plain', { atMostBeyond: giga }),
  measure('cloud-init', 'with cloud-init'),
  measure('plain-trixie', 'Debian 13 without either', 'plain-trixie'),
  measure('toolkit-trixie', 'Debian 13 with the toolkit', 'plain-trixie', { atMostBeyond: giga }),
  measure('cloud-init-trixie', 'Debian 13 with cloud-init', 'plain-trixie'),
];
