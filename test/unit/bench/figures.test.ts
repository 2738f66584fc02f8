import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CHARTS, renderChart } from '../../../bench/chart.ts';
import { figuresOf } from '../../../bench/figures.ts';
import type { Sample } from '../../../bench/measure.ts';
import { SERVICES } from '../../../bench/measures/exposure.ts';
import { packageFiles } from '../../../bench/measures/package-sizes.ts';
import { renderFigures } from '../../../bench/table.ts';

const ours = {
  id: 'ours',
  title: 'ours <1>',
  unit: 'instructions',
  atMost: 250e6,
  comparedTo: 'theirs',
  why: 'it does more',
} as const;
const theirs = { id: 'theirs', title: 'theirs', unit: 'instructions' } as const;
const size = { id: 'size', title: 'size', unit: 'MB', atMost: 115e6 } as const;

const samples: Sample[] = [
  { ...size, value: 113.2e6 },
  { ...theirs, value: 10e9 },
  { ...ours, value: 200e6 },
  { ...ours, value: 300e6 },
];

describe('figuresOf', () => {
  it('takes samples of one id together; the worst of them decides about the target', () => {
    const [first, second, third] = figuresOf(samples);
    expect(first).toEqual({
      id: 'ours',
      title: 'ours <1>',
      unit: 'instructions',
      value: 250e6,
      spread: 0.5,
      target: { atMost: 250e6, met: false },
      comparedTo: { id: 'theirs', title: 'theirs', ratio: 0.025 },
      why: 'it does more',
    });
    expect(second).toEqual({ ...theirs, value: 10e9, spread: 0 });
    expect(third?.target).toEqual({ atMost: 115e6, met: true });
  });

  it('has a part of another figure as the target, where that one was taken', () => {
    const part = {
      id: 'part',
      title: 'part',
      unit: 'instructions',
      comparedTo: 'theirs',
      atMostPart: 0.6,
    } as const;
    const both = figuresOf([
      { ...part, value: 6e9 },
      { ...theirs, value: 10e9 },
    ]);
    expect(both.find(({ id }) => id === 'part')?.target).toEqual({ atMost: 6e9, met: true });
    expect(figuresOf([{ ...part, value: 6e9 }])[0]).not.toHaveProperty('target');
  });

  it('may be so much more than another at most', () => {
    const plain = { id: 'plain', title: 'plain', unit: 'instructions', value: 3e9 } as const;
    const own = { ...plain, id: 'own', title: 'own', comparedTo: 'plain', atMostBeyond: 1e9 } as const;
    const targetOf = (value: number) =>
      figuresOf([{ ...own, value }, plain]).find(({ id }) => id === 'own')?.target;
    expect(targetOf(4e9)).toEqual({ atMost: 4e9, met: true });
    expect(targetOf(4e9 + 1)).toEqual({ atMost: 4e9, met: false });
  });

  it('counts nothing as nothing, alike in all boots', () => {
    const none = { id: 'none', title: 'none', unit: 'instructions', value: 0, atMost: 0 } as const;
    expect(figuresOf([none, none])).toEqual([
      {
        id: 'none',
        title: 'none',
        unit: 'instructions',
        value: 0,
        spread: 0,
        target: { atMost: 0, met: true },
      },
    ]);
  });
});

describe('renderFigures', () => {
  it('is one aligned table with units, targets and ratios', () => {
    expect(renderFigures(figuresOf(samples))).toBe(
      [
        'figure    measured  boots differ  target               beside, and why',
        'ours <1>  0.250 G   50.0 %        ≤ 0.250 G   NOT MET  1/40 of theirs; it does more',
        'theirs    10.0 G',
        'size      113.2 MB                ≤ 115.0 MB  met',
        '',
      ].join('\n'),
    );
  });
});

describe('renderChart', () => {
  it('has a bar for each count, escapes titles, and depends on nothing but the figures', () => {
    const both = { name: 'both', title: 'both', figures: ['ours', 'not-measured', 'theirs'] };
    const chart = renderChart(both, figuresOf(samples));
    expect(chart.match(/<rect x=/g)).toHaveLength(2);
    expect(chart).toContain('ours &#60;1&#62;');
    expect(chart).not.toContain('NaN');
    expect(renderChart(both, figuresOf([...samples].reverse()))).toBe(chart);
  });

  it.each(CHARTS)('of $name is of the last figures, and has room for each label', (chart) => {
    const { figures } = JSON.parse(readFileSync('bench/results/latest.json', 'utf8'));
    const svg = readFileSync(`bench/results/${chart.name}.svg`, 'utf8');
    expect(renderChart(chart, figures)).toBe(svg);
    const labels = [...svg.matchAll(/<text x="([\d.]+)" [^>]*text-anchor="end">([^<]*)</g)];
    expect(labels).toHaveLength(chart.figures.length);
    // In DejaVu Sans of 13 pixels, the widest of usual fonts, no such label takes more.
    for (const [, right, label = ''] of labels) expect(Number(right) - label.length * 7.3).toBeGreaterThan(0);
    expect(readFileSync('README.md', 'utf8')).toContain(`bench/results/${chart.name}.svg`);
  });
});

describe('what is measured', () => {
  it('has every service that is installed, each with its reason', () => {
    const installed = readdirSync('units').filter((name) => name.endsWith('.service'));
    expect(
      Object.keys(SERVICES)
        .map((name) => `${name}.service`)
        .sort(),
    ).toEqual(installed.sort());
    for (const why of Object.values(SERVICES)) expect(why).not.toBe('');
  });

  it('has the packages that the Makefile makes', () => {
    const makefile = readFileSync('Makefile', 'utf8');
    const { deb, rpm } = packageFiles('$(VERSION)', 'x64');
    expect(makefile).toContain(`DEB = ${deb.replace('amd64', '$(ARCHITECTURE)')}\n`);
    expect(makefile).toContain(`RPM = ${rpm.replace('x86_64', '$(RPM_ARCHITECTURE)')}\n`);
    expect(packageFiles('1', 'arm64').rpm).toBe('dist/gandi-guest-1-1.aarch64.rpm');
  });
});
