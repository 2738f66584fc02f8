import { SETTING_SECTIONS, type SettingDefinition } from './setting-definitions.ts';

const HEADER = `# Settings of gandi-guest: NAME=value, one a line, as in a shell; nothing is evaluated.
# 0 turns a thing off, 1 turns it on. A setting that is missing has the value shown here.
# See gandi-settings(5).
`;

function renderSetting({ name, default: value, summary }: SettingDefinition): string {
  const text = /[^A-Za-z0-9_.,/=-]/.test(value) ? `"${value}"` : value;
  return `# ${summary}.\n${name}=${text}\n`;
}

/** The settings file as it is installed: every setting with its description and default. */
export function renderSettingsFile(): string {
  const sections = SETTING_SECTIONS.map(({ title, settings }) => {
    return `\n# --- ${title} ---\n\n${settings.map(renderSetting).join('\n')}`;
  });
  return `${HEADER}${sections.join('')}`;
}
