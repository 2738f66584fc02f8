import { hasParts, isAbsentOr, isText, isTrue } from '../../machine/formats/shape.ts';
import type { Problem } from '../guest-config.ts';

/** What was wrong with a field of a stored configuration or report. */
export const isProblem = hasParts<Problem>({
  group: isText,
  path: isText,
  found: isText,
  expected: isText,
  isWarning: isAbsentOr(isTrue),
});
