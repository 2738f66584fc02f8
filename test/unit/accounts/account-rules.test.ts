import { describe, expect, it } from 'vitest';
import { ruleParts } from '../../../src/accounts/account-rules.ts';
import type { UserConfig } from '../../../src/metadata/user-config.ts';
import type { PlanPart } from '../../../src/plan/step.ts';
import { type ContextParts, type FileEntries, makeContext } from '../context.ts';

const shadow = (password: string, changedOn = '20000', closedOn = '') => ({
  '/etc/shadow': `root:*:1::::::\nweb:${password}:${changedOn}:0:99999:7::${closedOn}:\n`,
});

interface Given {
  files?: FileEntries;
  applied?: ContextParts['applied'];
  facts?: ContextParts['facts'];
  isSet?: boolean;
  name?: string;
}

function parts(asked: Partial<UserConfig>, given: Given = {}): PlanPart[] {
  const { files = shadow('$6$hash'), applied = {}, facts = {}, isSet = false, name = 'web' } = given;
  const context = makeContext({ files, applied, facts });
  return ruleParts(context, { name, sshKeys: [], ...asked }, isSet);
}
const done = (asked: Partial<UserConfig>, given?: Given) =>
  parts(asked, given).flatMap(({ changes }) =>
    changes.map((change) => {
      if (change.kind === 'run-command') return change.argv.join(' ');
      return 'path' in change ? `${change.kind} ${change.path}` : change.kind;
    }),
  );
const digestsOf = (asked: Partial<UserConfig>, given?: Given) =>
  Object.assign({}, ...parts(asked, given).map(({ digests }) => digests)) as Record<string, string>;

it('an account of which nothing is asked has no rules', () => {
  expect(parts({})).toEqual([]);
});

describe('whether a password logs in', () => {
  it.each([
    ['$6$hash', true, false, ['usermod -L web']],
    ['!$6$hash', true, false, []],
    ['!$6$hash', true, true, ['usermod -L web']],
    ['!$6$hash', false, false, ['usermod -U web']],
    ['!$6$hash', false, true, []],
    ['$6$hash', false, false, []],
    ['!', true, false, []],
    // Unlocked it would let anybody in.
    ['!', false, false, []],
    ['*', false, false, []],
    ['', true, false, []],
  ] as const)('%j, to be locked %s, just set %s', (password, lockPassword, isSet, commands) => {
    expect(done({ lockPassword }, { files: shadow(password), isSet })).toEqual(commands);
  });

  it('stays as the admin has it, until something else is asked for', () => {
    const applied = digestsOf({ lockPassword: true });
    expect(done({ lockPassword: true }, { applied })).toEqual([]);
    expect(done({ lockPassword: false }, { files: shadow('!$6$hash'), applied })).toEqual(['usermod -U web']);
    expect(done({ lockPassword: true }, { applied, isSet: true })).toEqual(['usermod -L web']);
  });
});

describe('the end of a password, and of an account', () => {
  it('is set once, and again for a password that the source sets anew', () => {
    expect(done({ expirePassword: true })).toEqual(['chage -d 0 web']);
    const applied = digestsOf({ expirePassword: true });
    expect(done({ expirePassword: true }, { applied })).toEqual([]);
    expect(done({ expirePassword: true }, { applied, isSet: true })).toEqual(['chage -d 0 web']);
    expect(done({ expirePassword: true }, { files: shadow('$6$hash', '0') })).toEqual([]);
    expect(done({ expirePassword: false })).toEqual([]);
  });

  it('locks nobody out who has no password to change', () => {
    const asked = { expirePassword: true };
    expect(done(asked, { files: shadow('!') })).toEqual([]);
    expect(parts(asked, { files: shadow('!') })[0]?.notes).toMatchObject([{ level: 'warning' }]);
    expect(done(asked, { files: shadow('!'), isSet: true })).toEqual(['chage -d 0 web']);
  });

  it('comes on its day, but not for root', () => {
    expect(done({ expiresOn: '2030-01-31' })).toEqual(['chage -E 2030-01-31 web']);
    expect(done({ expiresOn: '2030-01-31' }, { files: shadow('$6$hash', '20000', '21945') })).toEqual([]);
    const ofRoot = parts({ expiresOn: '2030-01-31' }, { name: 'root' });
    expect(ofRoot).toMatchObject([{ changes: [], notes: [{ level: 'problem' }] }]);
  });
});

describe('the rules for sudo', () => {
  const asked = { sudo: ['ALL=(ALL) NOPASSWD:ALL', 'ALL=(www) /bin/x'] };
  const WITH_SUDO = { '/usr/sbin/visudo': '' };
  const PATH = '/etc/sudoers.d/90-gandi-web';
  const content = expect.stringMatching(
    /^# Written by gandi-bootstrap .*\nweb ALL=\(ALL\) NOPASSWD:ALL\nweb ALL=\(www\) \/bin\/x\n$/,
  );

  it('are in place once visudo has found them right', () => {
    expect(parts(asked, { files: WITH_SUDO })).toEqual([
      {
        name: 'users: sudo of web',
        digests: { 'users: sudo of web': expect.any(String) },
        changes: [
          { kind: 'write-file', path: '/run/gandi/sudoers-web', content, mode: 0o440, thisBootOnly: true },
          {
            kind: 'run-command',
            argv: ['visudo', '-c', '-q', '-f', '/run/gandi/sudoers-web'],
            timeoutSeconds: 30,
            checkOnly: true,
            why: 'check the sudo rules of web',
          },
          { kind: 'remove-file', path: '/run/gandi/sudoers-web' },
          { kind: 'write-file', path: PATH, content, mode: 0o440 },
        ],
      },
    ]);
  });

  it('need no visudo where they are those of any first user, whose name means nothing else to sudo', () => {
    const usual = { sudo: ['ALL=(ALL) NOPASSWD:ALL'] };
    expect(done(usual, { files: WITH_SUDO })).toEqual([`write-file ${PATH}`]);
    expect(done(usual, { files: WITH_SUDO, name: 'WEB' })[1]).toMatch(/^visudo -c /);
  });

  it('are written where there is no visudo to ask, and where nothing can be run', () => {
    expect(done(asked)).toEqual([`write-file ${PATH}`]);
    expect(done(asked, { files: WITH_SUDO, facts: { live: false } })).toEqual([`write-file ${PATH}`]);
  });

  it.each(['ALL', '', 'ALL=(ALL) ALL\nroot ALL=(ALL) ALL'])(
    'are not written where one is none: %j',
    (rule) => {
      const [part] = parts({ sudo: ['ALL=(ALL) ALL', rule] }, { files: WITH_SUDO });
      expect(part).toMatchObject({ changes: [], notes: [{ level: 'problem' }] });
    },
  );

  it('stay as the admin has them, and go where the source asks for none any more', () => {
    const applied = digestsOf(asked);
    const ours = { [PATH]: '# Written by gandi-bootstrap from\nweb x=y\n' };
    expect(done(asked, { applied, files: ours })).toEqual([]);
    expect(done({}, { applied, files: ours })).toEqual([`remove-file ${PATH}`]);
    expect(done({}, { applied, files: { [PATH]: 'of the admin' } })).toEqual([]);
    expect(done({}, { files: ours })).toEqual([]);
    const gone = digestsOf({}, { applied, files: ours });
    expect(done({}, { applied: gone, files: ours })).toEqual([]);
  });

  it('keep what is replaced, and have a file that sudo reads', () => {
    const [, , , write] = parts(asked, { files: { ...WITH_SUDO, [PATH]: 'of the admin' } })[0]?.changes ?? [];
    expect(write).toMatchObject({ path: PATH, backup: true });
    // Another user may be called web_one.
    expect(done(asked, { name: 'web.one' })).toEqual(['write-file /etc/sudoers.d/90-gandi-web+one']);
  });
});
