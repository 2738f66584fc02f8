import type { Change } from '../machine/changes/change.ts';
import { ensureFile } from '../plan/ensure-file.ts';
import type { Plan, Step, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';

const MOTD = '/etc/motd';

/** From the text that Debian's base-files installs. */
const DEBIAN_DEFAULT = 'programs included with the Debian GNU/Linux system are free software';

/** The text for whoever logs in, unless there is one of the admin's. */
export function renderMotd(hostName: string, system: string, settingsPath: string): string {
  const name = hostName === '' ? system : `${hostName}: ${system}`;
  return `${name}\nConfigured by its host: "gandi-guest status" tells what was done, ${settingsPath} what is to be done.\n`;
}

/** A text that nobody wrote: none, or the distribution's. */
const isDefault = (text: string | undefined) =>
  text === undefined || text.trim() === '' || text.includes(DEBIAN_DEFAULT);

/** Of one file there is one backup: a text of ours would take the place of the admin's there. */
function write({ files, applied }: StepContext, content: string): Change[] {
  const isOurs = digestOf(files.readText(MOTD) ?? '') === applied[motd.name];
  return ensureFile(files, { path: MOTD, content, mode: 0o644, backup: !isOurs });
}

function plan(context: StepContext): Plan {
  const { files, facts, settings, applied } = context;
  const before = applied[motd.name];
  if (settings.motdFile !== '') {
    const text = files.readText(settings.motdFile);
    if (text === undefined) {
      const missing = `${settings.motdFile} does not exist: correct CONFIG_MOTD_FILE in ${settings.path}`;
      return { changes: [], notes: [{ level: 'problem', text: missing }] };
    }
    const digest = digestOf(text);
    return before === digest ? { changes: [], digest } : { changes: write(context, text), digest };
  }
  const current = files.readText(MOTD);
  const hostName = files.readText('/etc/hostname')?.trim() ?? '';
  const text = renderMotd(hostName, facts.os.prettyName, settings.path);
  // The text itself is ours, too: a run that was cut off wrote it and could not note that down.
  if (!isDefault(current) && current !== text && digestOf(current) !== before) return { changes: [] };
  return { changes: write(context, text), digest: digestOf(text) };
}

/** The message of the day: the admin's own text, or a short one where there is none. */
export const motd: Step = {
  name: '13-config_motd',
  setting: 'CONFIG_MOTD',
  summary: 'message of the day, unless the admin wrote one',
  plan,
};
