import { type FileView, statusBehindLinks } from '../../machine/files/files.ts';
import { reasonOf } from '../../machine/runtime/errors.ts';
import type { NetworkManagerName } from '../../machine/system/facts.ts';
import type { StepContext } from '../../plan/step.ts';
import { digestOf } from '../../state/applied.ts';
import { chosenManager } from './chosen-manager.ts';
import { readIfupdownFiles } from './ifupdown/files.ts';
import { netplanFiles } from './netplan/files.ts';
import { networkFilePaths } from './networkd/files.ts';
import { PROFILE_DIRECTORIES } from './profiles.ts';
import { WRITERS } from './writers.ts';

/** Nobody's configuration of a network is larger. */
const LARGEST_BYTES = 64 * 1024;

/** What a file says; of a link also where it leads, for that may be nowhere. */
function textOf(files: FileView, path: string): readonly unknown[] | undefined {
  const status = statusBehindLinks(files, path);
  const target = files.linkTarget(path);
  if (status?.kind !== 'file') return target === undefined ? undefined : [target];
  const text = status.size > LARGEST_BYTES ? status.size : files.readText(path);
  return target === undefined ? [text] : [target, text];
}

/** Files that netplan makes of its own, anew at each boot. */
const MADE_BY_NETPLAN = /^\/run\/.*\bnetplan-/;

const filesIn = (files: FileView, directory: string) =>
  files.list(directory).map((name) => `${directory}/${name}`);

/** Paths of all files by which a network manager configures interfaces: of one name the first may hide the others. */
function pathsInForce(files: FileView, manager: NetworkManagerName): string[] {
  switch (manager) {
    case 'ifupdown':
      // What lies there unread comes to life with one line.
      return [...new Set([...readIfupdownFiles(files).paths, ...filesIn(files, WRITERS.ifupdown.directory)])];
    case 'systemd-networkd':
      return networkFilePaths(files);
    case 'NetworkManager':
      return PROFILE_DIRECTORIES.flatMap((directory) => filesIn(files, directory));
    case 'netplan': {
      const ofBackends = [
        ...networkFilePaths(files),
        ...PROFILE_DIRECTORIES.flatMap((directory) => filesIn(files, directory)),
      ];
      return [...netplanFiles(files), ...ofBackends.filter((path) => !MADE_BY_NETPLAN.test(path))];
    }
    case 'ifcfg':
    case 'wicked':
      return filesIn(files, WRITERS[manager].directory);
  }
}

/**
 * Digest of all that the network manager reads, wherever it lies and whoever wrote it: a file that is added may take the place
 * of ours, a drop-in or a file below /run as much as one beside it.
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
  const texts = pathsInForce(files, manager)
    .map((path) => [path, textOf(files, path)])
    .filter(([, text]) => text !== undefined);
  return texts.length === 0 ? undefined : digestOf(texts);
}
