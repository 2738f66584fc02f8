import { describe, expect, it } from 'vitest';
import { parseOsRelease, readOsRelease } from '../../../../src/machine/system/os-release.ts';
import { makeFiles } from '../../context.ts';

describe('parseOsRelease', () => {
  it.each([
    [
      'Debian 12',
      'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n',
      { id: 'debian', like: [], versionId: '12', prettyName: 'Debian GNU/Linux 12 (bookworm)' },
    ],
    [
      'Rocky Linux 9',
      'NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.3"\nPRETTY_NAME="Rocky Linux 9.3"\n',
      { id: 'rocky', like: ['rhel', 'centos', 'fedora'], versionId: '9.3', prettyName: 'Rocky Linux 9.3' },
    ],
    ['nothing', '', { id: 'linux', like: [], versionId: '', prettyName: 'Linux' }],
  ])('%s', (_, text, expected) => {
    expect(parseOsRelease(text)).toEqual(expected);
  });
});

describe('readOsRelease', () => {
  it('prefers the file in /etc, and follows its link', () => {
    const linked = makeFiles({
      '/etc/os-release': { link: '../usr/lib/os-release' },
      '/usr/lib/os-release': 'ID=debian\n',
    });
    expect(readOsRelease(linked).id).toBe('debian');
    expect(readOsRelease(makeFiles({ '/usr/lib/os-release': 'ID=alpine\n' })).id).toBe('alpine');
    const both = makeFiles({ '/etc/os-release': 'ID=mine\n', '/usr/lib/os-release': 'ID=theirs\n' });
    expect(readOsRelease(both).id).toBe('mine');
    expect(readOsRelease(makeFiles({})).id).toBe('linux');
  });
});
