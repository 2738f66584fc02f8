import type { FileView } from '../../machine/files/files.ts';
import { reasonOf } from '../../machine/runtime/errors.ts';
import type { NetworkManagerName } from '../../machine/system/facts.ts';
import type { StepContext } from '../../plan/step.ts';
import { digestOf } from '../../state/applied.ts';
import { chosenManager } from './chosen-manager.ts';
import { INTERFACES_FILE } from './ifupdown-files.ts';
import { WRITERS } from './writers.ts';

/** Nobody's configuration of a network is larger. */
const LARGEST_BYTES = 64 * 1024;

function textOf(files: FileView, path: string): string | number | undefined {
  const status = files.status(path);
  if (status?.kind === 'link') return files.linkTarget(path);
  if (status?.kind !== 'file') return undefined;
  return status.size > LARGEST_BYTES ? status.size : files.readText(path);
}

/**
 * Digest of all that lies where the network manager has files of ours, whoever wrote it: a file that an admin adds there may
 * take the place of ours.
 * @returns undefined where there is no manager, or nothing
 */
export function filesInForce(context: Pick<StepContext, 'files' | 'settings' | 'facts'>): string | undefined {
  const manager = chosenManager(context);
  if (manager === undefined) return undefined;
  try {
    return digestOfFiles(context.files, manager);
  } catch (error) {
    // The step that writes there tells of it; the host's script is not to wait for an admin.
    return digestOf(reasonOf(error));
  }
}

function digestOfFiles(files: FileView, manager: NetworkManagerName): string | undefined {
  const { directory } = WRITERS[manager];
  const listed = files.list(directory).map((name) => `${directory}/${name}`);
  const paths = [...(manager === 'ifupdown' ? [INTERFACES_FILE] : []), ...listed];
  const texts = paths.map((path) => [path, textOf(files, path)]).filter(([, text]) => text !== undefined);
  return texts.length === 0 ? undefined : digestOf(texts);
}
