/** All that {@link cleanText} may have to look at. Most lines are plain, with our own dashes and quotes, and cost one search. */
const NOT_PLAIN = /[^\n\t -~\u2010-\u2027]/;

/** The same of one line. */
const NOT_PLAIN_LINE = /[^ -~\u2010-\u2027]/;

// biome-ignore lint/suspicious/noControlCharactersInRegex: these move a terminal's cursor, or begin its commands
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/**
 * Characters that cannot be seen, or turn around or break what stands beside them: the format characters (Cf) and line
 * separators (Zl, Zp) of Unicode, such as those of writing direction, of zero width, and soft hyphens. By their numbers:
 * by their properties the expression costs more than the boots that print something but ASCII have to give.
 */
const FORMAT =
  /[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{110bd}\u{110cd}\u{13430}-\u{1343f}\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}]/gu;

/**
 * Begins a style of our own until it is written. Text of others cannot hold it, for each run has another.
 */
const STYLE = `\u001b${Math.random().toString(36).slice(2)}:`;

/**
 * Text of our own in a style of the terminal: the sequences pass {@link cleanText}, unlike those that others wrote.
 * @param begin number of ECMA-48's SGR that turns the style on, such as 31 for red
 * @param end number that turns it off
 */
export function styled(text: string, begin: number, end: number): string {
  return `${STYLE}${begin}m${text}${STYLE}${end}m`;
}

/** Text without the sequences of {@link styled}: what takes up room on a terminal. */
export function withoutStyles(text: string): string {
  return text
    .split(STYLE)
    .map((part, index) => (index === 0 ? part : part.slice(part.indexOf('m') + 1)))
    .join('');
}

function cleanPart(text: string): string {
  return text.replace(CONTROL, ' ').replace(FORMAT, '?');
}

/**
 * Text as it may reach a terminal or a log, whoever wrote parts of it: control characters other than newline and tab
 * become spaces, format characters question marks. It keeps its length in characters.
 */
export function cleanText(text: string): string {
  if (!NOT_PLAIN.test(text)) return text;
  const [first = '', ...others] = text.split(STYLE);
  const styles = others.map((part) => {
    const end = part.indexOf('m') + 1;
    return `\u001b[${part.slice(0, end)}${cleanPart(part.slice(end))}`;
  });
  return `${cleanPart(first)}${styles.join('')}`;
}

/** Text for one cell of a table or one line: as {@link cleanText} has it, newlines and tabs as spaces. Styles stay. */
export function cleanLine(text: string): string {
  if (!NOT_PLAIN_LINE.test(text)) return text;
  return text
    .split(STYLE)
    .map((part) => cleanPart(part).replace(/[\n\t]/g, ' '))
    .join(STYLE);
}

function asEscapes(character: string): string {
  const units = character.split('').map((unit) => unit.charCodeAt(0).toString(16).padStart(4, '0'));
  return units.map((unit) => `\\u${unit}`).join('');
}

function escapeHidden(json: string): string {
  return NOT_PLAIN.test(json) ? json.replace(CONTROL, asEscapes).replace(FORMAT, asEscapes) : json;
}

/** JSON for programs, with its newline. What is not plain is escaped: it reaches a terminal clean, and is not lost. */
export function cleanJson(value: unknown): string {
  return `${escapeHidden(JSON.stringify(value, null, 1))}\n`;
}

/** JSON in one line without a newline, escaped as by {@link cleanJson}. */
export function cleanJsonLine(value: unknown): string {
  return escapeHidden(JSON.stringify(value));
}
