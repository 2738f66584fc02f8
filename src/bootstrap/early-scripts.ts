import { EARLY_LOG } from '../machine/files/paths.ts';
import type { Plan, PlanPart, StepContext } from '../plan/step.ts';
import { markOf, type OrderedScript } from '../state/source-scripts.ts';
import { dueScripts } from './source-scripts.ts';

/** Of all together: a part of what units/gandi-bootstrap.service gives. */
const ALL_SECONDS = 300;
const USUAL_SECONDS = 120;
const LEAST_SECONDS = 10;

/** Enough of the digest to tell units of two scripts apart. */
const DIGEST_CHARACTERS = 8;

function partOf(script: OrderedScript, mostSeconds: number, environment: Record<string, string>): PlanPart {
  const { name, argv, digest, timeoutSeconds = USUAL_SECONDS } = script;
  return {
    name: `early-scripts: ${name}`,
    changes: [
      {
        kind: 'run-supervised',
        argv,
        scope: `gandi-early-${name}-${digest.slice(0, DIGEST_CHARACTERS)}`,
        early: true,
        timeoutSeconds: Math.min(timeoutSeconds, mostSeconds),
        environment,
        logFile: EARLY_LOG,
        mark: markOf(script),
        what: `the early script ${name}`,
      },
    ],
  };
}

/**
 * The scripts of the source that come before everything that it asks for; one that fails costs itself alone. None waits for
 * the network, and none runs twice in a boot.
 */
export function planEarlyScripts(context: StepContext): Plan {
  if (!context.facts.live) return { changes: [] };
  const { scripts, changes, notes } = dueScripts(context, 'early');
  const most = Math.max(LEAST_SECONDS, Math.floor(ALL_SECONDS / Math.max(1, scripts.length)));
  const { instanceId } = context.host;
  const environment = instanceId === undefined ? {} : { INSTANCE_ID: instanceId };
  return { changes, notes, separate: scripts.map((script) => partOf(script, most, environment)) };
}
