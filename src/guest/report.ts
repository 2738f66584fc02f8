import { channelsFor } from '../host-report/places.ts';
import { leaveReadyLine } from '../host-report/ready-line.ts';
import type { Stage, StageState } from '../host-report/report-line.ts';
import { secretsOf } from '../host-report/secrets.ts';
import { tellHost } from '../host-report/tell-host.ts';
import { whatFailed } from '../host-report/what-failed.ts';
import type { Files } from '../machine/files/files.ts';
import { RUNTIME_DIRECTORY } from '../machine/files/paths.ts';
import { readSettings } from '../machine/settings/settings.ts';
import { keptConfiguration } from '../metadata/choose.ts';
import { instanceOf } from '../metadata/instance-of.ts';
import type { System } from '../plan/system.ts';
import { METADATA_PROGRAM, PROGRAMS } from '../state/programs.ts';
import { damagedRecords, latestReport } from '../state/records.ts';
import { EXIT } from '../terminal/exit-status.ts';

const NAME = 'gandi-guest';

export interface ReportRequest {
  stage: Stage;
  /** Absent, of `ready` alone: by the reports of this boot. */
  state?: StageState;
  error?: string;
}

/** What of ours has failed at this boot, one line each; undefined if nothing did. */
function failuresOfBoot(files: Files): string | undefined {
  const programs = [...PROGRAMS.map(({ name }) => name), METADATA_PROGRAM];
  const texts = programs.flatMap((program) => {
    const latest = latestReport(files, program);
    return latest?.thisBoot === true ? (whatFailed(latest.report) ?? []) : [];
  });
  // What cannot be read may have said that something failed.
  const unknown = damagedRecords(files).filter(({ path }) => path.startsWith(`${RUNTIME_DIRECTORY}/`));
  const all = [...texts, ...unknown.map(({ reason }) => reason)];
  return all.length === 0 ? undefined : all.join('\n');
}

/**
 * `gandi-guest report`: tells the host how far this guest is.
 * @returns exit status: 0 if every channel took it; 1 if one did not; 3 if there is none
 */
export async function reportStage({ stage, state, error }: ReportRequest, system: System): Promise<number> {
  const { files, live } = system.open();
  const { commands, say, intercept } = system;
  if (state === undefined && stage !== 'ready') {
    system.output.printError(`${NAME}: say of ${stage} whether it is running, or came to success or error\n`);
    return EXIT.usage;
  }
  const failed = state === undefined ? failuresOfBoot(files) : error;
  const settings = readSettings(files);
  const host = keptConfiguration(files);
  const instance = instanceOf(files, host);
  const machine = { files, commands, live, ...(intercept === undefined ? {} : { intercept }) };
  if (stage === 'ready') await leaveReadyLine(machine, settings, instance);
  const outcome = failed === undefined ? 'success' : 'error';
  const failures = await tellHost(
    { stage, state: state ?? outcome, instance, error: failed },
    { files, commands, settings, secrets: secretsOf(host.parsed.config) },
  );
  for (const failure of failures) say(NAME, 'warning', failure);
  if (channelsFor(files, settings, stage).length === 0) return EXIT.nothingFound;
  return failures.length > 0 ? EXIT.failed : EXIT.ok;
}
