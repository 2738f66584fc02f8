import type { Change } from '../machine/changes/change.ts';
import type { Machine } from '../machine/changes/machine.ts';
import { Files } from '../machine/files/files.ts';
import type { Settings } from '../machine/settings/settings.ts';
import type { Facts } from '../machine/system/facts.ts';
import { ownConfiguration } from '../plan/own-configuration.ts';
import { runStep } from '../plan/runner.ts';
import { hasSecurityLabels, securityLabels } from '../plan/security-labels.ts';
import type { Step } from '../plan/step.ts';
import type { System } from '../plan/system.ts';
import type { StepReport } from '../state/report.ts';
import { PlannedView } from '../terminal/planned-view.ts';
import { readAccounts, type SealAccount } from './accounts.ts';
import { foreignMounts } from './file-systems.ts';
import { findAll, hasErrors, type SealFinding } from './findings.ts';
import type { SealChoices, SealView } from './part.ts';
import { isSealedImage, readSealRecord } from './record.ts';
import { sealSteps } from './steps.ts';

export interface SealReport {
  status: 'sealed' | 'unchanged' | 'failed' | 'planned';
  steps: StepReport[];
  /** What the image still has, where it was sealed. */
  left: SealFinding[];
}

export interface SealRun {
  system: Pick<System, 'now' | 'say'>;
  machine: Machine;
  settings: Settings;
  choices: SealChoices;
  observe: () => Facts;
  dryRun: boolean;
  /** Shows a dry run's changes; called in order. */
  show?: (text: string) => void;
}

/** What the parts look at, in a guest or in the tree of one. */
export function viewOf(files: Files, live: boolean, choices: SealChoices): SealView {
  // What is mounted in an unpacked image, whoever seals it has mounted.
  const mountInfo = (live ? files : new Files()).readText('/proc/self/mountinfo') ?? '';
  const mounts = foreignMounts(mountInfo, live ? '/' : files.root);
  return {
    files,
    live,
    choices,
    accounts: readAccounts(files).map((account) => withoutForeignHome(account, mounts)),
    wiped: isSealedImage(files) ? (readSealRecord(files)?.wiped ?? []) : [],
    foreignMounts: mounts,
  };
}

/** Other machines may use a home that is mounted from elsewhere. */
function withoutForeignHome({ home, ...rest }: SealAccount, mounts: readonly string[]): SealAccount {
  const isForeign = mounts.some((mount) => home === mount || home?.startsWith(`${mount}/`));
  return home === undefined || isForeign ? rest : { ...rest, home };
}

function statusOf(steps: readonly StepReport[], left: readonly SealFinding[], dryRun: boolean) {
  if (steps.some(({ status }) => status === 'failed')) return 'failed';
  if (dryRun) return 'planned';
  if (hasErrors(left)) return 'failed';
  return steps.some(({ status }) => status === 'changed') ? 'sealed' : 'unchanged';
}

/**
 * Seals a guest, or the tree of one.
 * @returns what was done; what goes wrong in a part is in its report, and the others are sealed all the same
 */
export async function sealGuest(run: SealRun): Promise<SealReport> {
  const { system, machine, settings, choices, observe, dryRun, show } = run;
  const { files, live } = machine;
  const view = viewOf(files, live, choices);
  const planned = dryRun && show !== undefined ? new PlannedView(files, show) : undefined;
  const host = ownConfiguration('what was chosen for this image');
  const steps: StepReport[] = [];
  const failed: string[] = [];
  const made: Change[] = [];
  let facts: Facts | undefined;
  const take = async (step: Step): Promise<void> => {
    facts ??= observe();
    const context = { settings, host, facts, files, applied: {}, failed };
    const { report } = await runStep(step, () => context, machine, {
      dryRun,
      onChange: (_, change, outcome) => {
        if (outcome === 'done') made.push(change);
        else planned?.show(step.name, change, outcome);
      },
      onNote: (_, { level, text }) => system.say('gandi-seal', level, `${step.name}: ${text}`),
    });
    steps.push(report);
    if (report.status === 'failed') failed.push(step.name);
  };
  for (const step of sealSteps(view, system.now().toISOString())) await take(step);
  const labels = live && !dryRun && hasSecurityLabels(files) ? securityLabels(made) : undefined;
  if (labels !== undefined) await take(labels);
  const left = dryRun
    ? []
    : findAll(viewOf(files, live, choices)).filter(({ severity }) => severity !== 'info');
  return { status: statusOf(steps, left, dryRun), steps, left };
}
