import type { Plan } from '../../plan/step.ts';
import type { AppliedInterface } from '../../state/applied.ts';

/** What is to be done for an interface to have its addresses. */
export interface AddressPlan extends Plan {
  /** What it is given by that; absent: nothing is known of that. */
  record?: AppliedInterface;
}
