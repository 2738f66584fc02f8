import { POST_BOOT_STARTED, SCRIPT_DIRECTORY } from '../../machine/files/paths.ts';
import { removedPart, type Trait } from '../part.ts';
import { namedFiles } from './named-files.ts';

const MARKS = [[SCRIPT_DIRECTORY, /\.run$/]] as const;

/**
 * Our marks of the scripts that have run: another guest's source asks for them again. What was applied of the rest stays
 * recorded, for what the source asks for in the same words is there. Nothing is asked anew by a source that is silent.
 */
export const ownRecords = removedPart(
  {
    name: 'own-records',
    what: 'marks of scripts that have run',
    find: ({ files }) => {
      const started = files.status(POST_BOOT_STARTED) === undefined ? [] : [POST_BOOT_STARTED];
      return [...namedFiles(files, MARKS), ...started].map(
        (path): Trait => ({ path, severity: 'warning', what: 'a mark of ours that a script has run' }),
      );
    },
  },
  ({ isHeard }) => isHeard,
);
