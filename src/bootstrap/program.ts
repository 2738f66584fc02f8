import { applyChange, type Machine } from '../machine/apply.ts';
import { systemCommands } from '../machine/commands.ts';
import { Files } from '../machine/files.ts';
import { waitForInterfaces } from '../machine/late-interfaces.ts';
import { takeLock } from '../machine/lock.ts';
import { observeFacts } from '../machine/observed-facts.ts';
import { isTerminal, print } from '../machine/output.ts';
import { readSettings, type Settings } from '../machine/settings.ts';
import { loadHostConfiguration } from '../metadata/gandi/source.ts';
import { withPlugins } from '../plan/plugins.ts';
import { exitStatus, type Report } from '../plan/report.ts';
import { runProgram } from '../plan/run-program.ts';
import type { Step } from '../plan/step.ts';
import type { Options } from './command-line.ts';
import { REPLACED_BY_HOST_INIT } from './host-init.ts';
import { markServedAtBoot } from './interface/served.ts';
import { BOOTSTRAP_STEPS } from './steps.ts';

const PROGRAM = 'gandi-bootstrap';

/** How long a run waits for another one: as long as a whole boot's may take. */
const LOCK_WAIT_SECONDS = 60;

/** Plugins of packages, and the admin's, which hide those of the same name. */
const PLUGIN_DIRECTORIES = ['/usr/share/gandi/bootstrap.d', '/etc/gandi/bootstrap.d'];

function chooseSteps(files: Files, settings: Settings, only: readonly string[]): Step[] {
  const replaced = settings.switches.CONFIG_HOST_INIT ? REPLACED_BY_HOST_INIT : new Set<string>();
  return withPlugins(BOOTSTRAP_STEPS, PLUGIN_DIRECTORIES, files, settings).filter(
    ({ name }) => (only.length === 0 || only.includes(name)) && !replaced.has(name),
  );
}

async function showReport(report: Report, { json, dryRun = false }: Options): Promise<void> {
  if (json === true) print(`${JSON.stringify(report, null, 1)}\n`);
  else if (dryRun || isTerminal()) {
    const summary = (await import('../plan/summary.ts')).renderReport(report, { dryRun });
    const planned = dryRun && report.steps.some(({ changes }) => changes.length > 0);
    print(planned ? `\n${summary}` : summary);
  }
}

async function bootstrap(options: Options): Promise<number> {
  const files = new Files(options.root);
  const live = files.root === '/';
  const machine: Machine = { files, commands: systemCommands, live };
  const dryRun = options.dryRun === true;
  const release = live && !dryRun ? await takeLock(PROGRAM, LOCK_WAIT_SECONDS) : undefined;
  try {
    const settings = readSettings(files);
    const observe = () => observeFacts(files, live);
    const { seed } = options;
    const host = await loadHostConfiguration({
      files,
      live,
      hypervisor: observe().hypervisor,
      waitSeconds: dryRun ? 0 : settings.seedWaitSeconds,
      ...(seed === undefined ? {} : { seed }),
    });
    const steps = chooseSteps(files, settings, options.only ?? []);
    const show = options.json === true ? undefined : (text: string) => print(text);
    const meant = host.parsed.config.interfaces ?? [];
    const configuresNetwork =
      settings.switches.CONFIG_NETWORK && steps.some(({ name }) => name === 'network');
    if (live && !dryRun && configuresNetwork) await waitForInterfaces(files, meant);
    const run = { program: PROGRAM, steps, machine, settings, host, observe, dryRun };
    const report = await runProgram(show === undefined ? run : { ...run, show });
    if (live && !dryRun && options.only === undefined) {
      for (const mark of markServedAtBoot(files, observe(), host, settings)) await applyChange(mark, machine);
    }
    await showReport(report, options);
    return exitStatus(report.status);
  } finally {
    release?.();
  }
}

/**
 * gandi-bootstrap: configures the guest from what its host gave it.
 * @param args the command line's arguments
 * @returns exit status
 */
export async function main(args: readonly string[]): Promise<number> {
  // So it is at each boot, which need not pay for a parser.
  if (args.length === 0) return bootstrap({ root: '/' });
  const { parseCommandLine } = await import('./command-line.ts');
  const { options, one, status } = await parseCommandLine(PROGRAM, args);
  if (one !== undefined) return (await import('./interface/command.ts')).serveInterface(one);
  return options === undefined ? status : bootstrap(options);
}
