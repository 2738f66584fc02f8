import type { HostCommands } from '../commands/commands.ts';
import { shownCommand } from '../commands/shown-command.ts';
import { type Action, commandOf } from './actions.ts';
import { saidBy, type Virsh } from './virsh.ts';

/** An action that was not carried out. Its message is libvirt's reason, in one line. */
export class ActionFailed extends Error {
  override readonly name = 'ActionFailed';

  constructor(
    readonly action: Action,
    message: string,
  ) {
    super(message);
  }
}

/** The one place of effects. */
export interface Effects {
  /** Nothing is changed: what would be done is shown. */
  readonly dryRun: boolean;
  /**
   * Carries an action out.
   * @returns what its command printed
   * @throws ActionFailed
   */
  apply(action: Action): Promise<string>;
}

/** Effects on the host. */
export function realEffects(virsh: Virsh, commands: HostCommands = virsh.commands): Effects {
  return {
    dryRun: false,
    async apply(action) {
      const { argv, timeoutSeconds, input } = commandOf(action, virsh);
      const result = await commands.run(argv, {
        timeoutSeconds,
        ...(input === undefined ? {} : { input }),
      });
      if (result.failure === undefined) return result.stdout;
      const reason = action.kind === 'command' ? result.failure : saidBy(result);
      throw new ActionFailed(action, reason);
    },
  };
}

/** An action as a dry run shows it: its command line, with the domain's name behind it, and XML below it. */
export function shownAction(action: Action, virsh: Virsh): string {
  const { argv, input } = commandOf(action, virsh);
  const name = 'domain' in action ? `  # ${action.domain.name}` : '';
  const text = typeof input === 'string' ? input.trimEnd() : `(${input?.length} bytes)`;
  const below = input === undefined ? '' : `${text.replace(/^/gm, '  ')}\n`;
  return `${shownCommand(argv)}${name}\n${below}`;
}

/** The same for programs. */
function actionData(action: Action, virsh: Virsh): Record<string, unknown> {
  const { argv, input } = commandOf(action, virsh);
  const domain = 'domain' in action ? { domain: action.domain.name } : {};
  return { kind: action.kind, ...domain, argv, ...(typeof input === 'string' ? { input } : {}) };
}

/**
 * Effects of a dry run: none.
 * @param printJson takes what an action is, for programs; absent: it is shown to people
 */
export function shownEffects(
  virsh: Virsh,
  print: (text: string) => void,
  printJson?: (value: unknown) => void,
): Effects {
  return {
    dryRun: true,
    async apply(action) {
      if (printJson === undefined) print(shownAction(action, virsh));
      else printJson(actionData(action, virsh));
      return '';
    },
  };
}
