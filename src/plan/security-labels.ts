import type { Change } from '../machine/changes/change.ts';
import { pathsMadeBy } from '../machine/changes/change-kinds.ts';
import type { FileView } from '../machine/files/files.ts';
import type { Step } from './step.ts';

/** There where the kernel runs with SELinux (kernel: security/selinux/selinuxfs.c). */
const SELINUX = '/sys/fs/selinux/enforce';

/** What lies there has no label of its own, or is read by our programs alone. */
const WITHOUT_LABEL = /^\/(proc|sys|dev|tmp|run\/gandi)(\/|$)/;

const RESTORE_SECONDS = 60;

/** Whether files of this guest have security labels, by which the kernel decides which service may read them. */
export const hasSecurityLabels = (files: Pick<FileView, 'status'>) => files.status(SELINUX) !== undefined;

/**
 * A step behind others. A file that takes the place of another one gets the label of a new file in its directory:
 * sshd, for one, would not read the keys in it. restorecon(8) gives each what the guest's policy has for its path.
 * @param made the changes of the steps before it
 * @returns nothing where they made no file
 */
export function securityLabels(made: readonly Change[]): Step | undefined {
  const paths = [...new Set(made.flatMap(pathsMadeBy))].filter((path) => !WITHOUT_LABEL.test(path));
  if (paths.length === 0) return undefined;
  const command: Change = {
    kind: 'run-command',
    // A file may be gone again.
    argv: ['restorecon', '-i', ...paths],
    timeoutSeconds: RESTORE_SECONDS,
    optional: true,
    why: 'give files that were written their SELinux labels',
  };
  const summary = 'SELinux labels of the files that were written';
  return { name: 'labels', summary, plan: () => ({ changes: [command] }) };
}
