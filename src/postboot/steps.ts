import type { Step } from '../plan/step.ts';
import { autofs } from './autofs.ts';
import { command, freshLog, removeHostInit, script } from './customer.ts';
import { scripts } from './scripts.ts';

/** The steps of gandi-postboot in their order. */
export const POST_BOOT_STEPS: readonly Step[] = [autofs, freshLog, script, command, scripts, removeHostInit];
