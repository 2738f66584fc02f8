import { configdrive } from './configdrive/source.ts';
import { cpio } from './cpio/source.ts';
import { credentials } from './credentials/source.ts';
import { digitalocean } from './digitalocean/source.ts';
import { ec2 } from './ec2/source.ts';
import { gandi } from './gandi/source.ts';
import { gce } from './gce/source.ts';
import { hetzner } from './hetzner/source.ts';
import { nocloud } from './nocloud/source.ts';
import { openstack } from './openstack-service/source.ts';
import { scaleway } from './scaleway/source.ts';
import { smartos } from './smartos/source.ts';
import type { Source } from './source.ts';
import { vultr } from './vultr/source.ts';

/** Every source there is, in the order in which they are asked. */
export const SOURCES: readonly Source[] = [
  gandi,
  credentials,
  smartos,
  nocloud,
  configdrive,
  cpio,
  ec2,
  digitalocean,
  openstack,
  hetzner,
  vultr,
  scaleway,
  gce,
];
