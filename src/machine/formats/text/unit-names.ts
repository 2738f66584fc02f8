/** Longest name of a unit (UNIT_NAME_MAX in systemd's src/basic/unit-def.h). */
const LONGEST_NAME = 255;

/** What stands for itself in the name of a unit made from a path (systemd.unit(5), "String Escaping for Inclusion in Unit Names"). */
const PLAIN = /^[A-Za-z0-9:_.]$/;

function escapeByte(byte: number, index: number): string {
  const character = String.fromCharCode(byte);
  if (character === '/') return '-';
  const isPlain = PLAIN.test(character) && !(index === 0 && character === '.');
  return isPlain ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
}

/**
 * A path as systemd-escape(1) makes it part of the name of a unit with `--path`.
 * @param path absolute, below `/`, without a slash at its end
 */
export function escapePath(path: string): string {
  return [...Buffer.from(path.slice(1))].map(escapeByte).join('');
}

/** The name of a unit for a path, such as `srv-data.mount`; undefined where it would be too long. */
export function unitForPath(path: string, suffix: string): string | undefined {
  const name = `${escapePath(path)}.${suffix}`;
  return name.length <= LONGEST_NAME ? name : undefined;
}
