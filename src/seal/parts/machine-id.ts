import type { Trait } from '../../identity/part.ts';
import {
  DBUS_MACHINE_ID,
  machineId as identityPart,
  isMountedOver,
  linkDbus,
} from '../../identity/parts/machine-id.ts';
import type { Change } from '../../machine/changes/change.ts';
import { MACHINE_ID_FILE } from '../../machine/files/paths.ts';
import type { SealPart, SealView } from '../part.ts';

/** Each boot with it is a first one, in which systemd applies the presets to all units (machine-id(5)). */
const UNINITIALIZED = 'uninitialized\n';

const wanted = ({ choices }: SealView) => (choices.firstBoot ? UNINITIALIZED : '');

/** What lies below a mount is blank: PID 1 made the ID while the file could not be written. */
const isBlankBelow = ({ files, live }: SealView) => live && isMountedOver(files);

function find(view: SealView): Trait[] {
  const { files } = view;
  const told = (severity: Trait['severity'], what: string): Trait => ({
    path: MACHINE_ID_FILE,
    severity,
    what,
  });
  const text = files.readText(MACHINE_ID_FILE);
  const isId = !isBlankBelow(view);
  const ids = identityPart.find({ files }).filter(({ path }) => path === DBUS_MACHINE_ID || isId);
  if (text === undefined)
    return [...ids, told('error', 'missing: a root that is read-only at first does not boot')];
  if (text.trim() === 'uninitialized' && !view.choices.firstBoot)
    return [...ids, told('warning', 'the next boot turns units on that the admin turned off')];
  return ids;
}

/** D-Bus's comes first: systemd takes the ID from it. */
function seal(view: SealView): Change[] {
  const { files } = view;
  const isDone = isBlankBelow(view) || files.readText(MACHINE_ID_FILE) === wanted(view);
  return [
    ...linkDbus(files),
    ...(isDone
      ? []
      : [{ kind: 'write-file', path: MACHINE_ID_FILE, content: wanted(view), mode: 0o444 } as const]),
  ];
}

/** Last of all parts: until then a boot is one of this guest's. */
export const machineId: SealPart = { name: identityPart.name, what: 'machine ID, and D-Bus’s', find, seal };
