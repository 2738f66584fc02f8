/**
 * Type flags of blocks that only say something about the next member: pax headers for one member and for all
 * (POSIX.1-2017, pax), long names and long link targets of GNU tar.
 */
const EXTENSION_TYPES = ['x', 'g', 'L', 'K'];

/** Bytes of an extension that are read; names that are taken have at most 255. */
export const EXTENSION_BYTES_LIMIT = 65_536;

/** What extension headers say about the next member. */
export interface Extension {
  name?: string;
  size?: number;
  /** Where it is a link: a few words on how that was said. */
  link?: string;
}

export function isExtension(type: string): boolean {
  return EXTENSION_TYPES.includes(type);
}

/**
 * Adds the content of an extension header to what others said about the same member. Returns a few words on what
 * cannot be taken: sparse files, a name or size that is said twice or for all members, broken records.
 */
export function readExtension(type: string, content: Uint8Array, said: Extension): string | undefined {
  if (type === 'K') {
    said.link = 'a link with a long target';
    return undefined;
  }
  if (type === 'L') {
    const name = Buffer.from(content).toString('latin1').replace(/\0+$/, '');
    return addName(name, said);
  }
  const records = paxRecords(content);
  if (records === undefined) {
    return 'a broken pax header';
  }
  for (const [key, value] of records) {
    const fault = readPaxRecord(type, key, value, said);
    if (fault !== undefined) {
      return fault;
    }
  }
  return undefined;
}

/** Times, owners and the like are passed over: members are stored with an owner and mode of our own. */
function readPaxRecord(type: string, key: string, value: string, said: Extension): string | undefined {
  if (/^(?:GNU\.sparse\..*|SCHILY\.(?:realsize|filetype))$/.test(key)) return 'a sparse or special file';
  if (key === 'linkpath') said.link = 'a link';
  if (key !== 'path' && key !== 'size') {
    return undefined;
  }
  if (type === 'g') {
    return `a ${key} for all members`;
  }
  if (key === 'path') {
    return addName(value, said);
  }
  if (said.size !== undefined || !/^[0-9]{1,15}$/.test(value)) {
    return 'a size said twice, or that is no number';
  }
  said.size = Number(value);
  return undefined;
}

function addName(name: string, said: Extension): string | undefined {
  if (said.name !== undefined) {
    return 'a name said twice';
  }
  said.name = name;
  return undefined;
}

/**
 * Records `LENGTH KEY=VALUE\n` of a pax header, LENGTH in bytes with itself; undefined if one of them is not. Text is
 * taken byte by byte; who stores a name decides what encoding it is in.
 */
function paxRecords(content: Uint8Array): [string, string][] | undefined {
  const text = Buffer.from(content).toString('latin1');
  const records: [string, string][] = [];
  let at = 0;
  while (at < text.length) {
    const digits = /^[1-9][0-9]{0,5}(?= )/.exec(text.slice(at, at + 7))?.[0];
    const end = at + Number(digits);
    if (digits === undefined || end > text.length || text[end - 1] !== '\n') {
      return undefined;
    }
    const record = text.slice(at + digits.length + 1, end - 1);
    const equals = record.indexOf('=');
    if (equals < 1) {
      return undefined;
    }
    records.push([record.slice(0, equals), record.slice(equals + 1)]);
    at = end;
  }
  return records;
}
