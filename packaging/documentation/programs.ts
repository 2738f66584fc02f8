import type { Command } from 'commander';
import { defineCommandLine as defineBootstrap } from '../../src/bootstrap/command-line.ts';
import { BOOTSTRAP_STEPS } from '../../src/bootstrap/steps.ts';
import { defineCommandLine as defineConfig } from '../../src/config/command-line.ts';
import { CONFIG_STEPS } from '../../src/config/steps.ts';
import { defineCommandLine as defineGuest } from '../../src/guest/command-line.ts';
import { defineCommandLine as defineHost } from '../../src/host/command-line.ts';
import { realHost } from '../../src/host/context/real-host.ts';
import {
  defineMdataCommandLine as defineMdata,
  MDATA_EXIT_MEANINGS as exitMeanings,
} from '../../src/mdata/command-line.ts';
import { defineCommandLine as defineMount } from '../../src/mount/command-line.ts';
import { MOUNT_STEPS } from '../../src/mount/run/steps.ts';
import { realSystem } from '../../src/plan/real-system.ts';
import type { Step } from '../../src/plan/step.ts';
import { defineCommandLine as definePostBoot } from '../../src/postboot/command-line.ts';
import { POST_BOOT_STEPS } from '../../src/postboot/steps.ts';
import { PROGRAMS, type ProgramName } from '../../src/state/programs.ts';
import type { ExitMeanings } from '../../src/terminal/program.ts';

/** A program as its own code defines it. */
export interface DocumentedProgram {
  name: string;
  command: Command;
  /** In the order in which they run. */
  steps: readonly Pick<Step, 'name' | 'summary' | 'setting'>[];
  /** Absent: those that all programs share. */
  exitMeanings?: ExitMeanings;
}

/** The host's program, which has a package of its own. */
export function documentedHost(): DocumentedProgram {
  return { name: 'gandi-host', command: defineHost(neverRun, realHost()), steps: [] };
}

/** Command lines are looked at here; nothing parses arguments with them. */
function neverRun(): never {
  throw new Error('a command was run while its documentation was made');
}

/** All programs of the toolkit, in the order of a boot. */
export function documentedPrograms(): DocumentedProgram[] {
  const system = realSystem();
  const { output } = system;
  const requests = { configure: neverRun, serveInterface: neverRun, askMetadata: neverRun };
  const parts: Record<ProgramName, Omit<DocumentedProgram, 'name'>> = {
    'gandi-bootstrap': {
      command: defineBootstrap('gandi-bootstrap', requests, output),
      steps: BOOTSTRAP_STEPS,
    },
    'gandi-mount': { command: defineMount(neverRun, output), steps: MOUNT_STEPS },
    'gandi-config': { command: defineConfig('gandi-config', neverRun, output), steps: CONFIG_STEPS },
    'gandi-postboot': {
      command: definePostBoot('gandi-postboot', neverRun, output),
      steps: POST_BOOT_STEPS,
    },
    'gandi-guest': { command: defineGuest(neverRun, system), steps: [] },
    'mdata-get': { command: defineMdata('mdata-get', output), steps: [], exitMeanings },
    'mdata-put': { command: defineMdata('mdata-put', output), steps: [], exitMeanings },
    'mdata-list': { command: defineMdata('mdata-list', output), steps: [], exitMeanings },
    'mdata-delete': { command: defineMdata('mdata-delete', output), steps: [], exitMeanings },
  };
  return PROGRAMS.map(({ name }) => ({ name, ...parts[name] }));
}
