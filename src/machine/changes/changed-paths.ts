import { BACKUP_DIRECTORY } from '../files/paths.ts';
import { ACCOUNT_FILES } from '../formats/text/account-file-names.ts';
import type { Change } from './change.ts';

/** What the programs of shadow write (useradd(8), chpasswd(8)); they keep each other out by its lock. */
const ACCOUNT_PATHS = ACCOUNT_FILES.map((name) => `/etc/${name}`);

/** The files that programs of the system are known to write. */
function writtenBy(argv: readonly string[]): string[] {
  switch (argv[0]) {
    case 'useradd':
    case 'userdel':
      return [...ACCOUNT_PATHS, `/home/${argv.at(-1)}`];
    case 'usermod':
    case 'groupadd':
    case 'chage':
    case 'chpasswd':
      return ACCOUNT_PATHS;
    case 'systemd-machine-id-setup':
      return ['/etc/machine-id'];
    case 'ssh-keygen': {
      const key = argv[argv.indexOf('-f') + 1] ?? '';
      return [key, `${key}.pub`];
    }
    default:
      return [];
  }
}

/** The paths of files that a change is known to change. */
export function changedPaths(change: Change): string[] {
  switch (change.kind) {
    case 'write-file':
      return change.backup === true ? [change.path, BACKUP_DIRECTORY] : [change.path];
    case 'copy-range':
    case 'make-swap-file':
    case 'make-directory':
    case 'make-link':
    case 'remove-file':
    case 'remove-empty-directory':
    case 'empty-file':
    case 'remove-tree':
    case 'wipe-swap':
      return [change.path];
    case 'run-command':
      return writtenBy(change.argv);
    case 'set-random-password':
    case 'edit-accounts':
      return ACCOUNT_PATHS;
    case 'run-supervised':
    case 'unpack-modules':
    case 'sync-directory':
    case 'set-kernel-value':
    case 'wait-for-address':
    case 'make-swap':
    case 'erase-range':
    case 'zero-free-space':
      return [];
  }
}

/** Whether a change may change files beyond `changedPaths`: which, only its program knows. */
export function mayChangeAny(change: Change): boolean {
  if (change.kind === 'run-command') return change.checkOnly !== true;
  return ['run-supervised', 'unpack-modules', 'remove-tree'].includes(change.kind);
}
