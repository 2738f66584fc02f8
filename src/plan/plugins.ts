import type { FileView } from '../machine/files/files.ts';
import type { Settings } from '../machine/settings/settings.ts';
import { type Executable, examineExecutable, isBackupName } from './executable.ts';
import type { Step } from './step.ts';

/** Plugins of Gandi's guest tools 2 that are for the building of an image. */
const SKIPPED_NAME = 'pre-first';

interface Plugin {
  name: string;
  path: string;
  found: Exclude<Executable, { state: 'absent' }>;
}

function pluginsIn(directory: string, files: FileView): Plugin[] {
  return files.list(directory).flatMap((name) => {
    if (isBackupName(name) || name.includes(SKIPPED_NAME)) return [];
    const path = `${directory}/${name}`;
    const found = examineExecutable(files, path);
    return found.state === 'absent' ? [] : { name, path, found };
  });
}

function pluginStep({ name, path, found }: Plugin, settings: Settings): Step {
  const summary = `your own program ${path}`;
  if (found.state === 'off') return { name, summary, off: `turned off by ${path}`, plan: nothing };
  if (found.state === 'unsafe') {
    const notes = [{ level: 'problem' as const, text: `it is not run: ${found.reason}` }];
    return { name, summary, plan: () => ({ changes: [], notes }) };
  }
  const { environment, pluginSeconds } = settings;
  return {
    name,
    summary,
    plan: () => ({
      changes: [
        {
          kind: 'run-command',
          argv: [path],
          timeoutSeconds: pluginSeconds,
          environment,
          thisBootOnly: true,
          reportOutput: true,
          why: 'your own program',
        },
      ],
    }),
  };
}

const nothing = () => ({ changes: [] });

/** Sorts as `ls` does in the C locale, whatever the guest's. */
const comesBefore = (one: string, other: string) => one < other;

/** Where a plugin goes: before the first built-in step with a number whose name comes after its own. */
function insert(steps: Step[], step: Step, builtIn: ReadonlySet<string>): void {
  const at = steps.findIndex(
    ({ name }) => comesBefore(step.name, name) && (/^\d/.test(name) || !builtIn.has(name)),
  );
  steps.splice(at < 0 ? steps.length : at, 0, step);
}

/**
 * Built-in steps and the admin's plugins in the order in which they run: by name, where built-in steps without a
 * number keep their place behind the one before them. A plugin with the name of a built-in step takes its place, or
 * turns it off if it is not executable.
 * @param directories of plugins; a name in a later one hides the same in an earlier one
 */
export function withPlugins(
  builtIn: readonly Step[],
  directories: readonly string[],
  files: FileView,
  settings: Settings,
): Step[] {
  const names = new Set(builtIn.map(({ name }) => name));
  const plugins = new Map<string, Plugin>();
  for (const directory of directories) {
    for (const plugin of pluginsIn(directory, files)) plugins.set(plugin.name, plugin);
  }
  const steps = builtIn.map((step) => {
    const plugin = plugins.get(step.name);
    return plugin === undefined ? step : pluginStep(plugin, settings);
  });
  for (const plugin of [...plugins.values()].sort((one, other) => (one.name < other.name ? -1 : 1))) {
    // A name of its own without the right to run is nothing to tell: a README, a list, a plugin put aside.
    if (names.has(plugin.name) || plugin.found.state === 'off') continue;
    insert(steps, pluginStep(plugin, settings), names);
  }
  return steps;
}
