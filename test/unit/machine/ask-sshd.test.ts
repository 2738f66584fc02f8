import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { askSshd } from '../../../src/machine/ask-sshd.ts';
import { makeFiles } from '../context.ts';
import { temporaryRoot } from '../temporary-root.ts';

const FILES = makeFiles({ '/usr/sbin/sshd': '' });

function standIn(script: string): string {
  const path = join(temporaryRoot({}).root, 'sshd');
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

it('gives arguments by keyword', () => {
  const sshd = standIn('echo "authorizedkeysfile /keys/%u $1"; echo "x $3"');
  const answer = askSshd(FILES, 'web', sshd);
  expect(answer?.get('authorizedkeysfile')).toEqual(['/keys/%u', '-T']);
  expect(answer?.get('x')).toEqual(['user=web,host=localhost,addr=127.0.0.1']);
});

it('asks by -G where -T fails, and has no answer where both do', () => {
  expect(askSshd(FILES, 'web', standIn('[ "$1" = -G ] && echo "a b"'))?.get('a')).toEqual(['b']);
  expect(askSshd(FILES, 'web', standIn('echo "a b"; exit 1'))).toBeUndefined();
});

it('starts nothing in a guest without sshd', () => {
  expect(askSshd(makeFiles({}), 'web', standIn('echo "a b"'))).toBeUndefined();
});
