import type { FileView } from '../machine/files/files.ts';
import type { Settings } from '../machine/settings/settings.ts';
import { withPlugins } from '../plan/plugins.ts';
import type { Step } from '../plan/step.ts';
import { console } from './console.ts';
import { cron } from './cron.ts';
import { motd } from './motd.ts';
import { postConfigHook } from './post-config-hook.ts';
import { rootCheck } from './root-check.ts';
import { ssh } from './ssh.ts';
import { systemFile } from './system-file.ts';
import { timezone } from './timezone.ts';

/** The built-in steps of gandi-config in their order. */
export const CONFIG_STEPS: readonly Step[] = [console, systemFile, cron, timezone, ssh, motd, rootCheck];

/** All steps of a guest: built-in ones, the admin's plugins among them, and the hook at the end. */
export function configSteps(files: FileView, settings: Settings): Step[] {
  return [...withPlugins(CONFIG_STEPS, [settings.pluginDirectory], files, settings), postConfigHook];
}
