import { expect, it } from 'vitest';
import { parseMarks, renderPieces } from '../../../bench/pieces.ts';

const MARKS = '1500 2500 settings read\n-1 40000 made: run useradd (make the user)\n';

it('shows the largest pieces, then all in their order, in millions', () => {
  expect(renderPieces('toolkit', parseMarks(MARKS))).toBe(
    [
      'toolkit: 42.5 million instructions; the 10 largest pieces (all, of the program itself):',
      '    40.0     -0.0  made: run useradd (make the user)',
      '     2.5      1.5  settings read',
      'all in their order:',
      '     2.5      1.5  settings read',
      '    40.0     -0.0  made: run useradd (make the user)',
      '',
    ].join('\n'),
  );
});

it('names a line that is no mark', () => {
  expect(() => parseMarks('1 2 good\nbad\n')).toThrow('this is no mark: bad');
});
