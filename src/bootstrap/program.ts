import { type FinishedRun, recordBoot } from '../boot-record/record-boot.ts';
import { instance } from '../identity/instance.ts';
import { isMachineAnother } from '../identity/record.ts';
import { applyChange } from '../machine/changes/apply.ts';
import type { Change } from '../machine/changes/change.ts';
import type { Machine } from '../machine/changes/machine.ts';
import { roomOn } from '../machine/devices/mounted-size.ts';
import { BOOT_VARIABLE } from '../machine/facts/observed-facts.ts';
import type { Files } from '../machine/files/files.ts';
import { waitForAnyInterface, waitForInterfaces } from '../machine/network/late-interfaces.ts';
import { reasonOf } from '../machine/runtime/errors.ts';
import { mark } from '../machine/runtime/marks.ts';
import { readSettings } from '../machine/settings/settings.ts';
import type { Facts } from '../machine/system/facts.ts';
import { loadHostConfiguration } from '../metadata/choose.ts';
import type { HostConfiguration } from '../metadata/guest-config.ts';
import type { Heard } from '../metadata/source.ts';
import { markServedAtBoot } from '../network/interface/served.ts';
import { network } from '../network/network.ts';
import { runOnMachine } from '../plan/run-on-machine.ts';
import { runProgram } from '../plan/run-program.ts';
import type { Step, StepContext } from '../plan/step.ts';
import type { System } from '../plan/system.ts';
import type { Report } from '../state/report.ts';
import { withGrowthFirst } from '../storage/growth-first.ts';
import { rememberHostDisk } from '../storage/remember-disk.ts';
import { VERSION } from '../terminal/version.ts';
import { markNoAutofs } from './autofs-mark.ts';
import { BOOTSTRAP, chooseSteps, noteConfiguration } from './both-runs.ts';
import type { Options } from './command-line.ts';
import { orderMetadata } from './metadata-order.ts';
import type { AtBoot } from './operator/take.ts';
import { markReady } from './ready-mark.ts';
import { recordExtras } from './record-extras.ts';
import { reportBoot } from './report-boot.ts';
import { markSourceDisk } from './source-disk-mark.ts';

/** How long a run waits for another one: longer than any takes that neither waits for a disk nor grows one. */
const LOCK_WAIT_SECONDS = 60;

/** A disk that could not be noted down is chosen again at the next boot as it was at this one. */
async function noteHostDisk(system: System, machine: Machine, host: HostConfiguration): Promise<void> {
  try {
    if (host.gandi !== undefined) await rememberHostDisk(machine, host.gandi);
  } catch (error) {
    system.say(BOOTSTRAP, 'warning', `could not note down which disk is the host’s: ${reasonOf(error)}`);
  }
}

async function noteSource(system: System, machine: Machine, host: HostConfiguration): Promise<void> {
  await noteHostDisk(system, machine, host);
  await noteConfiguration(system, machine, host);
}

/** Notes down what the next boot needs to know to see that nothing is new. */
async function finishBoot(
  run: FinishedRun & { system: System },
  machine: Machine,
  host: HostConfiguration,
  facts: Facts,
): Promise<void> {
  const { files } = machine;
  const { system, settings, report } = run;
  const marks = [
    ...markServedAtBoot(files, facts, host, settings),
    ...markNoAutofs(files, settings),
    ...markSourceDisk(files, host),
    ...orderMetadata(files, host),
    ...markReady(files, settings),
  ];
  for (const one of marks) await applyChange(one, machine);
  const extras = recordExtras({ files, settings }, host);
  mark('marks for other programs');
  await recordBoot(run, machine, extras);
  mark('boot record written');
  if (isBoot(system)) await reportBoot(system, machine, { settings, host, report });
}

/** Waits for interfaces that are meant, and for any where it depends on them whether this disk is a copy. */
async function waitForNetworkDevices({
  files,
  settings,
  host,
  steps,
}: Pick<StepContext, 'settings' | 'host'> & { files: Files; steps: readonly Step[] }): Promise<void> {
  const { CONFIG_NETWORK, CONFIG_IDENTITY } = settings.switches;
  const has = ({ name }: Step) => steps.some((step) => step.name === name);
  if (CONFIG_NETWORK && has(network)) await waitForInterfaces(files, host.parsed.config.interfaces ?? []);
  if (CONFIG_IDENTITY && has(instance) && isMachineAnother(files)) await waitForAnyInterface(files);
}

const isBoot = ({ environment }: System) => environment[BOOT_VARIABLE] !== undefined;

/** Whether an operator script is to run before anything is applied. */
async function leavesAll(at: AtBoot): Promise<boolean> {
  if (at.host.operatorScript === undefined || !isBoot(at.system)) return false;
  return (await import('./operator/take.ts')).takeOperatorScript(at);
}

/** Of a run that leaves all to the operator script. */
const nothingApplied = (system: System, { origin }: HostConfiguration): Report => ({
  program: BOOTSTRAP,
  version: VERSION,
  startedAt: system.now().toISOString(),
  bootId: '',
  status: 'unchanged',
  source: origin,
  problems: [],
  steps: [],
});

/**
 * Configures the guest from what its host gave it.
 * @param heard what that said to this start already
 * @returns exit status
 */
export async function bootstrap(
  system: System,
  { only, seed, ...options }: Options,
  heard?: Heard,
): Promise<number> {
  const lock = { name: BOOTSTRAP, waitSeconds: LOCK_WAIT_SECONDS };
  const given = { ...(seed === undefined ? {} : { seed }), ...(heard === undefined ? {} : { heard }) };
  return await runOnMachine(system, options, lock, async ({ machine, dryRun, show, observe, trace }) => {
    const { files, live } = machine;
    const settings = readSettings(files);
    mark('settings read');
    const host = await loadHostConfiguration({
      files,
      commands: machine.commands,
      live,
      hypervisor: observe().hypervisor,
      sources: settings.sources,
      waitSeconds: dryRun ? 0 : settings.seedWaitSeconds,
      ...given,
    });
    mark('source found and parsed');
    const acts = live && !dryRun;
    if (acts && (await leavesAll({ system, machine, settings, host }))) return nothingApplied(system, host);
    const chosen = chooseSteps(files, settings, only ?? []);
    const steps = live ? withGrowthFirst(chosen, roomOn(files.root), host.gandi?.archive) : chosen;
    if (acts) await waitForNetworkDevices({ files, settings, host, steps });
    mark('steps chosen, interfaces awaited');
    const applied: Change[] = [];
    const onApplied = (change: Change) => applied.push(change);
    const run = {
      system,
      program: BOOTSTRAP,
      steps,
      machine,
      settings,
      host,
      observe,
      dryRun,
      show,
      onApplied,
      // Behind the report a disk that nobody remembers counts for one that came later.
      ...(acts ? { beforeReport: () => noteSource(system, machine, host) } : {}),
    };
    const report = await runProgram(run);
    mark('source stored');
    if (acts && only === undefined)
      await finishBoot({ system, report, settings, trace, applied }, machine, host, observe());
    return report;
  });
}
