/** A kernel value that a file sets. */
export interface SysctlValue {
  /** Parts of the name, such as `["net", "ipv4", "ip_forward"]`; a part may be a pattern. */
  key: string[];
  value: string;
  /** A `-` in front: that the key does not exist is no fault. */
  optional: boolean;
  /** From 1. */
  line: number;
}

export interface SysctlFile {
  values: SysctlValue[];
  /** Lines that are neither comment nor setting. */
  notUnderstood: { line: number; text: string }[];
}

/** Blanks in a value say nothing: the kernel shows tabs where files have spaces. */
export const normalise = (value: string) => value.trim().split(/\s+/).join(' ');

/**
 * Parts of a key. The first separator tells what the other one means: `net.ipv4.conf.eth0/1.forwarding` and
 * `net/ipv4/conf/eth0.1/forwarding` are the same (sysctl.d(5)).
 * @returns undefined for what is no key, such as one that leads out of /proc/sys
 */
export function partsOfKey(key: string): string[] | undefined {
  const slash = key.indexOf('/');
  const dot = key.indexOf('.');
  const slashes = slash >= 0 && (dot < 0 || slash < dot);
  const parts = slashes ? key.split('/') : key.split('.').map((part) => part.replaceAll('/', '.'));
  const valid =
    parts.length > 1 && parts.every((part) => /^[^\s/]+$/.test(part) && part !== '.' && part !== '..');
  return valid ? parts : undefined;
}

/** Parses sysctl.conf(5); later lines of the same key come later in the result. */
export function parseSysctlFile(text: string): SysctlFile {
  const file: SysctlFile = { values: [], notUnderstood: [] };
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  for (let index = 0; index < lines.length; index++) {
    const raw = lines[index] ?? '';
    // Most lines of the usual files: a boot reads them without a compiler.
    if (raw === '' || raw.startsWith('#')) continue;
    const content = raw.trim();
    if (content === '' || content.startsWith('#') || content.startsWith(';')) continue;
    const [, dash, name = '', value = ''] = /^(-?)\s*([^=\s]+)\s*=(.*)$/.exec(content) ?? [];
    const key = partsOfKey(name);
    const line = index + 1;
    if (key === undefined) file.notUnderstood.push({ line, text: content });
    else file.values.push({ key, value: normalise(value), optional: dash === '-', line });
  }
  return file;
}
