import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../../../src/machine/settings/settings.ts';

const parse = (text: string) => parseSettings(text, '/etc/default/gandi');

describe('a number of seconds', () => {
  it.each([
    ['CONFIG_SEED_WAIT', '0', true],
    ['CONFIG_SEED_WAIT', '301', false],
    // It would end each of the admin's programs as it starts.
    ['CONFIG_PLUGIN_TIMEOUT', '0', false],
    ['CONFIG_PLUGIN_TIMEOUT', '000', false],
    ['CONFIG_PLUGIN_TIMEOUT', '1', true],
    ['CONFIG_PLUGIN_TIMEOUT', '300', true],
    ['CONFIG_POSTBOOT_TIMEOUT', '0', false],
    ['CONFIG_POSTBOOT_TIMEOUT', '86400', true],
  ])('%s=%s is valid: %s', (name, value, valid) => {
    expect(parse(`${name}=${value}`).warnings).toHaveLength(valid ? 0 : 1);
  });

  it('stays what it was where none is allowed', () => {
    const { pluginSeconds, warnings } = parse('CONFIG_PLUGIN_TIMEOUT=0');
    expect(pluginSeconds).toBe(60);
    expect(warnings[0]?.text).toContain('expected whole seconds from 1 to 300');
  });
});
