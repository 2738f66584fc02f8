import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import { GRUB_CONFIGURATIONS, grubCommand, isThere, run } from './grub.ts';
import type { XenFinding } from './xen-finding.ts';

/** Whether there is a configuration that Xen's boot loaders could start the guest by. */
export function loaderFindings(files: FileView): XenFinding[] {
  if (GRUB_CONFIGURATIONS.some((path) => isThere(files, path))) return [];
  const command = grubCommand(files);
  const text = 'the boot loader has no configuration that Xen could start the guest by';
  const finding = { level: 'problem', subject: 'boot loader', text } as const;
  if (command === undefined)
    return [{ ...finding, remedy: 'install GRUB (Debian: apt-get install grub-pc)' }];
  const directory = `/boot/${command[0].startsWith('grub2') ? 'grub2' : 'grub'}`;
  const made: Change[] = isThere(files, directory)
    ? []
    : [{ kind: 'make-directory', path: directory, mode: 0o755 }];
  return [
    {
      ...finding,
      remedy: `mkdir -p ${directory} && ${command.join(' ')}`,
      fix: [...made, run(command, "write GRUB's configuration")],
    },
  ];
}
