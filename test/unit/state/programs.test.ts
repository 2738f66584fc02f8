import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PROGRAMS } from '../../../src/state/programs.ts';

const unitText = (name: string) => readFileSync(`units/${name}`, 'utf8');

describe('the table of programs', () => {
  const units = PROGRAMS.flatMap(({ name, units }) => units.map((unit) => ({ program: name, ...unit })));

  it.each(units)('has of $name what the unit says', ({ program, name, order }) => {
    const text = unitText(name);
    expect(text).toMatch(new RegExp(`^ExecStart=.*\\b${program}\\b`, 'm'));
    const conditions = [...text.matchAll(/^ConditionPathExists=(\/run\/\S+)$/gm)].map(([, path]) => path);
    expect(conditions).toEqual(order === undefined ? [] : [order]);
  });

  it('has all programs that are installed, in the order of a boot', () => {
    const install = readFileSync('packaging/install.sh', 'utf8');
    const links = readFileSync('packaging/mdata-links.sh', 'utf8');
    const namesIn = (text: string) => (/^for program in (.*); do$/m.exec(text)?.[1] ?? '').split(' ');
    const own = namesIn(install).map((name) => `gandi-${name}`);
    expect(PROGRAMS.map(({ name }) => name)).toEqual([...own, ...namesIn(links)]);
  });
});
