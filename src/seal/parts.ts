import type { SealPart } from './part.ts';
import { authorizedKeys } from './parts/authorized-keys.ts';
import { boot } from './parts/boot.ts';
import { caches } from './parts/caches.ts';
import { cloudInit } from './parts/cloud-init.ts';
import { credentialSecret } from './parts/credential-secret.ts';
import { history } from './parts/history.ts';
import { hostKeys } from './parts/host-keys.ts';
import { hostName } from './parts/host-name.ts';
import { ids } from './parts/ids.ts';
import { logs } from './parts/logs.ts';
import { machineId } from './parts/machine-id.ts';
import { network } from './parts/network.ts';
import { ourState } from './parts/our-state.ts';
import { passwords } from './parts/passwords.ts';
import { randomSeed } from './parts/random-seed.ts';
import { registration } from './parts/registration.ts';
import { swap } from './parts/swap.ts';
import { temporary } from './parts/temporary.ts';
import { timers } from './parts/timers.ts';
import { userSecrets } from './parts/user-secrets.ts';

/**
 * All parts in the order in which they are sealed. What our records tell of comes before these: whose passwords are the
 * host's. The machine ID is the last: the times of cron are told by it, and until then a boot is one of the old guest's.
 */
export const SEAL_PARTS: readonly SealPart[] = [
  passwords,
  authorizedKeys,
  userSecrets,
  history,
  registration,
  ids,
  credentialSecret,
  boot,
  timers,
  cloudInit,
  network,
  hostName,
  temporary,
  caches,
  hostKeys,
  randomSeed,
  swap,
  logs,
  ourState,
  machineId,
];
