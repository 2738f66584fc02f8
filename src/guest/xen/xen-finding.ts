import type { Change } from '../../machine/changes/change.ts';
import type { Finding } from '../doctor/finding.ts';

/** A finding of the move to Xen, with the changes that would set it right where that can be done safely. */
export interface XenFinding extends Finding {
  fix?: Change[];
}
