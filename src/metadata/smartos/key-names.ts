import type { Answer } from './protocol.ts';

/** What the host says to each key that it was asked for. */
export type Answers = Readonly<Record<string, Answer>>;

/** Keys of the host's own, which it never lists; all are asked for. */
export const HOST_KEYS = [
  'sdc:hostname',
  'sdc:dns_domain',
  'sdc:nics',
  'sdc:resolvers',
  'sdc:routes',
  'sdc:vendor-data',
  'sdc:operator-script',
] as const;

/** Keys of the customer's; those are asked for that the host lists. */
export const CUSTOMER_KEYS = [
  'hostname',
  'root_authorized_keys',
  'root_pw',
  'user-script',
  'user-data',
  'cloud-init:user-data',
  'base64_keys',
  'base64_all',
] as const;

/** What says the instance, where the firmware does not. */
export const UUID_KEY = 'sdc:uuid';

/** With `b64-` before it, a key that says whether it is in base64. */
export const base64Key = (key: string) => `b64-${key}`;

/** Those that may be (Triton's documentation, and no_base64_decode of cloud-init's DataSourceSmartOS.py). */
export const MAY_BE_BASE64: readonly string[] = ['hostname', 'user-data', 'cloud-init:user-data'];
