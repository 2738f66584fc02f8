/** Most of a program's output that a report keeps: enough for its last words. */
const MOST_CHARACTERS = 2000;
const MOST_LINES = 20;

/**
 * The end of what a program printed, for a report and a terminal: whole lines where they are short enough, control
 * characters other than tab and newline as spaces, no newline at the end.
 */
export function endOfOutput(text: string): string {
  const end = text.slice(-MOST_CHARACTERS);
  const whole = text.length > MOST_CHARACTERS ? end.slice(end.indexOf('\n') + 1) : end;
  return (
    whole
      .trimEnd()
      .split(/\r?\n/)
      .slice(-MOST_LINES)
      .join('\n')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach a terminal
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, ' ')
  );
}
