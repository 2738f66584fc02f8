import { cleanLine } from '../../machine/runtime/clean-text.ts';
import type { Place, StartGraph } from './graph.ts';
import type { HostGuest } from './host-guests.ts';
import { readinessText } from './readiness.ts';
import type { StopGraph } from './stop-schedule.ts';

/** A heading with lines below it. */
interface Branch {
  title: string;
  lines: readonly string[];
}

/** Branches as a tree. */
export function renderTree(branches: readonly Branch[]): string {
  return branches
    .filter(({ lines }) => lines.length > 0)
    .map(({ title, lines }) => {
      const rows = lines.map((line, at) => `${at === lines.length - 1 ? '└─' : '├─'} ${cleanLine(line)}\n`);
      return `${title}\n${rows.join('')}`;
    })
    .join('');
}

function placeLine({ guest, number, why }: Place): string {
  const { order, ready } = guest as HostGuest;
  const place =
    order.priority === number ? `priority ${number}` : `priority ${number}, of one that waits for it`;
  const delay = order.delaySeconds > 0 ? `, then ${order.delaySeconds} s` : '';
  const when = `ready by ${readinessText(ready)} within ${order.readyTimeoutSeconds} s${delay}`;
  return [guest.name, place, ...why, when].join('  ');
}

/** The waves of a start, and who is not started, with the reasons. */
export function startTree({ places, refusals }: StartGraph): string {
  const all = [...places.values()];
  const waves = Math.max(0, ...all.map(({ wave }) => wave));
  const branches = Array.from({ length: waves }, (_, index) => ({
    title: `wave ${index + 1}`,
    lines: all.filter(({ wave }) => wave === index + 1).map(placeLine),
  }));
  const out = refusals.map(({ guest, reason }) => `${guest.name}  ${reason}`);
  return renderTree([...branches, { title: 'not started', lines: out }]);
}

/** Waves of a stop: each guest stands in the first wave behind all that are stopped before it. */
export function stopWaves({ guests, before }: StopGraph): string[][] {
  const waves: string[][] = [];
  const done = new Set<string>();
  while (done.size < guests.size) {
    const wave = [...guests.keys()].filter(
      (uuid) => !done.has(uuid) && (before.get(uuid) ?? []).every((other) => done.has(other)),
    );
    if (wave.length === 0) throw new Error('the order of a stop goes round in a circle');
    for (const uuid of wave) done.add(uuid);
    waves.push(wave);
  }
  return waves;
}

/** The waves of a stop. */
export function stopTree(graph: StopGraph): string {
  const line = (uuid: string) => {
    const guest = graph.guests.get(uuid);
    return `${guest?.name}  within ${guest?.order.stopTimeoutSeconds} s, else ${guest?.order.onTimeout}`;
  };
  const branches = stopWaves(graph).map((wave, index) => ({
    title: `wave ${index + 1}`,
    lines: wave.map(line),
  }));
  return renderTree(branches);
}
