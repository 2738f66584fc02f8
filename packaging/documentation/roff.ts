/** Characters of a line of source; mandoc(1) warns of more than 80. */
const LINE_LENGTH = 78;

/** Characters that groff_char(7) would show as others than they are. */
const ESCAPES = new Map([
  ['\\', '\\e'],
  ['-', '\\-'],
  ["'", '\\(aq'],
  ['"', '\\(dq'],
  ['`', '\\(ga'],
  ['^', '\\(ha'],
  ['~', '\\(ti'],
]);

/** Text that is shown as it is, on whatever line it stands. */
export function escapeText(text: string): string {
  return [...text]
    .map((character) => {
      const code = character.codePointAt(0) ?? 0;
      return code > 0x7e
        ? `\\[u${code.toString(16).toUpperCase().padStart(4, '0')}]`
        : (ESCAPES.get(character) ?? character);
    })
    .join('');
}

const bold = (text: string) => `\\fB${escapeText(text)}\\fR`;
const italic = (text: string) => `\\fI${escapeText(text)}\\fR`;

/** Text in which what stands between backquotes is shown in bold: names, and what is typed. */
export function inline(text: string): string {
  return text
    .split('`')
    .map((piece, index) => (index % 2 === 1 ? bold(piece) : escapeText(piece)))
    .join('');
}

/** Usage such as `--root <dir>`: what is typed in bold, what stands for something in italics. */
export function usage(text: string): string {
  return text
    .split(/(<[^>]*>|\[[^\]]*\])/)
    .filter((piece) => piece !== '')
    .map((piece) => {
      if (piece.startsWith('<')) return italic(piece.slice(1, -1));
      if (piece.startsWith('[')) return `[${italic(piece.slice(1, -1))}]`;
      return piece
        .split(/(,? +)/)
        .map((word) => (/^,? *$/.test(word) ? word : bold(word)))
        .join('');
    })
    .join('');
}

/** Lines of source with whole words. A line must not begin like a request (groff(7)). */
function fill(text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > LINE_LENGTH) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line].map((one) => (/^[.']/.test(one) ? `\\&${one}` : one)).join('\n');
}

export const paragraph = (text: string): string => `.PP\n${fill(inline(text))}\n`;
export const section = (title: string): string => `.SH ${escapeText(title).toUpperCase()}\n`;
export const subsection = (title: string): string => `.SS "${escapeText(title)}"\n`;

/**
 * An entry of a list.
 * @param tag roff, such as `usage` gives
 * @param text paragraphs, with backquotes for bold
 */
export function entry(tag: string, ...text: string[]): string {
  const [first = '', ...others] = text.map((one) => `${fill(inline(one))}\n`);
  return `.TP\n${tag}\n${first}${others.map((one) => `.IP\n${one}`).join('')}`;
}

/** An entry whose name is typed as it stands. */
export const namedEntry = (name: string, ...text: string[]): string => entry(bold(name), ...text);

/** NAME of a page: what whatis(1) and apropos(1) show, so one line of text, in lower case and without a full stop. */
export function nameSection(name: string, summary: string): string {
  const text = summary.charAt(0).toLowerCase() + summary.slice(1).replace(/\.$/, '');
  return `${section('name')}${fill(`${escapeText(name)} \\- ${inline(text)}`)}\n`;
}

export interface Release {
  version: string;
  /** ISO 8601. */
  date: string;
}

/**
 * A page of man(7).
 * @param volume number of its section of the manual
 */
export function renderPage(
  name: string,
  volume: number,
  { version, date }: Release,
  parts: readonly string[],
): string {
  const title = `.TH ${escapeText(name.toUpperCase())} ${volume} ${date} "gandi\\-guest ${version}"\n`;
  // Names of settings are not to be hyphenated. A heading begins a paragraph by itself.
  return `${title}.nh\n.ad l\n${parts.join('')}`.replace(/^(\.S[HS] .*\n)\.PP\n/gm, '$1');
}

/** Other pages, such as `gandi-mount(8)`, on one line. */
export function seeAlso(pages: readonly string[]): string {
  const references = pages.map((page) => {
    const [, name = page, volume = ''] = /^(.*)(\(\d\))$/.exec(page) ?? [];
    return `.BR ${escapeText(name)} ${volume}`;
  });
  return `${section('see also')}${references.join(' ,\n')}\n`;
}
