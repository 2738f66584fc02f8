import { OUR_HOSTS_LINE } from '../../identity/host-name.ts';
import type { Trait } from '../../identity/part.ts';
import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import { ensureFile } from '../../plan/ensure-file.ts';
import type { SealPart } from '../part.ts';
import { isThere } from '../walk.ts';

const NAMES = ['/etc/hostname', '/etc/mailname'];
const HOSTS = '/etc/hosts';

/** Deployment, location and the pretty name of one machine (machine-info(5)). */
const MACHINE_INFO = '/etc/machine-info';

const POSTFIX = '/etc/postfix/main.cf';

/** Without our line; a file of ours keeps the lines of the loop back, which every guest has. */
const withoutOurLine = (text: string) =>
  text
    .split('\n')
    .filter((line) => !line.trimEnd().endsWith(OUR_HOSTS_LINE))
    .join('\n');

const nameOf = (files: FileView) => files.readText('/etc/hostname')?.trim() ?? '';

/** The admin's own, which says the name once more. */
function postfixName(files: FileView): Trait[] {
  const name = nameOf(files);
  const [, said] = /^\s*myhostname\s*=\s*(\S+)/m.exec(files.readText(POSTFIX) ?? '') ?? [];
  if (name === '' || said === undefined || said.split('.')[0] !== name.split('.')[0]) return [];
  return [{ path: POSTFIX, severity: 'info', what: 'myhostname is this guest’s name; it stays' }];
}

export const hostName: SealPart = {
  name: 'host-name',
  what: 'host name',
  find: ({ files }) => {
    const named = NAMES.filter((path) => (files.readText(path) ?? '').trim() !== '');
    const hosts = files.readText(HOSTS) ?? '';
    const ours = withoutOurLine(hosts) === hosts ? [] : [HOSTS];
    const info = isThere(files, MACHINE_INFO) ? [MACHINE_INFO] : [];
    const told = [...named, ...ours, ...info].map(
      (path): Trait => ({ path, severity: 'info', what: 'the name of this guest' }),
    );
    return [...told, ...postfixName(files)];
  },
  seal: ({ files }): Change[] => {
    const hosts = files.readText(HOSTS);
    const content = hosts === undefined ? undefined : withoutOurLine(hosts);
    return [
      ...NAMES.filter((path) => (files.readText(path) ?? '') !== '').map(
        (path): Change => ({ kind: 'write-file', path, content: '', mode: 0o644 }),
      ),
      ...(content === undefined || content === hosts
        ? []
        : ensureFile(files, { path: HOSTS, content, mode: 0o644 })),
      ...(isThere(files, MACHINE_INFO) ? [{ kind: 'remove-file', path: MACHINE_INFO } as const] : []),
    ];
  },
};
