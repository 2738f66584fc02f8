import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import type { Instance } from './evidence.ts';

/**
 * How bad it is if two guests have it: `error`: it must not be in an image; `warning`: probably not; `info`: to know.
 */
export type Severity = 'error' | 'warning' | 'info';

/** Something on this disk that is one guest's. Its path, never what is in it. */
export interface Trait {
  path: string;
  severity: Severity;
  /** What it is, for people: `the SSH host key`. */
  what: string;
}

/** What a part looks at. */
export interface IdentityView {
  files: FileView;
  /** Absent where no other guest is known: an image is looked at. */
  clone?: CloneView;
}

/** A clone, and the guest that its disk comes from. */
export interface CloneView {
  before: Instance;
  now: Instance;
  /** Hexadecimal digits that tell the clone from all others. */
  guest: string;
  /** The name that the host gives; absent where it gives none. */
  hostName?: string;
  /** Text of the kernel command line. */
  kernelCommandLine: string;
  /** Its source spoke in this boot. */
  isHeard: boolean;
}

/** Some changes that fail by themselves, and are then tried again at the next boot by this name. */
export interface Renewal {
  name: string;
  changes: Change[];
}

/** One thing that tells a guest from its clones: what a file of src/identity/parts knows. */
export interface IdentityPart {
  /** In lower case, with hyphens. */
  name: string;
  /** For people: `SSH host keys`. */
  what: string;
  /** Looks for it. What is found is this guest's, or still the other one's. */
  find(view: IdentityView): Trait[];
  /**
   * What makes a clone's its own; empty once that is done, so that it can be asked again after its changes, or after a cut.
   * Absent: that is left to the admin, who must judge what breaks.
   */
  renew?(view: IdentityView & { clone: CloneView }): Renewal[];
  /** What must stay as it is, though the other guest has it, too: paths. */
  kept?(view: IdentityView & { clone: CloneView }): string[];
  /** Takes away what the renewal left, once nothing of it is needed any more. */
  tidy?(view: Pick<IdentityView, 'files'>): Change[];
}

/** A part that is gone when its files are, and comes again by itself. */
export function removedPart(
  about: Pick<IdentityPart, 'name' | 'what' | 'find'>,
  isDue: (clone: CloneView) => boolean = () => true,
): IdentityPart {
  return {
    ...about,
    renew: (view) => {
      const changes = isDue(view.clone)
        ? about.find(view).map(({ path }): Change => ({ kind: 'remove-file', path }))
        : [];
      return changes.length === 0 ? [] : [{ name: about.name, changes }];
    },
  };
}
