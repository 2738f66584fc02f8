import type { Step } from '../plan/step.ts';
import { hostInit } from './host-init.ts';
import { identity } from './identity.ts';
import { kernelModules } from './kernel-modules.ts';
import { multiQueue } from './multiqueue.ts';
import { network } from './network.ts';
import { postBoot } from './post-boot.ts';
import { resizeMainDisk } from './resize-main-disk.ts';
import { resolver } from './resolver.ts';
import { swap } from './swap.ts';
import { sysctl } from './sysctl.ts';
import { users } from './users.ts';

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
  postBoot,
];
