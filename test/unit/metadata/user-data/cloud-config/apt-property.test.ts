import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROPERTY_RUNS } from '../../../../property-runs.ts';
import { said } from '../said.ts';

const WORDS = fc.oneof(
  fc.string(),
  fc.constantFrom(
    'deb http://a.example/ $RELEASE main',
    'http://a.example/',
    '-----BEGIN PGP PUBLIC KEY BLOCK-----\nx',
    '../../etc/passwd',
    '/etc/apt/sources.list.d/a.list',
    'fr_FR.UTF-8',
    'de',
    'true',
  ),
);
const KEYS = fc.constantFrom(
  ...['conf', 'proxy', 'https_proxy', 'primary', 'security', 'sources', 'source', 'key', 'keyid', 'filename'],
  ...['uri', 'arches', 'layout', 'variant', 'options', 'append', '__proto__'],
);
const VALUES = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    WORDS,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(KEYS, WORDS), tie('value'), { maxKeys: 4 }),
  ),
})).value;

describe('apt, locale and keyboard of whatever form', () => {
  it('write below /etc/apt alone, and no line into another setting', async () => {
    await fc.assert(
      fc.asyncProperty(VALUES, VALUES, VALUES, async (apt, locale, keyboard) => {
        const { config } = await said(`#cloud-config\n${JSON.stringify({ apt, locale, keyboard })}`);
        for (const { path } of config.apt?.files ?? [])
          expect(path).toMatch(/^\/etc\/apt\/(?:[a-z.]+\.d|keyrings)\/[A-Za-z0-9_][\w.+-]*$/);
        for (const uri of [config.apt?.primary, config.apt?.security])
          expect(uri ?? 'http://a').toMatch(/^(?:https?|ftp):\/\/[^\s"';\\]+$/);
        const { language, keyboard: keys = {} } = config.locale ?? {};
        for (const text of [language ?? '', ...Object.values(keys)]) expect(text).toMatch(/^[\w.@:(),+-]*$/);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});
