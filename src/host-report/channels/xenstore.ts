import { writeXenstore } from '../../machine/devices/xenbus.ts';
import { XENBUS } from '../places.ts';
import type { ReportChannel } from './channel.ts';

/** Below the domain's own path, where a guest may write (xenstore-paths.pandoc, ~/data). */
const KEY = 'data/gandi/state';

/** Xen's store of small values. */
export const xenstore: ReportChannel = {
  name: 'xenstore',
  place: `XenStore, ${KEY}`,
  tell: (_, line, { files, until }) => writeXenstore(files.place(XENBUS), KEY, line.trimEnd(), until),
};
