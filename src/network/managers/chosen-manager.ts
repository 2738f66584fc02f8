import type { NetworkManagerName } from '../../machine/system/facts.ts';
import type { StepContext } from '../../plan/step.ts';

/** The network manager that is given our files: the one that the settings name, else the one that is enabled. */
export function chosenManager({
  settings,
  facts,
}: Pick<StepContext, 'settings' | 'facts'>): NetworkManagerName | undefined {
  return settings.networkManager === 'auto' ? facts.networkManager : settings.networkManager;
}
