import type { Settings, Switch } from '../machine/settings/settings.ts';

/** First line of a file that is ours as a whole: says so, and how to keep us from writing it. */
export function ownHeader(settings: Settings, setting: Switch): string {
  return `# Written by gandi-config; ${setting}=0 in ${settings.path} keeps it from being written.\n`;
}
