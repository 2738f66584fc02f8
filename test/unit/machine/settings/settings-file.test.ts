import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../../../../src/machine/settings/setting-definitions.ts';
import { parseSettings } from '../../../../src/machine/settings/settings.ts';
import { renderSettingsFile } from '../../../../src/machine/settings/settings-file.ts';

const installed = new URL('../../../../etc/default/gandi', import.meta.url);

describe('renderSettingsFile', () => {
  it('is what is installed', () => {
    expect(readFileSync(installed, 'utf8')).toBe(renderSettingsFile());
  });

  it('names every setting once, with its default', () => {
    const assigned = renderSettingsFile().match(/^[A-Z_]+(?==)/gm);
    expect(assigned).toEqual(SETTINGS.map(({ name }) => name));
    expect(parseSettings(renderSettingsFile(), '/x')).toEqual(parseSettings('', '/x'));
  });
});
