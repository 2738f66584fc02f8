import type { Plan, Step, StepContext } from './step.ts';

const nothing = (): Plan => ({ changes: [] });

/**
 * A step that few guests need: where it is not asked for it plans nothing, and what plans it is not loaded.
 * @param isAsked whether there may be something to do
 * @param load gives what plans
 */
export function loadedStep(
  about: Omit<Step, 'plan' | 'load'>,
  isAsked: (context: StepContext) => boolean,
  load: () => Promise<Step['plan']>,
): Step {
  return { ...about, plan: nothing, load: (context) => (isAsked(context) ? load() : undefined) };
}
