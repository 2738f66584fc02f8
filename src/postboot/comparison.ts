import { reasonOf } from '../machine/errors.ts';
import type { FileView } from '../machine/files.ts';
import type { Asked } from '../plan/asked.ts';
import type { Note, Step } from '../plan/step.ts';
import { compare } from '../verify/verify.ts';
import { runningSystem, type View } from '../verify/view.ts';

/**
 * Compares what the host asked for with what is. A look that fails must not keep the customer's script from running.
 * @returns what is not as asked; what may still become so is no problem
 */
export function lookAt(asked: Asked, files: FileView, view: View = runningSystem(files)): Note[] {
  try {
    return compare(asked, view).flatMap(({ verdict, line }): Note[] =>
      line === undefined ? [] : [{ level: verdict === 'differs' ? 'problem' : 'info', text: line }],
    );
  } catch (error) {
    return [{ level: 'warning', text: `what is cannot be compared with what was asked: ${reasonOf(error)}` }];
  }
}

/** Tells what differs, before the customer's script may make it differ. */
export const comparison = (notes: Note[]): Step => ({
  name: 'verify',
  summary: 'what the host asked for beside what is, once the network is up',
  plan: () => ({ changes: [], notes }),
});
