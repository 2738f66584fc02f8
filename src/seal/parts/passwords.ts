import type { Trait } from '../../identity/part.ts';
import type { Change } from '../../machine/changes/change.ts';
import { ensureFile } from '../../plan/ensure-file.ts';
import type { SealPart, SealView } from '../part.ts';

const SHADOW = '/etc/shadow';
const PASSWD = '/etc/passwd';
const GROUP_SHADOW = '/etc/gshadow';

/** No password is ever this (shadow(5)); an account with it can still be given one, or log in by a key. */
const LOCKED = '!';

/** Whether a field holds a hash, also behind the mark of an account that was locked. */
export const holdsHash = (field: string): boolean => /[^!*]/.test(field) && field !== 'x';

/** What stands in a table of fields, by the name in its first one. */
interface Entry {
  name: string;
  field: string;
}

const entriesOf = (text: string): Entry[] =>
  text.split('\n').flatMap((line) => {
    const [name = '', field] = line.split(':');
    return name === '' || /^[#+-]/.test(name) || field === undefined ? [] : [{ name, field }];
  });

/**
 * The table with the password of some locked; every other byte stays as it was.
 * @param isLocked by name and field
 */
export function lockPasswords(text: string, isLocked: (entry: Entry) => boolean): string {
  return text
    .split('\n')
    .map((line) => {
      const [entry] = entriesOf(line);
      if (entry === undefined || !isLocked(entry)) return line;
      const [name = '', , ...rest] = line.split(':');
      return [name, LOCKED, ...rest].join(':');
    })
    .join('\n');
}

/** Of which accounts the password goes. */
const isSealed = ({ accounts, choices }: SealView): ((name: string) => boolean) => {
  const hosts = new Set(accounts.filter(({ isHosts }) => isHosts).map(({ name }) => name));
  return (name) => choices.allUsers || hosts.has(name);
};

function find({ files }: SealView): Trait[] {
  const told = entriesOf(files.readText(SHADOW) ?? '').flatMap(({ name, field }): Trait[] => {
    if (field === '') return [{ path: SHADOW, severity: 'error', what: `no password is asked of ${name}` }];
    return holdsHash(field) ? [{ path: SHADOW, severity: 'warning', what: `the password of ${name}` }] : [];
  });
  const plain = entriesOf(files.readText(PASSWD) ?? '').flatMap(({ name, field }): Trait[] => {
    if (field === '') return [{ path: PASSWD, severity: 'error', what: `no password is asked of ${name}` }];
    return holdsHash(field) ? [{ path: PASSWD, severity: 'error', what: `the password of ${name}` }] : [];
  });
  return [...told, ...plain];
}

function seal(view: SealView): Change[] {
  const { files } = view;
  const isOf = isSealed(view);
  return [SHADOW, PASSWD, ...(view.choices.allUsers ? [GROUP_SHADOW] : [])].flatMap((path) => {
    const text = files.readText(path);
    if (text === undefined) return [];
    const content = lockPasswords(text, ({ name, field }) => {
      // An empty field of gshadow asks for none; one of the others lets everybody in.
      const isOpen = field === '' && path !== GROUP_SHADOW;
      return (isOpen || holdsHash(field)) && isOf(name);
    });
    const mode = path === PASSWD ? 0o644 : 0o640;
    return ensureFile(files, { path, content, mode });
  });
}

/** Locked, never made empty. */
export const passwords: SealPart = { name: 'passwords', what: 'passwords', find, seal };
