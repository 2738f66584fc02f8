/** Longest name in bytes: a file name's 255 less room for a suffix. */
const LONGEST_BYTES = 240;

/** What udev, too, keeps of a label in the names it makes (systemd, src/shared/udev-util.c), less `#` and `:`. */
const UNSAFE = /[^\p{L}\p{N}\p{M}+\-.=@_]/gu;

function shortened(text: string): string {
  let name = text;
  while (Buffer.byteLength(name) > LONGEST_BYTES) name = [...name].slice(0, -1).join('');
  return name;
}

/**
 * The name of a directory for a label, or for a kernel name where there is none: one path component that is neither
 * hidden nor taken for an option, shows nothing but letters, digits and a few signs, and is the same each time.
 * @param label any text; blanks and whatever is not safe become `_`
 */
export function safeName(label: string): string {
  const plain = label.normalize('NFC').trim().replace(/\s+/g, '_').replace(UNSAFE, '_');
  return shortened(plain.replace(/^[.-]/, '_') || '_');
}

/** `data`, `data_2`, `data_3` and so on, without end. */
export function* candidateNames(base: string): Generator<string, never> {
  yield base;
  for (let number = 2; ; number++) yield `${base}_${number}`;
}
