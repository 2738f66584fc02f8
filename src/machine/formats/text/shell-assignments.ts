/** One `NAME=value`, read without a shell. */
export interface ShellAssignment {
  /** From 1. */
  line: number;
  name: string;
  /** Undefined where only a shell could tell, as for `$HOME` or a command substitution. */
  value: string | undefined;
  /** What is odd about it, although it was understood. */
  remark?: string;
}

/** A line, or what is left of one, that is no assignment. */
export interface NotUnderstood {
  line: number;
  text: string;
}

export interface ShellAssignments {
  assignments: ShellAssignment[];
  notUnderstood: NotUnderstood[];
}

interface Word {
  value: string | undefined;
  /** Where the text goes on behind the word. */
  end: number;
  remark?: string;
}

/** In characters; no setting needs more, and a line that goes on for ever is not searched for quotes. */
const LONGEST_LINE = 4096;

/** Most lines that are no comments: nothing that a shell would look at. */
const PLAIN_ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)=([A-Za-z0-9_.,:/@%+-]*)$/;

/** Blanks around `=` are taken for what was meant, so that a thing turned off stays off. */
const ASSIGNMENT = /^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)([ \t]*)=([ \t]*)/;
const EXPORTED_NAMES = /^export([ \t]+[A-Za-z_][A-Za-z0-9_]*)+[ \t]*$/;

/** Pieces of a word: '…', "…" with escapes, an escaped character, or plain text (POSIX shell, 2.2 Quoting). */
const PIECE = /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^'"\\\s;&|]+)/y;

const NEEDS_SHELL = /[$`]/;

/** In double quotes a backslash is taken away only before these; other pairs stay as they are (2.2.3). */
const unescapeQuoted = (text: string) => text.replace(/\\(["\\$`])/g, '$1');

function readWord(text: string, start: number): Word {
  let value = '';
  let needsShell = false;
  let end = start;
  for (;;) {
    PIECE.lastIndex = end;
    const match = PIECE.exec(text);
    if (!match) break;
    const [piece, single, double, escaped, plain] = match;
    const expanded = plain ?? double?.replace(/\\./g, '') ?? '';
    needsShell ||= NEEDS_SHELL.test(expanded);
    value += single ?? escaped ?? plain ?? unescapeQuoted(double ?? '');
    end += piece.length;
  }
  const next = text[end];
  if (next === '"' || next === "'") {
    return { value: value + text.slice(end + 1).trim(), end: text.length, remark: 'a quote is not closed' };
  }
  if (next === '\\') end++;
  if (!needsShell) return { value, end };
  return { value: undefined, end, remark: 'variables and commands are not evaluated' };
}

/** Reads the assignment that a text begins with; undefined if it begins with none. */
function readAssignment(text: string, line: number): { found: ShellAssignment; end: number } | undefined {
  const match = ASSIGNMENT.exec(text);
  if (!match) return undefined;
  const [all, name = '', before, after] = match;
  const commentFollows = after !== '' && text[all.length] === '#';
  const word = commentFollows ? { value: '', end: all.length } : readWord(text, all.length);
  const spaced = before !== '' || (after !== '' && word.value !== '');
  const remark = word.remark ?? (spaced ? 'a shell allows no blanks around "="' : undefined);
  return {
    found: { line, name, value: word.value, ...(remark === undefined ? {} : { remark }) },
    end: word.end,
  };
}

function readLine(text: string, line: number, { assignments, notUnderstood }: ShellAssignments): void {
  let rest = text.trim();
  if (rest === '' || rest.startsWith('#')) return;
  const [, name, value] = PLAIN_ASSIGNMENT.exec(rest) ?? [];
  if (name !== undefined && rest.length <= LONGEST_LINE) {
    assignments.push({ line, name, value });
    return;
  }
  if (rest.length > LONGEST_LINE) {
    notUnderstood.push({ line, text: rest });
    return;
  }
  while (rest !== '' && !rest.startsWith('#') && !EXPORTED_NAMES.test(rest)) {
    const assignment = readAssignment(rest, line);
    if (assignment === undefined) {
      notUnderstood.push({ line, text: rest });
      return;
    }
    assignments.push(assignment.found);
    rest = rest.slice(assignment.end).replace(/^[\s;]+/, '');
  }
}

/**
 * Reads a file of shell variable assignments, such as os-release(5) or /etc/default/*, without evaluating anything.
 * @param text may have a byte order mark, CRLF line ends, `export`, either kind of quotes and comments
 * @returns assignments in the file's order, the same name possibly several times, and what is not an assignment
 */
export function parseShellAssignments(text: string): ShellAssignments {
  const found: ShellAssignments = { assignments: [], notUnderstood: [] };
  const body = text.replace(/^\uFEFF/, '');
  // An expression is tried at each character, which costs every start of a program half a million instructions.
  const lines = body.includes('\r') ? body.split(/\r\n|\n|\r/) : body.split('\n');
  for (const [index, line] of lines.entries()) readLine(line, index + 1, found);
  return found;
}
