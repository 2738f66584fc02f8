import { users } from '../accounts/users.ts';
import { identity } from '../identity/host-name.ts';
import { multiQueue } from '../network/multiqueue.ts';
import { network } from '../network/network.ts';
import { resolver } from '../network/resolver.ts';
import { sysctl } from '../network/sysctl.ts';
import type { Step } from '../plan/step.ts';
import { hostInit } from '../storage/host-init.ts';
import { kernelModules } from '../storage/kernel-modules.ts';
import { resizeMainDisk } from '../storage/resize-main-disk.ts';
import { swap } from '../storage/swap.ts';
import { postBoot } from './post-boot.ts';
import { userDataFile } from './user-data-file.ts';

/**
 * The steps of gandi-bootstrap in their order: the host's files first, for others work from them; what lets an admin
 * in before what makes the guest larger, unless there is no room for them (growth-first.ts).
 */
export const BOOTSTRAP_STEPS: readonly Step[] = [
  swap,
  kernelModules,
  hostInit,
  identity,
  users,
  resolver,
  network,
  multiQueue,
  sysctl,
  resizeMainDisk,
  userDataFile,
  postBoot,
];
