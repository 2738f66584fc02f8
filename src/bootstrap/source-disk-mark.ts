import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { SOURCE_DISKS_DIRECTORY } from '../machine/files/paths.ts';
import type { HostConfiguration } from '../metadata/guest-config.ts';

/** Of a device its name in /sys. */
const sysName = (node: string) => node.slice('/dev/'.length).replaceAll('/', '!');

/**
 * Notes down which device the configuration was found on, for the condition of gandi-mount.service: gandi-mount leaves it
 * alone, and need not be started to say so. Gandi's own disk has no mark, for it becomes swap, which the condition sees.
 */
export function markSourceDisk(
  files: Pick<FileView, 'list' | 'status'>,
  { state, gandi, place }: Pick<HostConfiguration, 'state' | 'gandi' | 'place'>,
): Change[] {
  const isThere = gandi === undefined && (state === 'new' || state === 'kept');
  const name = isThere && place?.name.startsWith('/dev/') === true ? sysName(place.name) : undefined;
  const marked = files.list(SOURCE_DISKS_DIRECTORY);
  const remove = marked
    .filter((other) => other !== name)
    .map((other): Change => ({ kind: 'remove-file', path: `${SOURCE_DISKS_DIRECTORY}/${other}` }));
  if (name === undefined || marked.includes(name)) return remove;
  const directory: Change[] =
    files.status(SOURCE_DISKS_DIRECTORY) === undefined
      ? [{ kind: 'make-directory', path: SOURCE_DISKS_DIRECTORY, mode: 0o755 }]
      : [];
  const path = `${SOURCE_DISKS_DIRECTORY}/${name}`;
  return [
    ...remove,
    ...directory,
    { kind: 'write-file', path, content: '', mode: 0o644, thisBootOnly: true },
  ];
}
