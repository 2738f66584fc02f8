import { existsSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askSshd } from '../../../../src/machine/system/ask-sshd.ts';
import { makeFiles } from '../../context.ts';
import { temporaryRoot } from '../../temporary-root.ts';

const FILES = makeFiles({ '/usr/sbin/sshd': '' });

/** Asks a script in the place of sshd; what is needed once has a directory of its own. */
function ask(script: string, files = FILES) {
  const { root } = temporaryRoot({});
  const program = join(root, 'sshd');
  writeFileSync(program, `#!/bin/sh\ncd ${root}\necho "$@" >>asked\n${script}\n`, { mode: 0o755 });
  const runtime = join(root, 'run');
  const answer = askSshd(files, 'web', program, runtime);
  return {
    settings: 'settings' in answer ? answer.settings : undefined,
    failure: 'failure' in answer ? answer.failure : undefined,
    left: existsSync(runtime) ? readdirSync(runtime) : [],
  };
}

/** As OpenSSH 9.2 does, which does not know -G: it wants a host key, then its directory. */
const OLD = `
case "$1" in -G) echo "unknown option -- G" >&2; echo "usage: sshd [-46DdeiqTtV]" >&2; exit 1;; esac
key=
for argument; do key=$argument; done
case $key in
  */key) ssh-keygen -y -f "$key" >/dev/null || exit 1 ;;
  *) echo "sshd: no hostkeys available -- exiting." >&2; exit 1 ;;
esac
`;

describe('askSshd', () => {
  it('gives what is printed by keyword, for a login from anywhere', () => {
    const { settings } = ask(
      'echo "authorizedkeysfile /keys/%u /b"; echo "x $4"; echo y; echo "allowusers a"; echo "allowusers b@c"',
    );
    expect(settings?.get('allowusers')).toBe('a b@c');
    expect(settings?.get('authorizedkeysfile')).toBe('/keys/%u /b');
    expect(settings?.get('x')).toBe('user=web,host=192.0.2.1,addr=192.0.2.1,lport=22');
    expect(settings?.get('y')).toBe('');
  });

  // “'Match LocalPort' in configuration but 'lport' not in connection test specification” ends it otherwise.
  it('says at which port it listens', () => {
    const files = makeFiles({ '/usr/sbin/sshd': '', '/etc/ssh/sshd_config': 'Port 2222\n' });
    expect(ask('echo "x $4"', files).settings?.get('x')).toMatch(/,lport=2222$/);
  });

  it('gives a host key to one that has none yet, and takes it away', () => {
    const { settings, failure, left } = ask(`${OLD}echo "a b"`);
    expect(failure).toBeUndefined();
    expect(settings?.get('a')).toBe('b');
    expect(left).toEqual([]);
  });

  // As root, as all tests are run.
  it('makes the directory of its unit and no other', () => {
    const missing = (directory: string) =>
      `[ "$1" != -G ] || exit 1\n[ -d ${directory} ] && echo "a b" && exit\necho "Missing privilege separation directory: ${directory}" >&2\nexit 255`;
    const directory = `/run/gandi-test-sshd-${process.pid}`;
    try {
      expect(ask(missing(directory)).settings?.get('a')).toBe('b');
    } finally {
      rmdirSync(directory);
    }
    for (const other of ['/var/empty/gandi-test', '/run/a/gandi-test'])
      expect(ask(missing(other)).failure).toMatch(/^Missing privilege/);
  });

  it.each([
    ['/etc/ssh/sshd_config: line 1: Bad configuration option: Bad\\nterminating, 1 bad option', /: Bad$/],
    ['@@@@@\\n@ WARNING @\\nPermissions 0644 are too open', /^Permissions 0644 are too open$/],
    ['', /failed without a word$/],
  ])('tells the first line of why there is no answer: %j', (text, line) => {
    expect(ask(`printf '${text}' >&2; exit 255`).failure).toMatch(line);
  });

  it('starts nothing in a guest without sshd', () => {
    expect(ask('echo "a b"', makeFiles({})).failure).toBe('there is no sshd');
  });
});

describe('askSshd without a program that answers', () => {
  it('tells that it cannot be started', () => {
    expect(askSshd(FILES, 'web', '/nowhere/sshd')).toEqual({ failure: '/nowhere/sshd is not installed' });
  });
});
