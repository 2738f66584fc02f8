/** A piece of a program's work. */
export interface Piece {
  readonly name: string;
  /** What the program itself used, in thousands of instructions. */
  readonly own: number;
  /** The same of all processes of its unit. */
  readonly all: number;
}

const LARGEST = 10;

/**
 * Reads what programs noted down.
 * @param text lines of two numbers and a name, as src/machine/runtime/marks.ts leaves them
 * @throws Error that names a line that is none
 */
export function parseMarks(text: string): Piece[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, own, all, name] = /^(-?\d+) (-?\d+) (.+)$/.exec(line) ?? [];
      if (name === undefined) throw new Error(`this is no mark: ${line}`);
      return { name, own: Number(own), all: Number(all) };
    });
}

/** Such as `12.3`: millions of instructions. */
const millions = (thousands: number) => (thousands / 1000).toFixed(1);

const row = ({ name, own, all }: Piece) =>
  `${millions(all).padStart(8)} ${millions(own).padStart(8)}  ${name}\n`;

/**
 * The largest pieces, then all in their order, in millions of instructions: of the unit, of the program, and what it was.
 * @param title what they are of
 */
export function renderPieces(title: string, pieces: readonly Piece[]): string {
  const largest = pieces.toSorted((one, other) => other.all - one.all).slice(0, LARGEST);
  const sum = pieces.reduce((total, { all }) => total + all, 0);
  return [
    `${title}: ${millions(sum)} million instructions; the ${LARGEST} largest pieces (all, of the program itself):\n`,
    ...largest.map(row),
    'all in their order:\n',
    ...pieces.map(row),
  ].join('');
}
