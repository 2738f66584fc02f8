import type { Command } from 'commander';
import { defineCommandLine as defineBootstrap } from '../../src/bootstrap/command-line.ts';
import { BOOTSTRAP_STEPS } from '../../src/bootstrap/steps.ts';
import { defineCommandLine as defineConfig } from '../../src/config/command-line.ts';
import { CONFIG_STEPS } from '../../src/config/steps.ts';
import { defineCommandLine as defineGuest } from '../../src/guest/command-line.ts';
import { defineCommandLine as defineMount } from '../../src/mount/command-line.ts';
import type { Step } from '../../src/plan/step.ts';
import { defineCommandLine as definePostBoot } from '../../src/postboot/command-line.ts';
import { POST_BOOT_STEPS } from '../../src/postboot/steps.ts';

/** A program as its own code defines it. */
export interface DocumentedProgram {
  name: string;
  command: Command;
  /** In the order in which they run. */
  steps: readonly Step[];
}

/** Command lines are looked at here; nothing parses arguments with them. */
function neverRun(): never {
  throw new Error('a command was run while its documentation was made');
}

/** All programs of the toolkit, in the order of a boot. */
export function documentedPrograms(): DocumentedProgram[] {
  return [
    {
      name: 'gandi-bootstrap',
      command: defineBootstrap('gandi-bootstrap', { configure: neverRun, serveInterface: neverRun }),
      steps: BOOTSTRAP_STEPS,
    },
    { name: 'gandi-mount', command: defineMount(neverRun), steps: [] },
    { name: 'gandi-config', command: defineConfig('gandi-config', neverRun), steps: CONFIG_STEPS },
    { name: 'gandi-postboot', command: definePostBoot('gandi-postboot', neverRun), steps: POST_BOOT_STEPS },
    { name: 'gandi-guest', command: defineGuest(neverRun), steps: [] },
  ];
}
