import { systemCommands } from '../../../src/machine/commands/commands.ts';
import type { Files } from '../../../src/machine/files/files.ts';
import { parseSettings } from '../../../src/machine/settings/settings.ts';
import type { SealChoices } from '../../../src/seal/part.ts';
import { type SealReport, sealGuest, viewOf } from '../../../src/seal/seal.ts';
import { makeContext } from '../context.ts';
import { intercept } from '../fault-injection.ts';
import { simulatedSystem } from '../simulated-system.ts';

export const NO_CHOICES: SealChoices = {
  keep: [],
  allUsers: false,
  firstBoot: false,
  registrations: false,
  userCrontabs: false,
  zero: false,
  fsUuids: false,
};

export const viewOfTree = (files: Files, choices: Partial<SealChoices> = {}) =>
  viewOf(files, false, { ...NO_CHOICES, ...choices });

/** Seals a tree, by changes that the functions of fault-injection.ts can disturb. */
export const sealTree = (
  files: Files,
  choices: Partial<SealChoices> = {},
  dryRun = false,
): Promise<SealReport> =>
  sealGuest({
    system: simulatedSystem({ now: () => new Date('2026-01-02T03:04:05Z') }),
    machine: { files, commands: systemCommands, live: false, intercept },
    settings: parseSettings('', '/etc/default/gandi'),
    choices: { ...NO_CHOICES, ...choices },
    observe: () => makeContext().facts,
    dryRun,
  });
