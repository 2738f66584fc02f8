import { isTexts } from '../machine/formats/shape.ts';
import { sha256 } from '../machine/runtime/digest.ts';

/** Digest of what the host asked for when a step, or a part of one, was last applied, by name. */
export type AppliedDigests = Readonly<Record<string, string>>;

/** What an interface was given last. */
export type AppliedInterface =
  /** What the host asks for it, by its digest. */
  | { kind: 'configured'; digest: string }
  /** DHCP for as long as it was there, for the host said nothing of it. */
  | { kind: 'dhcp' }
  /** No address. */
  | { kind: 'none' }
  /** The host does not name it any more: what it asks for one that comes again is new. */
  | { kind: 'withdrawn' };

/** The resolver that the network manager's files were given last; empty: none. */
export interface AppliedResolver {
  kind: 'resolver';
  servers: readonly string[];
  searchDomains: readonly string[];
}

/**
 * What is kept of what was applied: a digest, where only a difference matters; data, where it is asked for again. A
 * record of a version before has text for both.
 */
export type AppliedValue = string | AppliedInterface | AppliedResolver;
export type AppliedRecord = Readonly<Record<string, AppliedValue>>;

/** Whether a value that was read from a record is one of these. */
export function isAppliedValue(value: unknown): value is AppliedValue {
  if (typeof value !== 'object' || value === null) return typeof value === 'string';
  const { kind, digest, servers, searchDomains } = value as Record<string, unknown>;
  switch (kind) {
    case 'configured':
      return typeof digest === 'string';
    case 'resolver':
      return isTexts(servers) && isTexts(searchDomains);
    default:
      return kind === 'dhcp' || kind === 'none' || kind === 'withdrawn';
  }
}

/**
 * Digest of what is wanted, to tell whether the host asks for something new.
 * @param wanted JSON data; keys are compared in the order given
 * @returns 64 hexadecimal digits (SHA-256); a password hash cannot be read back from it
 */
export function digestOf(wanted: unknown): string {
  return sha256(JSON.stringify(wanted));
}
