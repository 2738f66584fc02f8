import { encodeText } from '../../machine/formats/text/text-bytes.ts';
import { parseJsonText } from '../fields/json/json-text.ts';
import type { Problem } from '../guest-config.ts';

/** How deep `cloud-init` may lie in itself. */
const LEVELS = 8;
const KEY = 'cloud-init';

/** What a `vendor_data.json` has for the guest, and what of it is not done. */
export interface VendorData {
  parts: Uint8Array[];
  problems: Problem[];
}

/**
 * What a `vendor_data.json` has for the guest: the text below its key `cloud-init`, or each of a list of texts; the file itself
 * where it is no JSON. Other keys are for other programs. cloud-init takes no other value of its key either.
 */
export function readVendorData(bytes: Uint8Array): VendorData {
  const parsed = parseJsonText(bytes);
  // What is wrong with it is told as of user-data.
  if ('fault' in parsed) return { parts: bytes.length === 0 ? [] : [bytes], problems: [] };
  const data: VendorData = { parts: [], problems: [] };
  take(parsed.document, '', LEVELS, data);
  return data;
}

function take(value: unknown, path: string, levels: number, data: VendorData): void {
  if (typeof value === 'string') data.parts.push(...(value === '' ? [] : [encodeText(value)]));
  else if (Array.isArray(value)) takeList(value, path, data);
  else if (isMap(value) && (path === '' || Object.hasOwn(value, KEY)) && levels > 0)
    take(value[KEY], path === '' ? KEY : `${path}.${KEY}`, levels - 1, data);
  else if (path !== '' && value !== undefined && value !== null) refuse(value, path, data);
}

function takeList(items: readonly unknown[], path: string, data: VendorData): void {
  for (const item of items) if (typeof item === 'string') take(item, path, 0, data);
  const index = items.findIndex((item) => typeof item !== 'string');
  // One line for all of them.
  if (index !== -1) refuse(items[index], `${path}[${index}]`, data);
}

function refuse(value: unknown, path: string, { problems }: VendorData): void {
  problems.push({
    group: 'source',
    path: `vendor_data.json ${path}`,
    found: `${kindOf(value)}, which is not used`,
    expected: 'a text, such as "#cloud-config" and the lines behind it, or a list of texts',
  });
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const kindOf = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list';
  if (value === null) return 'nothing';
  return isMap(value) ? 'a map' : `a ${typeof value}`;
};
