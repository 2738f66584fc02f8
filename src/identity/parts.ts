import type { IdentityPart } from './part.ts';
import { dhcpLeases } from './parts/dhcp-leases.ts';
import { hostKeys } from './parts/host-keys.ts';
import { ofClusters, ofServices, renewedAtSealing } from './parts/left-to-admin.ts';
import { machineId } from './parts/machine-id.ts';
import { othersNetworkFiles, ownNetworkFiles } from './parts/network-files.ts';
import { networkManagerState } from './parts/network-manager.ts';
import { ownRecords } from './parts/own-records.ts';
import { randomSeed } from './parts/random-seed.ts';

/** All that tells a guest from its clones: first what a clone renews by itself, in this order; then what it only reports. */
export const IDENTITY_PARTS: readonly IdentityPart[] = [
  machineId,
  hostKeys,
  randomSeed,
  dhcpLeases,
  networkManagerState,
  ownNetworkFiles,
  ownRecords,
  othersNetworkFiles,
  renewedAtSealing,
  ofClusters,
  ofServices,
];
