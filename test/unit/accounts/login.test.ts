import { describe, expect, it } from 'vitest';
import { planLogin } from '../../../src/accounts/login.ts';
import { users } from '../../../src/accounts/users.ts';
import { BOOTSTRAP_STEPS } from '../../../src/bootstrap/steps.ts';
import type { LoginPolicy, UserConfig } from '../../../src/metadata/user-config.ts';
import { type ContextParts, makeContext } from '../context.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me@laptop';
const WEB: UserConfig = { name: 'web', sshKeys: [KEY] };
const DROP_IN = '/etc/ssh/sshd_config.d/49-gandi-login.conf';
const SSHD = {
  '/usr/sbin/sshd': '',
  '/etc/ssh/sshd_config': 'Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n',
};

const context = (login: LoginPolicy, parts: ContextParts = {}, asked: UserConfig[] = [WEB]) =>
  makeContext({ config: { login, users: asked }, files: SSHD, ...parts });

describe('whether a password logs in by SSH', () => {
  it.each([
    [true, 'yes'],
    [false, 'no'],
  ])('is said in a drop-in that comes early: %s', (passwordBySsh, value) => {
    expect(planLogin(context({ passwordBySsh }, { facts: { booting: true } }))).toEqual({
      changes: [
        {
          kind: 'write-file',
          path: DROP_IN,
          content: expect.stringMatching(
            new RegExp(`^# Written by gandi-bootstrap .*\\nPasswordAuthentication ${value}\\n$`),
          ),
          mode: 0o600,
        },
      ],
      next: `then look whether sshd goes by ${DROP_IN}`,
      digest: expect.any(String),
    });
  });

  const written = (passwordBySsh: boolean) => {
    const [change] = planLogin(context({ passwordBySsh })).changes;
    return { [DROP_IN]: change?.kind === 'write-file' ? String(change.content) : '' };
  };

  it('is done once it is there, and what sshd reads first is named', () => {
    const done = planLogin(context({ passwordBySsh: true }, { files: { ...SSHD, ...written(true) } }));
    expect(done).toEqual({ changes: [], notes: [], digest: expect.any(String) });
    const files = {
      ...SSHD,
      ...written(true),
      '/etc/ssh/sshd_config.d/10-own.conf': '# mine\nPasswordAuthentication no\n',
    };
    expect(planLogin(context({ passwordBySsh: true }, { files })).notes).toEqual([
      {
        level: 'problem',
        text: 'PasswordAuthentication is to be yes, and /etc/ssh/sshd_config.d/10-own.conf line 2 says otherwise, which sshd reads first; change it there',
      },
    ]);
  });

  it('stays as the admin has it afterwards', () => {
    const { digest = '' } = planLogin(context({ passwordBySsh: true }));
    expect(planLogin(context({ passwordBySsh: true }, { applied: { login: digest } })).changes).toEqual([]);
    expect(planLogin(context({ passwordBySsh: false }, { applied: { login: digest } })).changes).toHaveLength(
      1,
    );
  });

  it('locks nobody out: where nobody gets a key the password stays', () => {
    const plan = planLogin(context({ passwordBySsh: false }, {}, [{ name: 'web', sshKeys: [] }]));
    expect(plan).toMatchObject({ changes: [], notes: [{ level: 'problem' }] });
    expect(plan.digest).toBeUndefined();
  });

  it('is told where sshd reads no drop-ins, and nothing without sshd', () => {
    const files = { ...SSHD, '/etc/ssh/sshd_config': 'UsePAM yes\n' };
    expect(planLogin(context({ passwordBySsh: true }, { files }))).toMatchObject({
      changes: [],
      notes: [{ text: expect.stringMatching(/^sshd reads no .*set PasswordAuthentication yes in/) }],
    });
    expect(planLogin(context({ passwordBySsh: true }, { files: {} }))).toEqual({ changes: [] });
  });

  it('is not looked at where the source says nothing of it', () => {
    const step = BOOTSTRAP_STEPS.find(({ name }) => name === 'login');
    expect(step?.load?.(context({}))).toBeUndefined();
    expect(step?.load?.(context({ passwordBySsh: false }))).toBeInstanceOf(Promise);
  });
});

describe('root, whose log-in is to be off', () => {
  const files = {
    '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nweb:x:1000:1000::/home/web:/bin/sh\n',
    '/etc/group': 'web:x:1000:\n',
    '/home/web/x': '',
    '/root/x': '',
  };
  const plan = (asked: UserConfig[], applied = {}) =>
    users.plan(context({ disableRoot: true }, { files, applied }, asked));
  const written = (asked: UserConfig[]) =>
    (plan(asked).separate ?? []).flatMap(({ changes }) =>
      changes.flatMap((change) => (change.kind === 'write-file' ? [change.path] : [])),
    );
  const ROOT: UserConfig = { name: 'root', sshKeys: [KEY] };

  it('gets no keys where another user gets in', () => {
    expect(written([ROOT, WEB])).toEqual(['/home/web/.ssh/authorized_keys']);
    expect(plan([ROOT, WEB]).notes).toMatchObject([
      { level: 'info', text: expect.stringMatching(/log in as web$/) },
    ]);
  });

  it('gets them where it is the only one', () => {
    expect(written([ROOT])).toEqual(['/root/.ssh/authorized_keys']);
    expect(plan([ROOT]).notes).toMatchObject([{ level: 'warning' }]);
  });

  it('is looked at anew where only that is new', () => {
    const before = users.plan(makeContext({ config: { users: [ROOT, WEB] }, files })).digest;
    expect(before).not.toBe(plan([ROOT, WEB]).digest);
  });
});
