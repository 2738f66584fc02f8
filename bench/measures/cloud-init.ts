import type { Guest } from '../../test/guest/guest.ts';
import type { BenchGuest } from '../bench-guests.ts';
import type { GuestMeasure, Sample } from '../measure.ts';
import { sumOfUnits } from './sum-of-units.ts';

/** The stages of cloud-init's boot, each a service (cloud-init 22.4, Debian 12). */
const services = ['cloud-init-local', 'cloud-init', 'cloud-config', 'cloud-final'];

const sumOfServices = (guest: Guest) =>
  sumOfUnits(
    guest,
    services.map((name) => `${name}.service`),
  );

/** A guest with cloud-init, and what its configuration is in. */
interface Row {
  readonly guest: BenchGuest;
  readonly suffix: string;
  /** What the guest shows once it is configured. */
  readonly parts: readonly string[];
}

const PARTS = ['done', 'web1', 'admin1', '92.243.10.20/24'];

const ROWS: readonly Row[] = [
  { guest: 'cloud-init', suffix: '', parts: [...PARTS, 'partition'] },
  { guest: 'cloud-init-nocloud', suffix: ', NoCloud CD', parts: PARTS },
];

const idOf = (id: string, { guest }: Row) => (guest === 'cloud-init' ? id : `${id}-nocloud`);

async function take(guest: Guest, row: Row, id: string, when: string): Promise<Sample[]> {
  const title = `cloud-init, four services, ${when}${row.suffix}`;
  return [{ id: idOf(id, row), title, value: await sumOfServices(guest), unit: 'instructions' }];
}

async function takeFirst(guest: Guest, row: Row): Promise<Sample[]> {
  // A figure for work that failed would be worth nothing.
  const shown = await guest.output(
    'cloud-init status; hostname; id -un admin1; ip -4 -o address show dev eth0; swapon --noheadings --show=TYPE',
  );
  for (const part of row.parts)
    if (!shown.includes(part)) throw new Error(`cloud-init did not configure the guest (${part}): ${shown}`);
  return take(guest, row, 'cloud-init', 'first boot');
}

export const firstCloudInit: readonly GuestMeasure[] = ROWS.map((row) => ({
  guest: row.guest,
  boot: 1,
  take: (guest) => takeFirst(guest, row),
}));

export const secondCloudInit: readonly GuestMeasure[] = ROWS.map((row) => ({
  guest: row.guest,
  boot: 2,
  take: (guest) => take(guest, row, 'cloud-init-second', 'nothing new'),
}));
