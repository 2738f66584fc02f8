import { quote } from '../fields/problem.ts';
import type { TextFault } from '../fields/utf8-text.ts';

/** What templates may name, by names such as `v1.instance_id`. */
export type InstanceData = ReadonlyMap<string, string>;

/** Characters that may come of variables. */
const FILLED_LIMIT = 1024 * 1024;
/** Characters of a value; longer ones are none of what templates are made for. */
const VALUE_LIMIT = 1024;

/** The first line of a template (cloud-init, templater.py). */
const HEADING = /^[\t-\r ]*## template:[ \t]*(\S*)[^\n]*(?:\n|$)/i;
/** Longest first, so that the end of what is no variable is seen as such. */
const TAG = /\{\{-?([^{}]{0,200}?)-?\}\}|\{[{%#]/g;
/** Parts by dots, or by quoted names in brackets. */
const VARIABLE = /^\s*([A-Za-z_]\w*(?:\.\w+|\[(?:"[\w-]+"|'[\w-]+')\])*)\s*$/;

/**
 * The data that templates may name (https://cloudinit.readthedocs.io/en/latest/explanation/instancedata.html).
 * @param metaData by the keys of the source
 */
export function instanceDataOf(said: {
  instanceId?: string;
  hostName?: string;
  metaData?: Readonly<Record<string, string>>;
}): InstanceData {
  const { instanceId, hostName, metaData = {} } = said;
  const data = new Map<string, string>();
  const set = (name: string, value: string | undefined) => {
    // A name that is an operand of "-" in a template has "_" there.
    if (value !== undefined && value.length <= VALUE_LIMIT) data.set(normalName(name), value);
  };
  for (const [key, value] of Object.entries(metaData)) set(`ds.meta_data.${key}`, value);
  for (const prefix of ['', 'v1.']) {
    set(`${prefix}instance_id`, instanceId);
    set(`${prefix}local_hostname`, hostName);
  }
  return data;
}

const normalName = (name: string) => name.replaceAll('-', '_');

/**
 * Fills in a template of Jinja that has variables alone.
 * @returns the text without the heading, whose line is left empty so that all lines keep their numbers
 */
export function renderTemplate(text: string, data: InstanceData): { text: string } | { fault: TextFault } {
  const [heading = '', language = ''] = HEADING.exec(text) ?? [];
  if (language.toLowerCase() !== 'jinja')
    return { fault: { found: `a template of ${quote(language)}`, expected: '"## template: jinja"' } };
  let fault: TextFault | undefined;
  let left = FILLED_LIMIT;
  const filled = text.slice(heading.length).replace(TAG, (tag, inside: string | undefined) => {
    if (fault !== undefined) return '';
    const [, name] = VARIABLE.exec(inside ?? '') ?? [];
    const value = name === undefined ? undefined : data.get(plainName(name));
    left -= value?.length ?? 0;
    fault ??= value === undefined ? faultOf(tag, name, data) : undefined;
    fault ??=
      left < 0
        ? { found: 'a template that becomes more', expected: `${FILLED_LIMIT} characters` }
        : undefined;
    return fault === undefined ? (value ?? '') : '';
  });
  return fault === undefined ? { text: heading.replace(/[^\n]/g, '') + filled } : { fault };
}

const plainName = (name: string) => normalName(name.replace(/\[["']([\w-]+)["']\]/g, '.$1'));

function faultOf(tag: string, name: string | undefined, data: InstanceData): TextFault {
  if (name === undefined)
    return {
      found: `${quote(tag)} in a template`,
      expected: 'variables alone, such as {{ v1.instance_id }}',
    };
  const known = [...data.keys()].filter((key) => key.includes('.')).slice(0, 20);
  return {
    found: `the variable ${quote(name)}`,
    expected: `one of ${known.join(', ') || 'none: nothing is known'}`,
  };
}
