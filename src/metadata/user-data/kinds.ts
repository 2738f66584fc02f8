/** The first bytes, in which MIME names itself, as cloud-init looks for it. */
const START_BYTES = 4096;

/** What a part of user-data is. */
export type Kind =
  | 'script'
  | 'script-each-boot'
  | 'boothook'
  | 'cloud-config'
  | 'archive'
  | 'template'
  | 'mime'
  | { refused: string; instead: string };

const HERE = { instead: 'what it stands for, here' };
const INCLUDE: Kind = { refused: 'an #include of other addresses', ...HERE };
const PART_HANDLER: Kind = {
  refused: 'a #part-handler, a program of cloud-init',
  instead: 'a script that begins with "#!"',
};
const JSONP: Kind = { refused: 'a #cloud-config-jsonp', instead: 'a #cloud-config' };
const KNOWN = '"#cloud-config", "#!" and the path of an interpreter, or "#cloud-boothook" in the first line';

/** How parts begin, without case, behind white space (cloud-init, handlers/__init__.py). */
const BEGINNINGS: readonly [RegExp, Kind][] = [
  [/^#!/, 'script'],
  [/^#cloud-config-archive/i, 'archive'],
  [/^#cloud-config-jsonp/i, JSONP],
  [/^#cloud-config/i, 'cloud-config'],
  [/^#cloud-boothook/i, 'boothook'],
  [/^#include/i, INCLUDE],
  [/^#part-handler/i, PART_HANDLER],
  [/^## template:/i, 'template'],
];

const TYPES: Readonly<Record<string, Kind>> = {
  'text/cloud-config': 'cloud-config',
  'text/cloud-config-archive': 'archive',
  'text/cloud-boothook': 'boothook',
  'text/jinja2': 'template',
  'text/x-shellscript': 'script',
  'text/x-shellscript-per-once': 'script',
  'text/x-shellscript-per-instance': 'script',
  'text/x-shellscript-per-boot': 'script-each-boot',
  'text/x-include-url': INCLUDE,
  'text/x-include-once-url': INCLUDE,
  'text/part-handler': PART_HANDLER,
  'text/cloud-config-jsonp': JSONP,
};

/** Types of parts whose first line says what they are. */
const BY_CONTENT = ['text/plain', 'text/x-not-multipart', 'application/octet-stream'];

/** What people send instead, each by its mistake. */
const LOOKS: readonly [RegExp, string][] = [
  // Without zeros two bytes of a mark and the first character are left.
  [/^(?:\ufffd\ufffd)?\0?[#\w]\0/, 'text in UTF-16, where UTF-8 is read'],
  [/^[A-Za-z0-9+/\s]{16,}={0,2}\s*$/, 'text that looks like base64, which the host should have undone'],
  [/^#[ _]*cloud[ _-]*config\s*$/im, 'a "#cloud-config" that is written otherwise, or not in the first line'],
  [/^(?:---\s+)?[A-Za-z][\w-]*:(?:\s|$)/, 'YAML without "#cloud-config" in front'],
  [/^\{\s*"/, 'JSON without "#cloud-config" in front'],
];

const startOf = (bytes: Uint8Array) => Buffer.from(bytes.subarray(0, START_BYTES)).toString();

/** The kind by how bytes begin; MIME is looked for where they are a whole, and no part of something. */
export function kindOfBytes(bytes: Uint8Array, isWhole: boolean): Kind {
  const start = startOf(bytes);
  if (isWhole && /^mime-version:/im.test(start)) return 'mime';
  // A byte order mark is no white space to cloud-init.
  const text = start.replace(/^[\t-\r ]+/, '');
  const [, kind] = BEGINNINGS.find(([pattern]) => pattern.test(text)) ?? [];
  return kind ?? { refused: describeUnknown(start, text), instead: KNOWN };
}

/**
 * The kind of a part that has a type of MIME.
 * @param isGzip its type was about the packed bytes
 */
export function kindOfPart(type: string | undefined, bytes: Uint8Array, isGzip: boolean): Kind {
  const kind = type !== undefined && Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (kind !== undefined) return kind;
  if (type === undefined || isGzip || BY_CONTENT.includes(type)) return kindOfBytes(bytes, false);
  return {
    refused: 'a part of a type that is not known',
    instead: 'text/cloud-config or text/x-shellscript',
  };
}

function describeUnknown(start: string, text: string): string {
  if (start.startsWith('\ufeff')) return 'text behind a byte order mark';
  return LOOKS.find(([pattern]) => pattern.test(text))?.[1] ?? 'text of no known kind';
}
