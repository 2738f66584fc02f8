import { writeWithoutWaiting } from '../../machine/devices/write-without-waiting.ts';
import { CONSOLE } from '../places.ts';
import type { ReportChannel } from './channel.ts';

/** Marks a line of ours among those of the kernel and of services. */
const MARK = 'GANDI-REPORT';

/** The guest's console, which most hosts keep in a file. */
export const guestConsole: ReportChannel = {
  name: 'console',
  place: CONSOLE,
  // A line of somebody else's may not have ended.
  tell: (_, line, { files, until }) =>
    writeWithoutWaiting(files.place(CONSOLE), `\r\n${MARK} ${line.trimEnd()}\r\n`, until),
};
