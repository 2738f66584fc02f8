import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import { ensureFile } from '../../plan/ensure-file.ts';

export const GRUB_DEFAULT = '/etc/default/grub';
export const GRUB_CONFIGURATIONS = ['/boot/grub/grub.cfg', '/boot/grub2/grub.cfg', '/boot/grub/menu.lst'];
/** One file a kernel, with its arguments, where GRUB's configuration has none (Boot Loader Specification). */
export const ENTRIES = '/boot/loader/entries';
const GRUB_SECONDS = 120;

export const isThere = (files: FileView, path: string) => files.status(path) !== undefined;

export const run = (argv: [string, ...string[]], why: string): Change => ({
  kind: 'run-command',
  argv,
  timeoutSeconds: GRUB_SECONDS,
  why,
});

/** The command that writes GRUB's configuration from /etc/default/grub; undefined where there is none. */
export function grubCommand(files: FileView): [string, ...string[]] | undefined {
  if (isThere(files, '/usr/sbin/update-grub')) return ['update-grub'];
  if (isThere(files, '/usr/sbin/grub2-mkconfig')) return ['grub2-mkconfig', '-o', '/boot/grub2/grub.cfg'];
  if (isThere(files, '/usr/bin/grub-mkconfig')) return ['grub-mkconfig', '-o', '/boot/grub/grub.cfg'];
  return undefined;
}

/** The settings of GRUB, which later files add to (Debian, Ubuntu). */
export const defaultFiles = (files: FileView) => [
  GRUB_DEFAULT,
  ...files
    .list('/etc/default/grub.d')
    .filter((name) => name.endsWith('.cfg'))
    .map((name) => `/etc/default/grub.d/${name}`),
];

export const entryFiles = (files: FileView) =>
  files
    .list(ENTRIES)
    .filter((name) => name.endsWith('.conf') && !name.includes('rescue'))
    .map((name) => `${ENTRIES}/${name}`);

/** The command by which all kernels that have an entry get one more argument. */
export const argumentCommand = (argument: string): [string, ...string[]] => [
  'grubby',
  '--update-kernel=ALL',
  `--args=${argument}`,
];

/** Gives all kernels that have an entry one more argument; undefined where the command for that is not there. */
export const addArgument = (files: FileView, argument: string, why: string): Change[] | undefined =>
  isThere(files, '/usr/sbin/grubby') ? [run(argumentCommand(argument), why)] : undefined;

/** A text without its comments. */
export const withoutComments = (text: string) => text.replaceAll(/^\s*#.*$/gm, '');

/** The text of an entry with the arguments that it takes from GRUB's environment (Red Hat Enterprise Linux 8). */
export function entryText(files: FileView, path: string): string {
  const text = files.readText(path) ?? '';
  return text.includes('$kernelopts') ? `${text}${files.readText('/boot/grub2/grubenv') ?? ''}` : text;
}

/** Gives a file of GRUB's settings another content, and puts it into effect. */
export function changeDefault(
  files: FileView,
  path: string,
  content: string,
  command: [string, ...string[]],
): Change[] {
  const changes = ensureFile(files, { path, content, mode: 0o644, backup: 'dated' });
  return [...changes, run(command, "write GRUB's configuration")];
}
