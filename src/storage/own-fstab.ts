import { parseFstab } from '../machine/formats/text/fstab.ts';

export const FSTAB = '/etc/fstab';

/** Options of ours, which mount(8) and systemd pass over (`x-` of mount(8)): they say for what a line is ours. */
export const OWN_MOUNT = 'x-gandi.source';
export const OWN_SWAP = 'x-gandi.swap-file';

export type OwnMark = typeof OWN_MOUNT | typeof OWN_SWAP;

/** A line as it is to be written; fields are not escaped yet. */
export interface FstabLine {
  source: string;
  mountPoint: string;
  type: string;
  options: readonly string[];
  /** `fs_passno`: 2 for what is checked behind root. */
  pass: 0 | 2;
}

/** Blanks and what else would end a field, as octal escapes (fstab(5)). */
const escapeField = (field: string): string =>
  field.replaceAll(/[ \t\n\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);

function renderLine({ source, mountPoint, type, options, pass }: FstabLine): string {
  return [source, mountPoint, type, options.join(','), '0', String(pass)].map(escapeField).join('\t');
}

const isMarked = (line: string, mark: OwnMark): boolean => {
  const [, , , options = ''] = line.trim().split(/\s+/);
  return !line.trim().startsWith('#') && options.split(',').includes(mark);
};

/** The lines of one mark, and all others as they are. */
function split(text: string, mark: OwnMark): { own: string[]; others: string[] } {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return {
    own: lines.filter((line) => isMarked(line, mark)),
    others: lines.filter((line) => !isMarked(line, mark)),
  };
}

/** What the lines of that mark name. */
export const ownEntries = (text: string | undefined, mark: OwnMark) =>
  parseFstab(split(text ?? '', mark).own.join('\n'));

/** What all other lines name: the admin's, and those of another mark. */
export const otherEntries = (text: string | undefined, mark: OwnMark) =>
  parseFstab(split(text ?? '', mark).others.join('\n'));

/** /etc/fstab with these lines in place of all of that mark; others stay as they are. */
export function withOwnLines(text: string | undefined, mark: OwnMark, lines: readonly FstabLine[]): string {
  const { others } = split(text ?? '', mark);
  const own = lines.map((line) => renderLine({ ...line, options: [...line.options, mark] }));
  return [...others, ...own].map((line) => `${line}\n`).join('');
}
