import { isMountPoint } from '../machine/changes/zeros.ts';
import { Files, type FileView } from '../machine/files/files.ts';
import { canAsk, saysYes } from '../machine/runtime/ask.ts';
import { cleanJson, cleanLine } from '../machine/runtime/clean-text.ts';
import { readSettings } from '../machine/settings/settings.ts';
import type { System } from '../plan/system.ts';
import { type Ending, isShuttingDown, sealAtShutdown } from '../seal/at-shutdown.ts';
import { unfillableType } from '../seal/file-systems.ts';
import { askPrograms, findAll, hasErrors, type SealFinding } from '../seal/findings.ts';
import { readOrder, SEAL_ORDER } from '../seal/order.ts';
import { ownPrograms } from '../seal/own-programs.ts';
import type { SealChoices } from '../seal/part.ts';
import { SEAL_PARTS } from '../seal/parts.ts';
import { type SealReport, sealGuest, viewOf } from '../seal/seal.ts';
import { colours } from '../terminal/colours.ts';
import { EXIT } from '../terminal/exit-status.ts';
import { colourStatus, renderTable } from '../terminal/table.ts';
import { sealingTold } from './tell-of-sealing.ts';

/** Options as they are typed. */
export interface SealOptions {
  check?: boolean;
  now?: boolean;
  asOrdered?: boolean;
  root?: string;
  keep?: string[];
  allUsers?: boolean;
  firstBoot?: boolean;
  registrations?: boolean;
  userCrontabs?: boolean;
  zero?: boolean;
  fsUuids?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  reboot?: boolean;
  /** False where --no-poweroff is given. */
  poweroff?: boolean;
  json?: boolean;
}

/** Who is asked whether it is to be done. */
export interface Asked {
  canAsk(): boolean;
  saysYes(): boolean;
}

const AT_TERMINAL: Asked = { canAsk, saysYes };

/** As long as gandi-bootstrap waits for itself. */
const LOCK_WAIT_SECONDS = 60;

const choicesOf = (options: SealOptions): SealChoices => ({
  keep: options.keep ?? [],
  allUsers: options.allUsers === true,
  firstBoot: options.firstBoot === true,
  registrations: options.registrations === true,
  userCrontabs: options.userCrontabs === true,
  zero: options.zero === true,
  fsUuids: options.fsUuids === true,
});

const MARKS = {
  error: colours.red('E'),
  warning: colours.yellow('W'),
  info: 'I',
} as const;

const renderFindings = (findings: readonly SealFinding[]): string =>
  findings
    .map(
      ({ severity, part, path, what }) =>
        `${MARKS[severity]} ${part} ${cleanLine(path)}: ${cleanLine(what)}\n`,
    )
    .join('');

function renderReport({ status, steps, left }: SealReport): string {
  const told = steps.filter((step) => step.status !== 'unchanged' || step.notes.length > 0);
  const rows = told.map(({ name, status: word, changes, notes }) => {
    const said = [...notes.filter(({ level }) => level !== 'info').map(({ text }) => text), ...changes];
    const [first = '', ...others] = said;
    return [name, colourStatus(word), others.length === 0 ? first : `${first}, and ${others.length} more`];
  });
  const outputs = steps.flatMap(({ name, output }) =>
    output === undefined ? [] : [`output of ${name}, its end:\n${output.replaceAll(/^/gm, '  | ')}\n`],
  );
  const head = `${colours.bold('gandi-guest seal')}: ${status}\n`;
  const rest = left.length === 0 ? '' : `what is left:\n${renderFindings(left)}`;
  return `${head}${renderTable(['part', 'status', 'what was done'], rows)}${outputs.join('')}${rest}`;
}

/** What each distribution has, of which one is enough: an image whose mounting failed is an empty directory. */
const SYSTEM_FILES = ['/etc/passwd', '/etc/os-release', '/usr/lib/os-release'];

const isSystemTree = (files: FileView) => SYSTEM_FILES.some((path) => files.status(path) !== undefined);

/** @param named the directory as it was typed */
function whyNotZeroed(place: string, named?: string): string | undefined {
  if (!isMountPoint(place))
    return `--zero fills the file system of ${named}, which must be mounted there by itself`;
  const type = unfillableType(new Files().readText('/proc/self/mountinfo') ?? '', place);
  return type === undefined
    ? undefined
    : `--zero fills the file system of ${named}, which is ${type} and on no disk of its own`;
}

/** What cannot be meant, in one line; undefined if all is well. */
function misuse(options: SealOptions, system: System, asked: Asked): string | undefined {
  const { check, now, asOrdered, dryRun, yes, zero } = options;
  const { files, live } = system.open(options.root);
  // By where the path leads: `//` and `/proc/self/root` are the running guest, too.
  const isImage = !live;
  if (isImage && now === true) return '--root seals at once: leave --now out';
  if (asOrdered === true && now !== true) return '--as-ordered belongs to --now';
  if (isImage && !isSystemTree(files))
    return `${options.root} holds no system, for it has neither etc/passwd nor os-release: is the image mounted there?`;
  if (isImage && options.fsUuids === true)
    return '--fs-uuids is for a running guest: of an image, whoever mounts it changes them';
  const names = [...SEAL_PARTS, ...ownPrograms(files)].map(({ name }) => name);
  const unknown = options.keep?.find((name) => !names.includes(name));
  if (unknown !== undefined) return `there is no part ${unknown}; there are ${names.join(', ')}`;
  if (check === true || dryRun === true || isImage) {
    return isImage && zero === true && dryRun !== true && check !== true
      ? whyNotZeroed(files.root, options.root)
      : undefined;
  }
  if (yes !== true && asOrdered !== true && !asked.canAsk())
    return 'nobody is at a terminal to be asked: give --yes';
  return undefined;
}

async function check(options: SealOptions, system: System): Promise<number> {
  const { files, live } = system.open(options.root);
  const view = viewOf(files, live, choicesOf(options));
  const programs = await askPrograms(view, system.commands, readSettings(files));
  const findings = [...findAll(view), ...programs];
  if (options.json === true) system.output.print(cleanJson({ findings }));
  else system.output.print(findings.length === 0 ? 'ready to be an image\n' : renderFindings(findings));
  return hasErrors(findings) ? EXIT.failed : EXIT.ok;
}

/** Why a sealing failed, one line each: what went wrong, and what must not be in an image and still is. */
function whatIsLeft({ steps, left }: SealReport): string {
  const problems = steps.flatMap(({ name, notes }) =>
    notes.filter(({ level }) => level === 'problem').map(({ text }) => `${name}: ${text}`),
  );
  const errors = left.filter(({ severity }) => severity === 'error');
  return [...problems, ...errors.map(({ part, path, what }) => `${part}: ${path}: ${what}`)].join('\n');
}

/** Seals the guest or the tree at once, or shows how. */
async function sealNow(options: SealOptions, system: System, choices: SealChoices): Promise<number> {
  const { commands, environment, intercept, output } = system;
  const { files, live } = system.open(options.root);
  const { observeFacts } = await system.loadFacts();
  const dryRun = options.dryRun === true;
  const release = live && !dryRun ? await system.locks.take('gandi-bootstrap', LOCK_WAIT_SECONDS) : undefined;
  const tell = live && !dryRun ? sealingTold(files, system) : undefined;
  try {
    await tell?.('running');
    const report = await sealGuest({
      system,
      machine: { files, commands, live, ...(intercept === undefined ? {} : { intercept }) },
      settings: readSettings(files),
      choices,
      observe: () => observeFacts(files, live, environment),
      dryRun,
      ...(options.json === true ? {} : { show: output.print }),
    });
    output.print(options.json === true ? cleanJson(report) : renderReport(report));
    if (report.status === 'failed') await tell?.('error', whatIsLeft(report));
    else await tell?.('success');
    return report.status === 'failed' ? EXIT.failed : EXIT.ok;
  } finally {
    release?.();
  }
}

const QUESTION = 'This takes from the guest what is its own. Go on? [y/N] ';

function agrees(options: SealOptions, { output }: System, asked: Asked): boolean {
  if (options.yes === true) return true;
  output.print(QUESTION);
  return asked.saysYes();
}

/** The way of a running guest: all that writes something at its end has stopped before it is sealed. */
async function sealLive(options: SealOptions, system: System, asked: Asked): Promise<number> {
  const { output, commands } = system;
  const { files, live } = system.open(options.root);
  const choices = choicesOf(options);
  await sealNow({ ...options, dryRun: true, json: false }, system, choices);
  if (!agrees(options, system, asked)) {
    output.print('nothing was changed\n');
    return EXIT.failed;
  }
  const ending: Ending =
    options.reboot === true ? 'reboot' : options.poweroff === false ? 'later' : 'poweroff';
  await sealAtShutdown({ files, commands, live }, choices, ending);
  output.print(
    ending === 'later'
      ? 'the next shutdown seals this guest\n'
      : `this guest is sealed at the end of its ${ending}, which has begun\n`,
  );
  return EXIT.ok;
}

/** Within the shutdown, with what was chosen before it. */
async function sealAsOrdered(options: SealOptions, system: System): Promise<number> {
  const { files } = system.open();
  const choices = readOrder(files);
  if (choices === undefined) {
    system.output.print(`${SEAL_ORDER} is not there: nothing is to be sealed\n`);
    return EXIT.ok;
  }
  if (!(await isShuttingDown(system))) {
    const text = 'the guest is not shutting down: nothing was sealed; gandi-guest seal orders it anew';
    system.say('gandi-seal', 'problem', text);
    return EXIT.failed;
  }
  return await sealNow(options, system, choices);
}

/** Of a shell that a person types in: it writes its history when it ends, behind us. */
const aboutShell =
  'the shell that you type in writes its history when it ends: end it by kill -9 $$, or seal without --now';

/**
 * Seals a guest, so that an image of it can be the start of many; or says what keeps it from being one.
 * @param refuse throws for a wrong usage
 * @returns exit status: 1 if something failed, or what must not be in an image is left
 */
export async function seal(
  options: SealOptions,
  system: System,
  refuse: (text: string) => never,
  asked: Asked = AT_TERMINAL,
): Promise<number> {
  const wrong = misuse(options, system, asked);
  if (wrong !== undefined) refuse(wrong);
  if (options.check === true) return await check(options, system);
  const { live } = system.open(options.root);
  if (options.asOrdered === true) return await sealAsOrdered(options, system);
  if (!live || options.dryRun === true) return await sealNow(options, system, choicesOf(options));
  if (options.now !== true) return await sealLive(options, system, asked);
  if (system.output.isTerminal()) system.say('gandi-seal', 'warning', aboutShell);
  if (!agrees(options, system, asked)) return EXIT.failed;
  return await sealNow(options, system, choicesOf(options));
}
