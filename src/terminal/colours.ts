import { styled } from '../machine/runtime/clean-text.ts';
import { isTerminal } from '../machine/runtime/output.ts';

/** Colours on a terminal, plain text anywhere else and where NO_COLOR is set (https://no-color.org). */
const coloured = isTerminal() && !process.env.NO_COLOR && process.env.TERM !== 'dumb';

/** By the numbers of ECMA-48, 8.3.117 (SGR). */
function style(begin: number, end: number): (text: string) => string {
  return (text) => (coloured ? styled(text, begin, end) : text);
}

const DEFAULT_COLOUR = 39;

export const colours = {
  bold: style(1, 22),
  red: style(31, DEFAULT_COLOUR),
  green: style(32, DEFAULT_COLOUR),
  yellow: style(33, DEFAULT_COLOUR),
  cyan: style(36, DEFAULT_COLOUR),
};
