import { encodeText } from '../../machine/formats/text-bytes.ts';
import { parseJsonText } from '../fields/json-text.ts';

/** How deep `cloud-init` may lie in itself. */
const LEVELS = 8;

/**
 * What a `vendor_data.json` has for the guest: the text below its key `cloud-init`, or each of a list of texts; the file itself
 * where it is no JSON. Other keys are for other programs.
 */
export function vendorParts(bytes: Uint8Array): Uint8Array[] {
  const parsed = parseJsonText(bytes);
  // What is wrong with it is told as of user-data.
  if ('fault' in parsed) return bytes.length === 0 ? [] : [bytes];
  return textsOf(parsed.document, LEVELS).map(encodeText);
}

function textsOf(value: unknown, levels: number): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (levels === 0 || typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value))
    return value.flatMap((item) => (typeof item === 'string' ? textsOf(item, 0) : []));
  return textsOf((value as Record<string, unknown>)['cloud-init'], levels - 1);
}
