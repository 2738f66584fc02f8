import { describeChange } from '../machine/changes/change-kinds.ts';
import type { Files } from '../machine/files/files.ts';
import { TURNED_OFF } from '../machine/files/paths.ts';
import { cleanJson, cleanLine } from '../machine/runtime/clean-text.ts';
import { reasonOf } from '../machine/runtime/errors.ts';
import { readSettings } from '../machine/settings/settings.ts';
import { StepWork } from '../plan/step-work.ts';
import type { OpenedGuest, System } from '../plan/system.ts';
import { colours } from '../terminal/colours.ts';
import { EXIT } from '../terminal/exit-status.ts';
import type { Row } from '../verify/row.ts';
import { dataDisks } from './data-disks.ts';
import { COMMAND_LINE, diagnose } from './doctor/diagnosis.ts';
import type { Finding } from './doctor/finding.ts';
import { lookAtGuest } from './look.ts';
import { programsMissing } from './status.ts';
import type { XenFinding } from './xen/xen-finding.ts';
import { xenFindings } from './xen-readiness.ts';

export interface DoctorOptions {
  /** Whether the guest is ready to move from KVM to Xen, instead of what is wrong with it. */
  xen?: boolean;
  /** Set right what can be set right safely. */
  fix?: boolean;
  json?: boolean;
  root: string;
}

/** Subjects of findings that say that nothing is configured at this boot. */
const STOPPERS: readonly string[] = [TURNED_OFF, COMMAND_LINE];

function render({ level, subject, text, remedy }: Finding): string {
  const mark = level === 'problem' ? colours.red('problem') : colours.yellow('warning');
  return `${mark} ${colours.bold(cleanLine(subject))}: ${cleanLine(text)}\n        to do: ${cleanLine(remedy)}\n`;
}

/**
 * Sets right what can be, one finding after the other: each is looked for again, for two may concern one file.
 * @returns the findings that are left
 */
async function fixAll(
  look: () => XenFinding[],
  guest: OpenedGuest,
  { commands, output }: System,
): Promise<XenFinding[]> {
  const work = new StepWork(
    { ...guest, commands },
    {
      dryRun: false,
      onChange: (change, outcome) => output.print(`${outcome}: ${describeChange(change)}\n`),
    },
  );
  const tried = new Set<string>();
  const keyOf = ({ subject, text }: XenFinding) => `${subject}: ${text}`;
  const next = () => look().find((each) => each.fix !== undefined && !tried.has(keyOf(each)));
  for (let finding = next(); finding !== undefined; finding = next()) {
    tried.add(keyOf(finding));
    try {
      for (const change of finding.fix ?? []) await work.make(change);
    } catch (error) {
      output.print(`${colours.red('failed')}: ${finding.subject}: ${reasonOf(error)}\n`);
    }
  }
  return look();
}

/** What is beside what was asked; a look that fails is a finding of its own, and the others are told all the same. */
async function look(files: Files, system: System): Promise<{ rows: readonly Row[]; failure?: Finding }> {
  try {
    return { rows: (await lookAtGuest(files, system)) ?? [] };
  } catch (error) {
    const text = `what is cannot be compared with what was asked: ${reasonOf(error)}`;
    const remedy = 'see what gandi-guest verify says, as root';
    return { rows: [], failure: { level: 'problem', subject: 'verify', text, remedy } };
  }
}

/** What has left no report of this boot, unless a finding says already why it did not start. */
function missingFindings(files: Files, known: readonly Finding[]): Finding[] {
  if (known.some(({ subject }) => STOPPERS.includes(subject))) return [];
  return programsMissing(files)
    .filter((program) => !known.some(({ subject }) => subject === `${program}.service`))
    .map((program) => ({
      level: 'warning',
      subject: program,
      text: 'it has not run in this boot (yet)',
      remedy: `see systemctl status ${program}; after an installation it runs from the next boot on`,
    }));
}

/**
 * One page of what is wrong with this guest's configuration, and what to do.
 * @returns exit status: 1 if there is any problem, 0 if there are warnings at most
 */
export async function doctor(options: DoctorOptions, system: System): Promise<number> {
  const { output } = system;
  const guest = system.open(options.root);
  const { files, live } = guest;
  const { observeFacts } = await system.loadFacts();
  const facts = observeFacts(files, live, system.environment);
  let findings: Finding[] = [];
  if (options.xen === true) {
    const lookForXen = () => xenFindings(files, facts.kernelRelease);
    findings = options.fix === true ? await fixAll(lookForXen, guest, system) : lookForXen();
  } else {
    const disks = live ? dataDisks(files) : [];
    const { rows, failure } = live ? await look(files, system) : { rows: [] };
    findings = diagnose({ files, settings: readSettings(files), facts, disks, rows });
    if (failure !== undefined) findings.unshift(failure);
    if (live) findings.push(...missingFindings(files, findings));
  }
  if (options.json === true) {
    const plain = findings.map(({ level, subject, text, remedy }) => ({ level, subject, text, remedy }));
    output.print(cleanJson({ findings: plain }));
  } else if (findings.length > 0) output.print(findings.map(render).join(''));
  else output.print(options.xen === true ? 'ready to move to Xen\n' : 'nothing is wrong\n');
  return findings.some(({ level }) => level === 'problem') ? EXIT.failed : EXIT.ok;
}
