import { describe, expect, it } from 'vitest';
import { ensureFile } from '../../../src/plan/ensure-file.ts';
import { type FileEntries, makeFiles } from '../context.ts';

const PATH = '/etc/fstab';
const modeIn = (entries: FileEntries) => {
  const [change] = ensureFile(makeFiles(entries), { path: PATH, content: 'new', mode: 0o644 });
  return change?.kind === 'write-file' ? change.mode : undefined;
};
const real = { text: 'old', mode: 0o600 };

describe('the mode of a file that gets another content', () => {
  it.each<[string, FileEntries, number]>([
    ['is its own', { [PATH]: real }, 0o600],
    ['is that of what a link leads to', { [PATH]: { link: '/srv/fstab' }, '/srv/fstab': real }, 0o600],
    [
      'is that of what several links lead to',
      { [PATH]: { link: 'mounts/a' }, '/etc/mounts/a': { link: '../b' }, '/etc/b': real },
      0o600,
    ],
    ['is the wanted one of a new file', {}, 0o644],
    ['is the wanted one where a link leads nowhere', { [PATH]: { link: '/srv/fstab' } }, 0o644],
  ])('%s', (_, entries, mode) => {
    expect(modeIn(entries)).toBe(mode);
  });
});
