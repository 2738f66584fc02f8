import type { FileView } from './files.ts';

/** Where systemd looks for units (systemd.unit(5)), the admin's first. */
export const UNIT_DIRECTORIES = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];

/** Names of the units that some target wants: by `enable`, by preset, or as they are shipped. */
function wantedUnits(files: FileView): Set<string> {
  // Where /lib is a link both paths are one directory.
  const directories =
    files.linkTarget('/lib') === undefined ? UNIT_DIRECTORIES : UNIT_DIRECTORIES.slice(0, -1);
  const wants = directories.flatMap((directory) =>
    files
      .list(directory)
      .filter((name) => name.endsWith('.wants') || name.endsWith('.requires'))
      .map((name) => `${directory}/${name}`),
  );
  return new Set(wants.flatMap((directory) => files.list(directory)));
}

/** Tells of a unit whether it exists, is not masked, and is wanted. */
export function enabledUnits(files: FileView): (unit: string) => boolean {
  const wanted = wantedUnits(files);
  return (unit) => {
    if (!wanted.has(unit)) return false;
    const candidates = UNIT_DIRECTORIES.map((directory) => `${directory}/${unit}`);
    const path = candidates.find((candidate) => files.status(candidate) !== undefined);
    return path !== undefined && files.linkTarget(path) !== '/dev/null';
  };
}

/** Whether one unit exists, is not masked, and is wanted by some target. */
export function isEnabled(files: FileView, unit: string): boolean {
  return enabledUnits(files)(unit);
}
