import { users } from '../accounts/users.ts';
import { identity } from '../identity/host-name.ts';
import { instance } from '../identity/instance.ts';
import { multiQueue } from '../network/multiqueue.ts';
import { network } from '../network/network.ts';
import { resolver } from '../network/resolver.ts';
import { sysctl } from '../network/sysctl.ts';
import { loadedStep } from '../plan/loaded-step.ts';
import type { Step } from '../plan/step.ts';
import { hostInit } from '../storage/host-init.ts';
import { kernelModules } from '../storage/kernel-modules.ts';
import { resizeMainDisk } from '../storage/resize-main-disk.ts';
import { swap } from '../storage/swap.ts';
import { postBoot } from './post-boot.ts';
import { userDataFile } from './user-data-file.ts';

/** Scripts of the source that come before all that it asks for, as bootcmd of cloud-config does. */
const earlyScripts = loadedStep(
  {
    name: 'early-scripts',
    setting: 'CONFIG_POSTBOOT',
    summary: 'scripts of the source that run early, at each boot or once for their content',
  },
  ({ host }) => host.parsed.config.scripts?.some(({ when }) => when === 'early') === true,
  async () => (await import('./early-scripts.ts')).planEarlyScripts,
);

/** Files that the source brings, behind the host's own: users and what follows may be about them. */
const files = loadedStep(
  {
    name: 'files',
    setting: 'CONFIG_FILES',
    summary: 'files that the source brings, each once for its content',
  },
  ({ host }) => host.parsed.config.files !== undefined,
  async () => (await import('../storage/source-files.ts')).planEarlyFiles,
);

/** Lines of /etc/fstab: before names and users, whose homes may be there; ours go when nobody asks for them any more. */
const mounts = loadedStep(
  {
    name: 'mounts',
    setting: 'CONFIG_FILES',
    summary: 'file systems that the source wants mounted, as lines of /etc/fstab that are marked as ours',
  },
  ({ host, applied }) => host.parsed.config.mounts !== undefined || applied.mounts !== undefined,
  async () => (await import('../storage/mounts.ts')).planMounts,
);

/** Behind growth: how large it may be is known then. */
const swapFile = loadedStep(
  {
    name: 'swap-file',
    summary:
      'a swap file where there is no swap disk (CONFIG_SWAP_FILE), if the source or the admin wants one',
  },
  ({ host, settings, applied }) =>
    settings.swapFile !== 0 ||
    host.parsed.config.swapFile !== undefined ||
    applied['swap-file'] !== undefined,
  async () => (await import('../storage/swap-file.ts')).planSwapFile,
);

/** Where the source asks for a zone and the settings name none; gandi-config takes it for the admin's then. */
const timeZone = loadedStep(
  { name: 'time-zone', setting: 'CONFIG_TIMEZONE', summary: 'the time zone that the source asks for' },
  ({ host }) => host.parsed.config.timeZone !== undefined,
  async () => (await import('../identity/time-zone.ts')).planTimeZone,
);

/** Behind the users: a key that somebody got makes up for a password that no longer logs in. */
const login = loadedStep(
  {
    name: 'login',
    setting: 'CONFIG_USERS',
    summary: 'whether a password logs in by SSH, where the source says so',
  },
  ({ host }) => host.parsed.config.login?.passwordBySsh !== undefined,
  async () => (await import('../accounts/login.ts')).planLogin,
);

/**
 * The steps of gandi-bootstrap in their order: the host's files first, for others work from them; a clone
 * becomes a guest of its own before it has accounts and a network; what lets an admin
 * in before what makes the guest larger, unless there is no room for them (growth-first.ts).
 */
export const BOOTSTRAP_STEPS: readonly Step[] = [
  swap,
  kernelModules,
  instance,
  hostInit,
  earlyScripts,
  files,
  mounts,
  identity,
  users,
  login,
  timeZone,
  resolver,
  network,
  multiQueue,
  sysctl,
  resizeMainDisk,
  swapFile,
  userDataFile,
  postBoot,
];
