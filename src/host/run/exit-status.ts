import { constants } from 'node:os';
import type { CommandEnd } from '../../machine/formats/exec-frames.ts';

/** Of `run` and `exec`, as timeout(1) and shells have them: any other is the command's own. */
export const RUN_EXIT = {
  timedOut: 124,
  ourFailure: 125,
  notExecutable: 126,
  notFound: 127,
  signal: 128,
} as const;

/** @param end undefined: its time was up */
export function runStatus(end: CommandEnd | undefined): number {
  if (end === undefined) return RUN_EXIT.timedOut;
  if (end.status !== undefined) return end.status;
  if (end.signal === undefined) return RUN_EXIT.ourFailure;
  return RUN_EXIT.signal + (constants.signals[end.signal as NodeJS.Signals] ?? 0);
}
