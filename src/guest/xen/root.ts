import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import { KVM_NAME, uuids } from './device-names.ts';
import {
  addArgument,
  changeDefault,
  defaultFiles,
  ENTRIES,
  entryFiles,
  entryText,
  GRUB_CONFIGURATIONS,
  GRUB_DEFAULT,
  grubCommand,
  run,
  withoutComments,
} from './grub.ts';
import type { XenFinding } from './xen-finding.ts';

const ROOT_ARGUMENT = /\broot=(\/dev\/[^\s"']+)/;
const UUID_DISABLED = /^\s*GRUB_DISABLE_LINUX_UUID=["']?true\b.*$/m;

/** What would have the kernel find root by its UUID, for each place where its arguments come from. */
function rootFix(files: FileView, path: string, device: string): Change[] | undefined {
  const uuid = uuids(files).get(device);
  const command = grubCommand(files);
  if (uuid === undefined) return undefined;
  if (path.startsWith(ENTRIES)) return addArgument(files, `root=UUID=${uuid}`, 'find root by its UUID');
  if (command === undefined) return undefined;
  const text = files.readText(path) ?? '';
  if (GRUB_CONFIGURATIONS.includes(path)) {
    const settings = files.readText(GRUB_DEFAULT) ?? '';
    if (!UUID_DISABLED.test(settings)) return [run(command, "write GRUB's configuration")];
    return changeDefault(files, GRUB_DEFAULT, settings.replace(UUID_DISABLED, '#$&'), command);
  }
  return changeDefault(files, path, text.replaceAll(`root=${device}`, `root=UUID=${uuid}`), command);
}

/** Whether the kernel is told to find root by a name that it does not have under Xen. */
export function rootFindings(files: FileView): XenFinding[] {
  const paths = [...defaultFiles(files), ...GRUB_CONFIGURATIONS, ...entryFiles(files)];
  return paths.flatMap((path): XenFinding[] => {
    const text = path.startsWith(ENTRIES) ? entryText(files, path) : (files.readText(path) ?? '');
    const [, device = ''] = ROOT_ARGUMENT.exec(withoutComments(text)) ?? [];
    if (!KVM_NAME.test(device)) return [];
    const fix = rootFix(files, path, device);
    return [
      {
        level: 'problem',
        subject: path,
        text: `the kernel is told to find root at ${device}, which has another name under Xen`,
        remedy: `give root=UUID=… (GRUB_DISABLE_LINUX_UUID must not be true in ${GRUB_DEFAULT})`,
        ...(fix === undefined ? {} : { fix }),
      },
    ];
  });
}
