import type { Guest } from '../../test/guest/guest.ts';
import { instructionsOf } from '../accounting.ts';
import { type GuestMeasure, giga, type Sample } from '../measure.ts';

/** The part of gandi-config's report that tells whether its work was what is to be measured. */
interface ConfigReport {
  program: string;
  status: string;
  steps: { changes: string[] }[];
}

/** A figure for work that failed, or for another work, would be worth nothing. */
async function measureConfig(guest: Guest, expected: string): Promise<number> {
  const value = await instructionsOf(guest, 'gandi-config.service');
  const { programs }: { programs: ConfigReport[] } = JSON.parse(
    await guest.output('gandi-guest status --wait --json'),
  );
  const report = programs.find(({ program }) => program === 'gandi-config');
  if (report?.status !== expected) throw new Error(`gandi-config is not ${expected} but ${report?.status}`);
  const keys = report.steps.flatMap(({ changes }) => changes).filter((text) => text.includes('ssh-keygen'));
  if (keys.length > 0) throw new Error(`making SSH host keys is not to be counted: ${keys.join('; ')}`);
  return value;
}

const sample = (id: string, boot: string, value: number, atMost: number): Sample[] => [
  { id, title: `gandi-config.service, ${boot}`, value, unit: 'instructions', atMost },
];

/** The image has SSH host keys. */
export const firstConfig: GuestMeasure = {
  guest: 'toolkit',
  boot: 1,
  take: async (guest) =>
    sample('config-first', 'first boot', await measureConfig(guest, 'configured'), 0.2 * giga),
};

export const secondConfig: GuestMeasure = {
  guest: 'toolkit',
  boot: 2,
  take: async (guest) =>
    sample('config-second', 'nothing new', await measureConfig(guest, 'unchanged'), 0.1 * giga),
};
