import type { RemoveFile } from '../../machine/changes/change.ts';
import type { NetworkManagerName } from '../../machine/system/facts.ts';
import { isOwn } from '../../plan/own-file.ts';
import type { StepContext } from '../../plan/step.ts';
import type { Note } from '../../state/note.ts';
import type { Writer } from '../managers/writer.ts';

/** Files of ours that an earlier configuration gave this interface, other than those named. */
export function staleFiles(
  writer: Writer,
  { files }: StepContext,
  name: string,
  kept: string[],
): RemoveFile[] {
  const own = files.list(writer.directory).filter((file) => writer.ownName.test(file));
  const paths = own.map((file) => `${writer.directory}/${file}`).filter((path) => !kept.includes(path));
  const stale = paths.filter((path) => {
    const text = files.readText(path) ?? '';
    return isOwn(text) && writer.interfaceIn(path, text) === name && !writer.supportFiles.includes(path);
  });
  return stale.map((path) => ({ kind: 'remove-file', path }));
}

export const notStarted = (manager: NetworkManagerName): Note => ({
  level: 'warning',
  text: `${manager} is not running: the address is set when it starts`,
});
