import { instructionsOf } from '../accounting.ts';
import { type GuestMeasure, giga } from '../measure.ts';

const unit = 'gandi-metadata.service';

/** The run that asks a metadata service, of an instance with two interfaces. */
const measure = (
  boot: 1 | 2,
  does: string,
  expected: RegExp,
  target: { atMost: number; why?: string },
): GuestMeasure => ({
  guest: 'ec2',
  boot,
  async take(guest) {
    const value = await instructionsOf(guest, unit);
    // A figure for work that failed, or was not done, would be worth nothing.
    const status = await guest.output('gandi-guest status --wait');
    if (!expected.test(status)) throw new Error(`the service was not heard as it should be: ${status}`);
    const id = boot === 1 ? 'metadata-first' : 'metadata-second';
    return [{ id, title: `${unit}, EC2, ${does}`, value, unit: 'instructions', ...target }];
  },
});

export const firstMetadata = measure(1, 'first boot', /gandi-metadata: configured/, { atMost: 0.2 * giga });

export const secondMetadata = measure(2, 'nothing new', /gandi-metadata: unchanged/, { atMost: 0.2 * giga });
