import type { Change } from '../../machine/changes/change.ts';
import { isUp } from '../../machine/network/network-interfaces.ts';
import type { NetworkManagerName } from '../../machine/system/facts.ts';
import type { StepContext } from '../../plan/step.ts';
import { liveCommand, startedUnits } from '../managers/writer.ts';
import { WRITERS } from '../managers/writers.ts';

/** An admin's programs find it, and it has no address from us. */
export function turnLinkOn({ files }: StepContext, name: string): Change[] {
  if (isUp(files, name)) return [];
  return [liveCommand(['ip', 'link', 'set', 'dev', name, 'up'], 10, 'turn the link on')];
}

/**
 * Takes an interface up by the files that it has, whoever wrote what is in them: nothing is written or removed. One that
 * is up is left alone, for its network manager has taken it up already.
 */
export function planAsItIs(manager: NetworkManagerName, context: StepContext, name: string): Change[] {
  if (isUp(context.files, name)) return [];
  const writer = WRITERS[manager];
  const started = startedUnits(context.files, writer);
  // ifupdown goes by a list of its own, in which an interface that went away is still up.
  const outdated = manager === 'ifupdown' ? [name] : [];
  const { before, after } = writer.activate({ changed: [], outdated, configured: [name], started });
  return [...before, ...after];
}
