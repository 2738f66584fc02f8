import type { FileView } from '../../machine/files/files.ts';
import {
  addArgument,
  argumentCommand,
  changeDefault,
  defaultFiles,
  ENTRIES,
  entryFiles,
  entryText,
  GRUB_DEFAULT,
  grubCommand,
  withoutComments,
} from './grub.ts';
import type { XenFinding } from './xen-finding.ts';

const XEN_CONSOLE = 'console=hvc0';

/** /etc/default/grub with Xen's console added to the kernel's arguments. */
export function addXenConsole(text: string): string {
  const line = /^(GRUB_CMDLINE_LINUX=)(["']?)(.*?)\2[ \t]*$/m;
  if (!line.test(text)) return `${text.replace(/\n?$/, '\n')}GRUB_CMDLINE_LINUX="${XEN_CONSOLE}"\n`;
  return text.replace(line, (_, name: string, quote: string, value: string) => {
    const mark = quote || '"';
    return `${name}${mark}${`${value} ${XEN_CONSOLE}`.trim()}${mark}`;
  });
}

/** Whether the kernel's messages and a login appear where Xen shows a guest's console. */
export function consoleFindings(files: FileView): XenFinding[] {
  const text = "the kernel does not use Xen's console";
  const entries = entryFiles(files).filter((path) => !entryText(files, path).includes(XEN_CONSOLE));
  const fix = addArgument(files, XEN_CONSOLE, "use Xen's console");
  const ofEntries: XenFinding[] =
    entries.length === 0
      ? []
      : [
          {
            level: 'warning',
            subject: ENTRIES,
            text,
            remedy: argumentCommand(XEN_CONSOLE).join(' '),
            ...(fix === undefined ? {} : { fix }),
          },
        ];
  const own = files.readText(GRUB_DEFAULT);
  const command = grubCommand(files);
  if (own === undefined || command === undefined) return ofEntries;
  const known = defaultFiles(files).some((path) =>
    withoutComments(files.readText(path) ?? '').includes(XEN_CONSOLE),
  );
  if (known) return ofEntries;
  return [
    {
      level: 'warning',
      subject: GRUB_DEFAULT,
      text,
      remedy: `add ${XEN_CONSOLE} to GRUB_CMDLINE_LINUX and run ${command[0]}`,
      fix: changeDefault(files, GRUB_DEFAULT, addXenConsole(own), command),
    },
    ...ofEntries,
  ];
}
