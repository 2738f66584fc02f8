import type { Step } from '../../plan/step.ts';

/**
 * A step of gandi-mount. What it does next depends on what its last change led to, so it has no plan: it does its work
 * within `MountRun.step`, which gives it a report like that of any other step.
 */
export type MountStep = Pick<Step, 'name' | 'summary' | 'setting'>;

export const modeStep: MountStep = {
  name: 'mode',
  summary: 'autofs, as CONFIG_MOUNT_MODE and CONFIG_DISK_ROOT say',
};

export const disksStep: MountStep = {
  name: 'disks',
  summary: 'data disks: mounts those that came, grows those that grew, cleans up after those that are gone',
};

export const ejectStep: MountStep = {
  name: 'eject',
  summary: 'a data disk that somebody wants to detach: its hook, its services, and unmounting',
};

export const lookupStep: MountStep = {
  name: 'lookup',
  summary: 'a data disk that autofs is about to mount: check, first owner, growth',
};

/** In the order in which a run does them; few runs do all. */
export const MOUNT_STEPS: readonly MountStep[] = [modeStep, disksStep, ejectStep, lookupStep];
