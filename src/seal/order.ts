import { parseJsonObject } from '../machine/changes/json-file.ts';
import type { FileView } from '../machine/files/files.ts';
import { RUNTIME_DIRECTORY } from '../machine/files/paths.ts';
import { textsOf } from '../machine/formats/shape.ts';
import type { SealChoices } from './part.ts';

/** What the shutdown that is to come seals; gone with this boot. */
export const SEAL_ORDER = `${RUNTIME_DIRECTORY}/seal.json`;

const isChosen = (value: unknown) => value === true;

/** What the admin chose for the shutdown; undefined where nothing was ordered, or the order cannot be read. */
export function readOrder(files: Pick<FileView, 'readText'>): SealChoices | undefined {
  const order = parseJsonObject(files.readText(SEAL_ORDER));
  if (order === undefined) return undefined;
  return {
    keep: textsOf(order.keep),
    allUsers: isChosen(order.allUsers),
    firstBoot: isChosen(order.firstBoot),
    registrations: isChosen(order.registrations),
    userCrontabs: isChosen(order.userCrontabs),
    zero: isChosen(order.zero),
    fsUuids: isChosen(order.fsUuids),
  };
}
