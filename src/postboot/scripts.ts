import { POST_BOOT_LOG } from '../machine/files/paths.ts';
import type { PlanPart, Step } from '../plan/step.ts';
import { hasRun, markOf, type OrderedScript } from '../state/source-scripts.ts';
import { readOrder } from './order.ts';

/** Enough of the digest to tell units of two scripts apart. */
const DIGEST_CHARACTERS = 8;

function partOf(script: OrderedScript, usualSeconds: number): PlanPart {
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
        notInShutdown: true,
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
    const due = (readOrder(files)?.scripts ?? []).filter((script) => !hasRun(files, script));
    return { changes: [], separate: due.map((script) => partOf(script, settings.postBootSeconds)) };
  },
};
