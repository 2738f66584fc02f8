import type { Command } from 'commander';
import type { CommonOptions, HostContext } from './context.ts';
import type { HostSystem } from './host-system.ts';

/** What runs a command. */
export type HostAction = (context: HostContext) => Promise<number>;

/** Runs a command's action, and keeps its exit status. */
export type RunAction = (command: Command, action: HostAction) => Promise<void>;

/** Commands of one subject. Only what defines them is loaded by each call; what they do is imported by their actions. */
export interface CommandGroup {
  /** @param run is called by the action of each command, with the command itself */
  define(program: Command, run: RunAction): void;
  /** Names that other tools have for these commands, such as `create-giz` for `golden create`. */
  aliases?: Readonly<Record<string, readonly string[]>>;
}

/**
 * @param end is given the exit status of the command that was run
 */
export function actionRunner(end: (status: number) => void, system: HostSystem): RunAction {
  return async (command, action) => {
    const { openHost } = await import('./context.ts');
    end(await action(openHost(system, command.optsWithGlobals<CommonOptions>())));
  };
}
