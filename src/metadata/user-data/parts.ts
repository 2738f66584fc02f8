import { gunzipBytes, isGzip } from '../../machine/formats/gunzip-bytes.ts';
import { describeYaml, quoteKey } from '../fields/map-reader.ts';
import { decodeUtf8 } from '../fields/utf8-text.ts';
import {
  isYamlList,
  isYamlMap,
  isYamlScalar,
  LONG_YAML_BYTES_LIMIT,
  parseYamlText,
  type YamlMap,
  type YamlValue,
} from '../fields/yaml/yaml-text.ts';
import type { Group, Problem } from '../guest-config.ts';
import { type Kind, kindOfBytes, kindOfPart } from './kinds.ts';
import { parseMime } from './mime.ts';
import { type InstanceData, renderTemplate } from './template.ts';

/** A part of user-data, unpacked and filled in. */
export interface Part {
  /** For people, such as `user-data` or `user-data part 2 (setup.sh)`. */
  label: string;
  kind: 'script' | 'script-each-boot' | 'boothook' | 'cloud-config';
  bytes: Uint8Array;
  /** As the part is called; else by its number, as cloud-init does it. */
  fileName: string;
  mergeHow?: string;
}

/** Bytes that may come of all packed parts together. */
const UNPACKED_BYTES_LIMIT = 32 * 1024 * 1024;
/** Bytes of a template. */
const TEMPLATE_BYTES_LIMIT = 1024 * 1024;
const PARTS_LIMIT = 100;
/** How often something may be packed in something. */
const LEVELS_LIMIT = 8;

interface Place {
  label: string;
  level: number;
  type?: string;
  fileName?: string;
  mergeHow?: string;
  /** Of a message or an archive; only a whole is looked at for MIME. */
  isPart?: boolean;
  /** Its type was about the packed bytes. */
  wasGzip?: boolean;
}

/**
 * Takes user-data apart: gzip on each level, MIME, archives of cloud-init, templates. What is refused, or broken, is one
 * problem and costs that part alone.
 * @param file `user-data` or `vendor-data`
 */
export function splitUserData(
  bytes: Uint8Array,
  file: string,
  data: InstanceData,
): { parts: Part[]; problems: Problem[] } {
  const splitter = new Splitter(data);
  splitter.take(bytes, { label: file, level: 0 });
  return splitter;
}

/** Byte 0x20 and those of tabulators and line ends. */
const isBlank = (bytes: Uint8Array): boolean =>
  bytes.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));

class Splitter {
  readonly parts: Part[] = [];
  readonly problems: Problem[] = [];
  readonly #data: InstanceData;
  #left = UNPACKED_BYTES_LIMIT;
  #taken = 0;

  constructor(data: InstanceData) {
    this.#data = data;
  }

  take(bytes: Uint8Array, place: Place): void {
    if (isBlank(bytes)) return;
    this.#taken += 1;
    if (this.#taken > PARTS_LIMIT || place.level > LEVELS_LIMIT) {
      if (this.problems.every(({ found }) => found !== 'more parts'))
        this.#refuse(place.label, 'more parts', `at most ${PARTS_LIMIT}, ${LEVELS_LIMIT} in each other`);
      return;
    }
    if (isGzip(bytes)) {
      this.#unpack(bytes, place);
      return;
    }
    const { isPart, type, wasGzip } = place;
    const kind = isPart ? kindOfPart(type, bytes, wasGzip === true) : kindOfBytes(bytes, true);
    this.#takeKind(kind, bytes, place);
  }

  #takeKind(kind: Kind, bytes: Uint8Array, place: Place): void {
    if (typeof kind === 'object') {
      this.#refuse(place.label, kind.refused, kind.instead);
      return;
    }
    switch (kind) {
      case 'mime':
        this.#takeMime(bytes, place);
        return;
      case 'archive':
        this.#takeArchive(bytes, place);
        return;
      case 'template':
        this.#takeTemplate(bytes, place);
        return;
      default: {
        const {
          label,
          mergeHow,
          fileName = `part-${String(this.parts.length + 1).padStart(3, '0')}`,
        } = place;
        const part = { label, kind, bytes, fileName };
        this.parts.push(mergeHow === undefined ? part : { ...part, mergeHow });
      }
    }
  }

  #unpack(bytes: Uint8Array, place: Place): void {
    const unpacked = gunzipBytes(bytes, this.#left);
    if (unpacked === undefined) {
      const expected = `whole gzip of at most ${UNPACKED_BYTES_LIMIT} bytes altogether`;
      this.#refuse(place.label, 'gzip that is damaged or becomes too much', expected);
      return;
    }
    this.#left -= unpacked.length;
    this.take(unpacked, { ...place, level: place.level + 1, wasGzip: true });
  }

  #takeMime(bytes: Uint8Array, { label, level }: Place): void {
    const { leaves, faults } = parseMime(bytes);
    for (const { found, expected } of faults) this.#refuse(label, found, expected);
    for (const [index, { bytes: content, ...leaf }] of leaves.entries())
      this.#takePart(content, leaf, partLabel(label, index, leaf.fileName), level + 1);
  }

  #takeArchive(bytes: Uint8Array, { label, level }: Place): void {
    const parsed = parseYamlText(bytes, LONG_YAML_BYTES_LIMIT);
    if ('fault' in parsed) {
      this.#refuse(label, parsed.fault.found, parsed.fault.expected);
      return;
    }
    const { document = [] } = parsed;
    if (!isYamlList(document)) {
      this.#refuse(label, describeYaml(document), 'a list of parts');
      return;
    }
    for (const [index, item] of document.entries()) {
      const entry = archiveEntry(item);
      if (entry === undefined)
        this.#refuse(partLabel(label, index), 'a part without text', 'a text, or a map with "content"');
      else {
        const { content, ...rest } = entry;
        this.#takePart(content, rest, partLabel(label, index, rest.fileName), level + 1);
      }
    }
  }

  #takePart(
    bytes: Uint8Array,
    said: Pick<Place, 'type' | 'fileName' | 'mergeHow'>,
    label: string,
    level: number,
  ) {
    this.take(bytes, { ...said, label, level, isPart: true });
  }

  /** What comes of it is looked at anew: its own type said that it is a template. */
  #takeTemplate(bytes: Uint8Array, place: Place): void {
    const decoded = decodeUtf8(bytes, TEMPLATE_BYTES_LIMIT, 'a template');
    const rendered = 'fault' in decoded ? decoded : renderTemplate(decoded.text, this.#data);
    if ('fault' in rendered) {
      this.#refuse(place.label, rendered.fault.found, rendered.fault.expected);
      return;
    }
    const content = Buffer.from(rendered.text);
    const kind = kindOfBytes(content, false);
    if (kind === 'template') {
      this.#refuse(place.label, 'a template in a template', 'one heading');
      return;
    }
    this.#takeKind(kind, content, place);
  }

  #refuse(path: string, found: string, expected: string): void {
    const group: Group = 'source';
    this.problems.push({ group, path, found, expected });
  }
}

function partLabel(label: string, index: number, fileName?: string): string {
  return `${label} part ${index + 1}${fileName === undefined ? '' : ` (${quoteKey(fileName)})`}`;
}

/** A text, or a map with type, content and a file's name (cloud-init, user_data.py, _explode_archive). */
function archiveEntry(
  item: YamlValue,
): { content: Uint8Array; type?: string; fileName?: string } | undefined {
  if (isYamlScalar(item)) return { content: Buffer.from(item.text) };
  if (!isYamlMap(item)) return undefined;
  const content = textOf(item, 'content');
  if (content === undefined) return undefined;
  const [type, fileName] = [textOf(item, 'type')?.toLowerCase(), textOf(item, 'filename')];
  return {
    content: Buffer.from(content),
    ...(type === undefined ? {} : { type }),
    ...(fileName === undefined ? {} : { fileName }),
  };
}

function textOf(map: YamlMap, key: string): string | undefined {
  const value = map.get(key);
  return value !== undefined && isYamlScalar(value) ? value.text : undefined;
}
