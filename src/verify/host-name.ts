import type { Asked } from '../state/asked.ts';
import { asAsked, notAsAsked, type Row } from './row.ts';
import type { View } from './view.ts';

/** hostname(5): the first line that is no comment. */
function nameInFile(text: string | undefined): string {
  return (
    (text ?? '')
      .split('\n')
      .find((line) => line.trim() !== '' && !line.startsWith('#'))
      ?.trim() ?? ''
  );
}

/** The kernel's name, and that of the next boot. */
export function compareHostName({ hostName }: Asked, { files }: Pick<View, 'files'>): Row[] {
  if (hostName === undefined) return [];
  const row = (what: string, where: string, name: string) =>
    name === hostName
      ? asAsked(what, hostName)
      : notAsAsked(
          { what, asked: hostName, shown: name || 'none' },
          `${where} has the name ${name || '(none)'}, not ${hostName}`,
        );
  return [
    row('host name', 'the kernel', (files.readText('/proc/sys/kernel/hostname') ?? '').trim()),
    row('host name in /etc/hostname', '/etc/hostname', nameInFile(files.readText('/etc/hostname'))),
  ];
}
