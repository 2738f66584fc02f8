import { POST_BOOT_LOG } from '../machine/files/paths.ts';
import type { PlanPart, Step } from '../plan/step.ts';
import { hasRun, markOf, type OrderedScript } from '../state/source-scripts.ts';
import { readOrder } from './order.ts';

/** Enough of the digest to tell units of two scripts apart. */
const DIGEST_CHARACTERS = 8;

/** @param isFirst nothing of the customer's has run before it: systemd, which takes a process to be asked, need not be */
function partOf(script: OrderedScript, usualSeconds: number, isFirst: boolean): PlanPart {
  const { name, argv, digest, timeoutSeconds } = script;
  return {
    name: `scripts: ${name}`,
    changes: [
      {
        kind: 'run-supervised',
        argv,
        scope: `gandi-postboot-${name}-${digest.slice(0, DIGEST_CHARACTERS)}`,
        timeoutSeconds: timeoutSeconds ?? usualSeconds,
        logFile: POST_BOOT_LOG,
        mark: markOf(script),
        what: `the script ${name}`,
        ...(isFirst ? {} : { notInShutdown: true }),
      },
    ],
  };
}

/** Scripts of a source, each once for its content, or until it succeeds; one that fails costs itself alone. */
export const scripts: Step = {
  name: 'scripts',
  setting: 'CONFIG_POSTBOOT',
  summary:
    'the scripts that the source brings, such as user-data, each once for its content, or at each boot',
  plan({ files, settings }) {
    const { scripts: ordered = [], first } = readOrder(files) ?? {};
    const due = ordered.filter((script) => !hasRun(files, script));
    const parts = due.map((script, index) =>
      partOf(script, settings.postBootSeconds, first === 'scripts' && index === 0),
    );
    return { changes: [], separate: parts };
  },
};
