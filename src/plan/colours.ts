import { createColors } from 'picocolors';
import { isTerminal } from '../machine/output.ts';

/** Colours on a terminal, plain text anywhere else and where NO_COLOR is set (https://no-color.org). */
export const colours = createColors(isTerminal() && !process.env.NO_COLOR && process.env.TERM !== 'dumb');
