import { loadedStep } from '../plan/loaded-step.ts';
import type { Step, StepContext } from '../plan/step.ts';
import type { LateWork } from '../state/late-work.ts';
import { autofs } from './autofs.ts';
import { command, freshLog, removeHostInit, script } from './customer.ts';
import { readOrder } from './order.ts';
import { scripts } from './scripts.ts';

/** A step of the source's late work, which few guests have. */
function lateStep(
  name: string,
  summary: string,
  parts: readonly (keyof LateWork)[] | undefined,
  load: () => Promise<Step['plan']>,
): Step {
  const isAsked = ({ files }: StepContext) => {
    const late = readOrder(files)?.late;
    return late !== undefined && (parts === undefined || parts.some((part) => late[part] !== undefined));
  };
  return loadedStep({ name, setting: 'CONFIG_POSTBOOT', summary }, isAsked, load);
}

const aptSources = lateStep(
  'apt-sources',
  'settings, sources and mirrors of apt that the source asks for',
  ['apt'],
  async () => (await import('./apt-sources.ts')).planAptSources,
);
const packages = lateStep(
  'packages',
  'packages that the source wants installed or brought up to date, once for what is asked',
  ['packages'],
  async () => (await import('./packages.ts')).planPackages,
);
const locale = lateStep(
  'locale',
  'language and layout of the keyboard that the source asks for',
  ['locale'],
  async () => (await import('./locale.ts')).planLocale,
);
const timeServers = lateStep(
  'time-servers',
  'where the time comes from, for systemd-timesyncd or chrony',
  ['timeServers'],
  async () => (await import('./time-servers.ts')).planTimeServers,
);
const lateFiles = lateStep(
  'late-files',
  'files of the source that come behind users, packages or a mount',
  ['files'],
  async () => (await import('./late-end.ts')).planLateFiles,
);
const finalMessage = lateStep(
  'final-message',
  'what the source wants the console to say once all is done',
  ['finalMessage'],
  async () => (await import('./late-end.ts')).planFinalMessage,
);
const lateMark = lateStep(
  'late-mark',
  'notes down that all of this is done',
  undefined,
  async () => (await import('./late-end.ts')).planLateMark,
);
const powerState: Step = {
  ...lateStep(
    'power-state',
    'powers off, restarts or halts the guest once, where the source or its packages want that',
    ['powerState', 'packages'],
    async () => (await import('./late-end.ts')).planPowerState,
  ),
  // What was done is on record before.
  slow: true,
};

/** The steps of gandi-postboot in their order: what scripts may want to find comes before them. */
export const POST_BOOT_STEPS: readonly Step[] = [
  autofs,
  freshLog,
  aptSources,
  packages,
  locale,
  timeServers,
  lateFiles,
  script,
  command,
  scripts,
  removeHostInit,
  finalMessage,
  powerState,
  lateMark,
];
