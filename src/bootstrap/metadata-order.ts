import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { METADATA_NETWORK, METADATA_ORDER } from '../machine/files/paths.ts';
import type { HostConfiguration } from '../metadata/guest-config.ts';

/** Files that have a unit of its own ask a service of the network; empty, so that an unchanged boot can leave them, too. */
export const METADATA_MARKS = [METADATA_ORDER, METADATA_NETWORK];

/** Leaves, or takes back, the order to ask the service of the network that the host may have. */
export function orderMetadata(files: FileView, { awaited }: HostConfiguration): Change[] {
  const wanted = awaited === undefined ? [] : awaited.needsAddress ? METADATA_MARKS : [METADATA_ORDER];
  return METADATA_MARKS.flatMap((path): Change[] => {
    const isThere = files.status(path) !== undefined;
    if (isThere === wanted.includes(path)) return [];
    return isThere
      ? [{ kind: 'remove-file', path }]
      : [{ kind: 'write-file', path, content: '', mode: 0o644, thisBootOnly: true }];
  });
}
