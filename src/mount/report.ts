import { reasonOf } from '../machine/runtime/errors.ts';
import { bootId } from '../machine/system/boot-id.ts';
import { latestReport, storeBootReport } from '../state/records.ts';
import { overallStatus, type Report, type StepReport } from '../state/report.ts';
import { VERSION } from '../terminal/version.ts';
import { type MountRun, PROGRAM } from './run/run.ts';
import { lookupStep, MOUNT_STEPS, modeStep } from './run/steps.ts';

/**
 * The report of a run: of each step what its run did. How autofs was set up stays in it until a run sets it up anew.
 * @param startedAt ISO 8601
 */
function reportOf(run: MountRun, startedAt: string): Report {
  const { files } = run.machine;
  const now = run.stepReports;
  const earlier = latestReport(files, PROGRAM);
  const kept = earlier?.thisBoot === true ? earlier.report.steps : [];
  const mode = [...now, ...kept].find(({ name }) => name === modeStep.name);
  const steps = MOUNT_STEPS.flatMap(({ name }): StepReport[] => {
    const report = name === modeStep.name ? mode : now.find((one) => one.name === name);
    return report === undefined ? [] : [report];
  });
  return {
    program: PROGRAM,
    version: VERSION,
    startedAt,
    bootId: bootId(files),
    status: overallStatus(steps, [], true),
    source: run.settings.path,
    problems: [],
    steps,
  };
}

/**
 * Keeps the report of a run for this boot, or shows it after a dry run. The answer to a lookup of autofs has none: there is
 * one for each access.
 * @param startedAt ISO 8601
 */
export async function finishReport(run: MountRun, startedAt: string): Promise<void> {
  const names = run.stepReports.map(({ name }) => name);
  if (names.every((name) => name === lookupStep.name)) return;
  if (run.dryRun) {
    const { renderReport } = await import('../terminal/summary.ts');
    const planned = run.stepReports.some(({ changes }) => changes.length > 0);
    run.print(`${planned ? '\n' : ''}${renderReport(reportOf(run, startedAt), { dryRun: true })}`);
    return;
  }
  try {
    await storeBootReport(run.machine, reportOf(run, startedAt));
  } catch (error) {
    // The disks are served all the same.
    run.tell('warning', `could not keep the report of what was done: ${reasonOf(error)}`);
  }
}
