/** Pieces of a word: '…', "…" with escapes, an escaped character, or plain text (POSIX shell, 2.2 Quoting). */
const PIECE = /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|([^'"\\\s]+)/y;

/**
 * Splits arguments into words the way a shell does, without evaluating anything: variables, patterns and commands stay
 * as they are written.
 * @returns the words; where a quote is not closed, the text split at its blanks
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length; ) {
    if (/\s/.test(text[at] ?? '')) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at++;
      continue;
    }
    PIECE.lastIndex = at;
    const match = PIECE.exec(text);
    if (match === null) return text.split(/\s+/).filter((piece) => piece !== '');
    const [piece, single, double, escaped, plain] = match;
    word = (word ?? '') + (single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? plain ?? '');
    at += piece.length;
  }
  return word === undefined ? words : [...words, word];
}
