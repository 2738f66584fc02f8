import { sha256 } from '../machine/runtime/digest.ts';

/** Digest of what the host asked for when a step, or a part of one, was last applied, by name. */
export type AppliedDigests = Readonly<Record<string, string>>;

/**
 * Digest of what is wanted, to tell whether the host asks for something new.
 * @param wanted JSON data; keys are compared in the order given
 * @returns 64 hexadecimal digits (SHA-256); a password hash cannot be read back from it
 */
export function digestOf(wanted: unknown): string {
  return sha256(JSON.stringify(wanted));
}
