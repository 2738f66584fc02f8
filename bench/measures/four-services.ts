import type { Guest } from '../../test/guest/guest.ts';
import { instructionsOf, ranNoProcess } from '../accounting.ts';
import type { BenchGuest } from '../bench-guests.ts';
import { type GuestMeasure, giga, type Sample } from '../measure.ts';
import { sumOfUnits } from './sum-of-units.ts';

export const postBoot = 'gandi-postboot.service';
export const services = ['gandi-bootstrap.service', 'gandi-mount.service', 'gandi-config.service'];

/** A guest whose services are measured together, each with a script of the host's, which does nothing. */
interface Row {
  readonly guest: BenchGuest;
  /** After the title; none for the guest of a seed disk with root on a whole disk. */
  readonly suffix: string;
  /** The most of the first boot, where that is measured, and of one with nothing new, where that is. */
  readonly first?: Pick<Sample, 'atMost' | 'comparedTo' | 'atMostPart'>;
  readonly second?: number;
}

/** What they do is what the seed disk asks for, but swap and kernel modules, by user-data: cloudConfig() of source-disks.ts. */
const BY_USER_DATA = { atMost: 0.55 * giga };

/** Of a fresh image in a partition: an empty machine ID. */
const FRESH = { first: { atMost: 0.4 * giga }, second: 0.07 * giga };

/** Cloud-init is to take at least so many times more. */
const CLOUD_INIT_TIMES = 14;

const ROWS: readonly Row[] = [
  { guest: 'toolkit', suffix: '', first: { atMost: 0.487 * giga }, second: 0.28 * giga },
  {
    guest: 'toolkit-trixie',
    suffix: ', Debian 13',
    first: { comparedTo: 'cloud-init-13', atMostPart: 1 / CLOUD_INIT_TIMES },
  },
  { guest: 'partitioned', suffix: ', root in a GPT partition, fresh image with SSH host keys', ...FRESH },
  { guest: 'partitioned-nocloud', suffix: ', NoCloud CD, root in a GPT partition', ...FRESH },
  // What keys cost is chance: primes are looked for.
  { guest: 'fresh', suffix: ', root in a GPT partition, fresh image', second: FRESH.second },
  { guest: 'nocloud', suffix: ', NoCloud CD', first: BY_USER_DATA, second: 0.08 * giga },
  { guest: 'configdrive', suffix: ', ConfigDrive', first: BY_USER_DATA, second: 0.08 * giga },
  // The host is asked at each boot, so that the program starts.
  { guest: 'smartos', suffix: ', SmartOS host', first: { atMost: 0.65 * giga }, second: 0.18 * giga },
  { guest: 'cpio', suffix: ', CPIO disk', first: { atMost: 0.537 * giga }, second: 0.08 * giga },
];

const idOf = (id: string, { guest }: Row) => (guest === 'toolkit' ? id : `${id}-${guest}`);

/** With that of the seed disk; this one and that of the NoCloud CD are beside cloud-init, which does the same. */
const beside = ({ guest }: Row, id: string, other: string) => ({
  comparedTo: guest === 'toolkit' ? other : guest === 'nocloud' ? `${other}-nocloud` : id,
});

/** A figure for work that failed, or for another work, would be worth nothing. */
async function expectStatus(guest: Guest, expected: string): Promise<void> {
  const status = await guest.output('gandi-guest status --wait');
  if (!status.startsWith(expected)) throw new Error(`the guest is not ${expected}: ${status}`);
}

async function takeFirst(guest: Guest, row: Row): Promise<Sample[]> {
  await expectStatus(guest, 'configured');
  if (row.first === undefined) return [];
  return [
    {
      id: idOf('services-first', row),
      title: `all four services, first boot${row.suffix}`,
      value: await sumOfUnits(guest, [...services, postBoot]),
      unit: 'instructions',
      ...beside(row, 'services-first', 'cloud-init'),
      ...row.first,
    },
  ];
}

/** Without work gandi-postboot.service must not start a process at all. */
async function takeSecond(guest: Guest, row: Row & { second: number }): Promise<Sample[]> {
  await expectStatus(guest, 'unchanged');
  const idle = await ranNoProcess(guest, postBoot);
  const ofPostBoot = idle ? 0 : await instructionsOf(guest, postBoot);
  return [
    {
      id: idOf('postboot-second', row),
      title: `${postBoot}, nothing to do${row.suffix}`,
      value: ofPostBoot,
      unit: 'instructions',
      atMost: 0,
    },
    {
      id: idOf('services-second', row),
      title: `all four services, nothing new${row.suffix}`,
      value: (await sumOfUnits(guest, services)) + ofPostBoot,
      unit: 'instructions',
      atMost: row.second,
      ...beside(row, 'services-second', 'cloud-init-second'),
    },
  ];
}

export const firstServices: readonly GuestMeasure[] = ROWS.map((row) => ({
  guest: row.guest,
  boot: 1,
  take: (guest) => takeFirst(guest, row),
}));

export const secondServices: readonly GuestMeasure[] = ROWS.flatMap(({ second, ...row }): GuestMeasure[] => {
  if (second === undefined) return [];
  return [{ guest: row.guest, boot: 2, take: (guest) => takeSecond(guest, { ...row, second }) }];
});
