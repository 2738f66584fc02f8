/** Longest name in bytes: a file name's 255 less room for a suffix. */
const LONGEST_BYTES = 240;

/** Names that are safe as they are, as most are. */
const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9+\-.=@_]*$/;

/**
 * What udev, too, keeps of a label in the names it makes (systemd, src/shared/udev-util.c), less `#` and `:`. Made where it is
 * needed: the runtime then lists all letters of Unicode, which takes 0.7 million instructions.
 */
const unsafe = () => /[^\p{L}\p{N}\p{M}+\-.=@_]/gu;

/** Cut at the end of a character. */
function shortened(name: string): string {
  const bytes = Buffer.from(name);
  return bytes.length <= LONGEST_BYTES
    ? name
    : bytes.toString('utf8', 0, LONGEST_BYTES).replace(/\ufffd+$/, '');
}

/**
 * The name of a directory for a label, or for a kernel name where there is none: one path component that is neither
 * hidden nor taken for an option, shows nothing but letters, digits and a few signs, and is the same each time.
 * @param label any text; blanks and whatever is not safe become `_`
 */
export function safeName(label: string): string {
  if (PLAIN.test(label)) return shortened(label);
  const plain = label.normalize('NFC').trim().replace(/\s+/g, '_').replace(unsafe(), '_');
  return shortened(plain.replace(/^[.-]/, '_') || '_');
}

/** `data`, `data_2`, `data_3` and so on, without end. */
export function* candidateNames(base: string): Generator<string, never> {
  yield base;
  for (let number = 2; ; number++) yield `${base}_${number}`;
}
