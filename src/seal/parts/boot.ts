import type { Trait } from '../../identity/part.ts';
import { type NamedFiles, namedFiles } from '../../identity/parts/named-files.ts';
import { guestIdentity } from '../../identity/stagger.ts';
import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import type { SealPart } from '../part.ts';

/** What entries of kernels are named by, in place of the machine ID (kernel-install(8)). */
const ENTRY_TOKEN = '/etc/kernel/entry-token';

const ENTRIES: NamedFiles = ['/boot', '/efi', '/boot/efi'].map(
  (place) => [`${place}/loader/entries`, /^[0-9a-f]{32}-.*\.conf$/] as const,
);

const CRYPTTAB = '/etc/crypttab';

/** Entries that are named by this guest's ID, as long as nothing says that kernels to come are to be, too. */
function entriesOfId(files: FileView): { id: string; paths: string[] } | undefined {
  const id = guestIdentity(files);
  if (id === undefined || (files.readText(ENTRY_TOKEN) ?? '').trim() !== '') return undefined;
  const paths = namedFiles(files, ENTRIES).filter((path) => path.includes(`/${id}-`));
  return paths.length === 0 ? undefined : { id, paths };
}

/** Names of encrypted devices in the text of crypttab(5); swap with a key of chance is none of one guest's. */
export const encryptedDevices = (text: string): string[] =>
  text.split('\n').flatMap((line) => {
    const [name = '', , key = '', options = ''] = line.trim().split(/\s+/);
    if (name === '' || name.startsWith('#')) return [];
    const isOfChance = /^\/dev\/u?random$/.test(key) || options.split(',').includes('swap');
    return isOfChance ? [] : [name];
  });

/** Before the machine ID: newer kernels would be sorted by the new one of each clone. */
export const boot: SealPart = {
  name: 'boot',
  what: 'boot entries, and encrypted disks',
  needsMachineId: true,
  find: ({ files }) => [
    ...(entriesOfId(files)?.paths ?? []).map(
      (path): Trait => ({ path, severity: 'warning', what: 'a boot entry that is named by the machine ID' }),
    ),
    ...encryptedDevices(files.readText(CRYPTTAB) ?? '').map(
      (name): Trait => ({
        path: CRYPTTAB,
        severity: 'warning',
        what: `the encrypted disk ${name} has one volume key in all clones`,
      }),
    ),
  ],
  seal: ({ files }): Change[] => {
    const entries = entriesOfId(files);
    return entries === undefined
      ? []
      : [{ kind: 'write-file', path: ENTRY_TOKEN, content: `${entries.id}\n`, mode: 0o644 }];
  },
};
