import type { Trait } from '../../identity/part.ts';
import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import { LARGEST_KEY_FILE_BYTES, parseKeyLine } from '../../machine/formats/text/key-line.ts';
import { sha256 } from '../../machine/runtime/digest.ts';
import { keyFilesOf, type SealAccount } from '../accounts.ts';
import type { SealPart, SealView } from '../part.ts';

interface KeyFile {
  path: string;
  account: SealAccount;
  /** No link is followed below it: a user can write there. */
  below?: string;
}

/** Files of keys that are there, each once. */
function keyFiles({ files, accounts }: SealView): KeyFile[] {
  const found = new Map<string, KeyFile>();
  for (const account of accounts.toReversed())
    for (const path of keyFilesOf(files, account)) {
      const isInHome = account.home !== undefined && path.startsWith(`${account.home}/`);
      if (!isFile(files, path, isInHome ? account.home : undefined)) continue;
      found.set(path, { path, account, ...(isInHome && account.home ? { below: account.home } : {}) });
    }
  return [...found.values()];
}

/** One that is behind a link is not the user's to give. */
function isFile(files: FileView, path: string, home: string | undefined): boolean {
  if (files.status(path)?.kind !== 'file') return false;
  if (home === undefined) return true;
  const parts = path
    .slice(home.length + 1)
    .split('/')
    .slice(0, -1);
  return parts.every(
    (_, index) => files.status(`${home}/${parts.slice(0, index + 1).join('/')}`)?.kind === 'directory',
  );
}

/** As ssh-keygen -l has it. */
const fingerprint = (blob: string) => {
  const digest = Buffer.from(sha256(Buffer.from(blob, 'base64')), 'hex').toString('base64');
  return `SHA256:${digest.replace(/=+$/, '')}`;
};

function keysIn(files: FileView, { path, below }: KeyFile): string[] {
  if ((files.status(path)?.size ?? 0) > LARGEST_KEY_FILE_BYTES) return ['of more than a mebibyte'];
  const text = below === undefined ? files.readText(path) : files.readTextWithoutLinks(below, path);
  return (text ?? '').split('\n').flatMap((line) => {
    const key = parseKeyLine(line);
    return key === undefined ? [] : [fingerprint(key.blob)];
  });
}

const isDue = ({ choices }: SealView, { account }: KeyFile) => choices.allUsers || account.isHosts;

/** What lets the owner of a key in. */
export const authorizedKeys: SealPart = {
  name: 'authorized-keys',
  what: 'SSH keys that log in',
  find: (view) =>
    keyFiles(view).flatMap((file) =>
      keysIn(view.files, file).map(
        (key): Trait => ({
          path: file.path,
          severity: 'error',
          what: `a key of ${file.account.name}: ${key}`,
        }),
      ),
    ),
  seal: (view) =>
    keyFiles(view)
      // A place outside of homes is sshd's configuration's word: what holds no key is something else.
      .filter(
        (file) => isDue(view, file) && (file.below !== undefined || keysIn(view.files, file).length > 0),
      )
      .map(
        ({ path, below }): Change => ({
          kind: 'remove-file',
          path,
          ...(below === undefined ? {} : { linksRefusedBelow: below }),
        }),
      ),
};
