import { describe, expect, it } from 'vitest';
import { planRounds } from '../../../bench/round-plan.ts';

describe('the rounds of disks that come and go', () => {
  const rounds = planRounds(300, 1);
  const come = rounds.flatMap((round) => round.come.map(({ number }) => number));

  it('have new disks and known ones, and at least one in each round', () => {
    const kinds = new Set(come);
    expect(kinds.size).toBeGreaterThan(100);
    expect(come.length - kinds.size).toBeGreaterThan(50);
    expect(Math.min(...rounds.map((round) => round.come.length))).toBe(1);
  });

  it('give each disk that is there a name of its own, made of its label', () => {
    for (const { names } of rounds) expect(new Set(names.values()).size).toBe(names.size);
    for (const { come: disks, names } of rounds)
      for (const { number, label } of disks)
        expect(names.get(number)).toMatch(new RegExp(`^${label}(_\\d+)?$`));
    expect(rounds.some(({ names }) => [...names.values()].some((name) => name.includes('_2')))).toBe(true);
  });

  it('leave a disk at its name while it stays, and end with none', () => {
    let staying = new Map<number, string>();
    for (const { names, go, come: disks } of rounds) {
      for (const [number, name] of staying) expect(names.get(number)).toBe(name);
      expect(names.size).toBe(staying.size + disks.length);
      const gone = new Set(go.map(({ number }) => number));
      staying = new Map([...names].filter(([number]) => !gone.has(number)));
    }
    expect(staying.size).toBe(0);
  });

  it('are the same each time', () => {
    expect(planRounds(300, 1)).toEqual(rounds);
    expect(planRounds(300, 2)).not.toEqual(rounds);
  });
});
