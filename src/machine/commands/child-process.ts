import { bun } from '../runtime/bun.ts';
import { startBunChild } from './child-process/bun-child.ts';
import type { Child, ChildOptions } from './child-process/child.ts';

/** Starts a program. One that cannot be started is no exception: it is told by how it ended. */
export async function startChild(options: ChildOptions): Promise<Child> {
  if (bun !== undefined) return startBunChild(bun.spawn, options);
  const { startNodeChild } = await import('./child-process/node-child.ts');
  return startNodeChild(options);
}
