import { instructionsOf } from '../accounting.ts';
import { type GuestMeasure, giga } from '../measure.ts';

const unit = 'gandi-bootstrap.service';

/** All that a first boot does: archive, swap, modules, name, users, resolver, network, kernel values, root grown. */
export const firstBootstrap: GuestMeasure = {
  guest: 'toolkit',
  boot: 1,
  async take(guest) {
    const value = await instructionsOf(guest, unit);
    // A figure for work that failed would be worth nothing.
    const status = await guest.output('gandi-guest status --wait');
    if (!status.startsWith('configured')) throw new Error(`the guest was not configured: ${status}`);
    const title = 'gandi-bootstrap.service, first boot';
    const why = '0.079 G are the start of the runtime, 0.076 G the programs that it calls';
    const target = { atMost: 0.25 * giga, comparedTo: 'cloud-init', why };
    return [{ id: 'bootstrap-first', title, value, unit: 'instructions', ...target }];
  },
};

export const secondBootstrap: GuestMeasure = {
  guest: 'toolkit',
  boot: 2,
  async take(guest) {
    const value = await instructionsOf(guest, unit);
    const status = await guest.output('gandi-guest status --wait');
    if (!status.startsWith('unchanged')) throw new Error(`a second boot found something to do: ${status}`);
    const title = 'gandi-bootstrap.service, nothing new';
    const target = { atMost: 0.1 * giga, comparedTo: 'cloud-init-second' };
    return [{ id: 'bootstrap-second', title, value, unit: 'instructions', ...target }];
  },
};
