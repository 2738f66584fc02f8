import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyWarnings } from '../../../../src/metadata/gandi/key-warnings.ts';

const unknown = (hint = '') => `the key is not known and is passed over${hint}`;
const TWICE = 'the key is there twice; the last one counts';

describe('keys of a configuration', () => {
  it.each([
    ['{"vm_conf": {"ssh_keys": "k"}}', 'vm_conf.ssh_keys', unknown('; did you mean ssh_key?')],
    [
      '{"vif": [{}, {"pna": [{"pna_address": "192.0.2.1", "pbn": {"pbn_gatway": "192.0.2.254"}}]}]}',
      'vif[1].pna[0].pbn.pbn_gatway',
      unknown('; did you mean pbn_gateway?'),
    ],
    ['{"vif": [{"vif-MAC": null}]}', 'vif[0].vif-MAC', unknown('; did you mean vif_mac?')],
    ['{"nameserver": []}', 'nameserver', unknown('; did you mean nameservers?')],
    ['{"colour": {"vm_hostname": "a"}}', 'colour', unknown()],
    ['{"constructor": 1}', 'constructor', unknown()],
    ['{"vm_conf": {"user": "a", "run": "x", "user": "b"}}', 'vm_conf.user', TWICE],
    ['{"vm_conf": {}, "vm_hostname": "a", "vm_c\\u006fnf": {}}', 'vm_conf', TWICE],
    ['{"vif": [{"vif_mtu": 1500, "vif_mtu": 1400}]}', 'vif[0].vif_mtu', TWICE],
  ])('%s: a warning about %s', (text, path, warning) => {
    expect(keyWarnings(text)).toEqual([{ path, text: warning }]);
  });

  it('are told of on one line, however they are written', () => {
    expect(keyWarnings('{"a\\nb\\u202e": 1}')).toEqual([{ path: '"a\\nb\\u{202e}"', text: unknown() }]);
  });

  it('are counted where there are too many', () => {
    const text = JSON.stringify(
      Object.fromEntries(Array.from({ length: 70 }, (_, index) => [`x${index}y`, 1])),
    );
    expect(keyWarnings(text).slice(49)).toEqual([
      { path: 'x49y', text: unknown() },
      { path: '', text: '20 more keys like these' },
    ]);
  });

  it.each([
    '{"vm_hostname": "{[,\\"ssh_keys\\": "}',
    '{"vm_conf": null, "vif": [], "search_domains": ["a", "a"]}',
    '[]',
    '1',
    '"a"',
  ])('nothing is said of %s', (text) => {
    expect(keyWarnings(text)).toEqual([]);
  });

  it('are never twice in what a program wrote', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(keyWarnings(text).filter((warning) => warning.text === TWICE)).toEqual([]);
      }),
    );
  });
});
