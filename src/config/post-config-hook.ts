import { planHook } from '../plan/hooks.ts';
import type { Step } from '../plan/step.ts';

const NAME = 'post-vm-config';

/** The admin's hook behind all other steps. */
export const postConfigHook: Step = {
  name: NAME,
  summary: 'your own program post-vm-config in GANDI_HOOK_DIR',
  plan: (context) => planHook(NAME, [], context),
};
