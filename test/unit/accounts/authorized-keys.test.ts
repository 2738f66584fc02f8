import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { addKeys } from '../../../src/accounts/authorized-keys.ts';
import { PROPERTY_RUNS } from '../../property-runs.ts';

const BARE = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f';
const KEY = `${BARE} me@laptop`;
const OTHER = 'ssh-ed25519 BBBB other';

describe('addKeys', () => {
  it.each([
    ['no file', undefined, `${KEY}\n`],
    ['an empty file', '', `${KEY}\n`],
    ['no newline at the end', OTHER, `${OTHER}\n${KEY}\n`],
    ['the key in a comment', `# ${KEY}\n`, `# ${KEY}\n${KEY}\n`],
    ['the key in an indented comment', ` \t#${KEY}\n`, ` \t#${KEY}\n${KEY}\n`],
    ['the key in the comment of another', `${OTHER} ${KEY}\n`, `${OTHER} ${KEY}\n${KEY}\n`],
    ['its base64 behind another type', `${KEY.replace('ed25519', 'rsa')}\n`, undefined],
    ['its base64 alone', `${BARE.split(' ')[1]}\n`, undefined],
    ['the key in a value', `command="${BARE}" ${OTHER}\n`, undefined],
    ['a quote that does not end', `command="x ${KEY}\n`, undefined],
  ])('adds at the end to %s', (_, before, after) => {
    const added = addKeys(before, [KEY]);
    expect(added).toBe(after ?? `${before}${KEY}\n`);
    expect(addKeys(added, [KEY])).toBeUndefined();
  });

  it.each([
    'cert-authority',
    'CERT-AUTHORITY,principals="a b"',
    'expiry-time="20200101"',
    'expiry-time="29990101"',
    'from="192.0.2.1"',
    'pty,from="192.0.2.1, 10.0.0.0/8"',
    String.raw`command="echo \"log in as admin\"; sleep 10"`,
    'restrict',
    'restrict,pty',
    'no-pty',
    'no-such-option',
    'environment="A=1"no-pty',
  ])('comes before a line with %s, of which sshd would take the first', (options) => {
    const before = `${OTHER}\n${options} ${KEY}\n# end\n`;
    const added = `${OTHER}\n${KEY}\n${options} ${KEY}\n# end\n`;
    expect(addKeys(before, [KEY])).toBe(added);
    expect(addKeys(added, [KEY])).toBeUndefined();
  });

  it.each([
    ['as it is', KEY],
    ['with another comment', `${BARE} someone`],
    ['without comment', BARE],
    ['with a DOS line end', `${BARE}\r`],
    ['behind blanks', ` \t${BARE.replace(' ', ' \t ')}`],
    ['with options that take nothing', `pty,X11-Forwarding,environment="A=\\"1 2\\"" ${BARE}`],
  ])('takes a key for there %s', (_, line) => {
    expect(addKeys(`${OTHER}\n${line}\n`, [KEY])).toBeUndefined();
    expect(addKeys(`${line}\nno-pty ${KEY}\n`, [KEY])).toBeUndefined();
  });

  it('reads a line in one way only, long as it may be', () => {
    const started = performance.now();
    expect(addKeys(`command="${'\\\\"'.repeat(50_000)} ${KEY}\n`, [KEY])).toContain(`\n${KEY}\n`);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  test('any text keeps its lines, and a second time nothing is added', () => {
    const piece = fc.constantFrom(...[KEY, BARE, OTHER, 'no-pty ', 'pty,', '"', '\\"', '#', '\n', ' ', '\r']);
    const text = fc.array(fc.oneof(piece, fc.string()), { maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (before) => {
        const after = addKeys(before, [KEY, OTHER]);
        expect(addKeys(after ?? before, [KEY, OTHER])).toBeUndefined();
        const kept = (after ?? before).split('\n');
        let at = 0;
        for (const line of before.split('\n').filter((one) => one !== '')) {
          at = kept.indexOf(line, at) + 1;
          expect(at).toBeGreaterThan(0);
        }
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});
