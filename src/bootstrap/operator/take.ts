import { secretsOf } from '../../host-report/secrets.ts';
import { tellHost } from '../../host-report/tell-host.ts';
import { applyChange } from '../../machine/changes/apply.ts';
import type { Change } from '../../machine/changes/change.ts';
import type { Machine } from '../../machine/changes/machine.ts';
import {
  OPERATOR_DIRECTORY,
  OPERATOR_ORDER,
  OPERATOR_SCRIPT,
  OPERATOR_SCRIPT_RUNS,
  OPERATOR_STAMP,
  OPERATOR_TAKEN,
} from '../../machine/files/paths.ts';
import { sha256 } from '../../machine/runtime/digest.ts';
import { reasonOf } from '../../machine/runtime/errors.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { HostConfiguration } from '../../metadata/guest-config.ts';
import { instanceOf } from '../../metadata/instance-of.ts';
import { type OperatorRun, type OperatorScript, operatorRun } from '../../metadata/operator-script.ts';
import type { System } from '../../plan/system.ts';
import { thisBootPath } from '../../state/records.ts';
import { BOOTSTRAP } from '../both-runs.ts';
import { type OperatorOrder, stampOf } from './order.ts';

/** A word at the boot prompt, for an admin who is to get in. */
const SKIPPED = /(?:^|\s)gandi\.operator=0(?=\s|$)/;

const SYSTEMCTL_SECONDS = 20;
const UNIT = 'gandi-operator.service';

/** What the decision is made by. */
export interface AtBoot {
  system: System;
  machine: Machine;
  settings: Settings;
  host: HostConfiguration;
}

/** Whether services may be running already: the stage comes before all of them, or not at all. */
async function isTooLate({ files, commands }: Machine): Promise<boolean> {
  if (files.status(thisBootPath(BOOTSTRAP)) !== undefined) return true;
  const { exitCode } = await commands.run(['systemctl', 'is-active', '--quiet', 'sysinit.target'], {
    timeoutSeconds: SYSTEMCTL_SECONDS,
  });
  return exitCode === 0;
}

function orderOf(
  script: OperatorScript,
  run: Exclude<OperatorRun, { refused: string }>,
  { machine, host }: AtBoot,
): OperatorOrder {
  const instance = instanceOf(machine.files, host);
  const [program, ...args] = run.argv;
  const swapOff = host.gandi?.archive === undefined ? undefined : host.gandi.swap?.node;
  return {
    argv: [program, ...args],
    after: run.after,
    digest: sha256(Buffer.from(script.content)),
    secrets: secretsOf(host.parsed.config),
    ...(instance === undefined ? {} : { instance }),
    ...(script.eachBoot === true ? { eachBoot: true } : {}),
    ...(run.timeoutSeconds === undefined ? {} : { timeoutSeconds: run.timeoutSeconds }),
    ...(swapOff === undefined ? {} : { swapOff }),
  };
}

/** What has the unit run the script; the script is what it looks for, and so comes last. */
const placing = ({ content }: OperatorScript, order: OperatorOrder): Change[] => [
  { kind: 'make-directory', path: OPERATOR_DIRECTORY, mode: 0o700 },
  { kind: 'write-file', path: OPERATOR_TAKEN, content: '', mode: 0o600, thisBootOnly: true },
  {
    kind: 'write-file',
    path: OPERATOR_ORDER,
    content: `${JSON.stringify(order)}\n`,
    mode: 0o600,
    thisBootOnly: true,
    secret: true,
  },
  { kind: 'write-file', path: OPERATOR_SCRIPT, content, mode: 0o700, thisBootOnly: true, secret: true },
];

/** What keeps it from being run is told to the host, which waits for its end. */
async function refuse({ system, machine, settings, host }: AtBoot, why: string): Promise<void> {
  system.say(BOOTSTRAP, 'problem', why);
  const instance = instanceOf(machine.files, host);
  const failures = await tellHost(
    { stage: 'operator', state: 'error', error: why, instance },
    { ...machine, settings, secrets: secretsOf(host.parsed.config) },
  );
  for (const failure of failures) system.say(BOOTSTRAP, 'info', failure);
}

/**
 * Has the operator script run before any service, where the host has one that is due: it is put where units/gandi-operator.service
 * finds it, and that unit is started. Nothing else is to be applied then.
 * @returns whether that is so; what keeps the script from being run is told, and the guest is configured as at any boot
 */
export async function takeOperatorScript(at: AtBoot): Promise<boolean> {
  const { system, machine, host } = at;
  const { files, commands } = machine;
  const { operatorScript: script } = host;
  if (script === undefined || files.status(OPERATOR_TAKEN) !== undefined) return false;
  const run = operatorRun(script, OPERATOR_SCRIPT_RUNS);
  if (run === undefined) return false;
  if (SKIPPED.test(files.readText('/proc/cmdline') ?? '')) {
    system.say(BOOTSTRAP, 'warning', `${script.field} is not run: gandi.operator=0 says so`);
    return false;
  }
  const order = 'refused' in run ? undefined : orderOf(script, run, at);
  if (order !== undefined && order.eachBoot !== true && files.readText(OPERATOR_STAMP) === stampOf(order))
    return false;
  if (await isTooLate(machine)) return false;
  if ('refused' in run || order === undefined) {
    await refuse(at, `${script.field} is not run: ${'refused' in run ? run.refused : ''}`);
    return false;
  }
  try {
    for (const change of placing(script, order)) await applyChange(change, machine);
    const { failure } = await commands.run(['systemctl', '--no-block', 'start', UNIT], {
      timeoutSeconds: SYSTEMCTL_SECONDS,
    });
    if (failure !== undefined) throw new Error(`${UNIT} does not start: ${failure}`);
  } catch (error) {
    if (files.status(OPERATOR_SCRIPT) !== undefined)
      await applyChange({ kind: 'remove-file', path: OPERATOR_SCRIPT }, machine);
    await refuse(at, `${script.field} is not run: ${reasonOf(error)}`);
    return false;
  }
  system.say(BOOTSTRAP, 'info', `${script.field} of ${host.origin} is run before anything else is done`);
  return true;
}
