import { describe, expect, it } from 'vitest';
import { modulesRelease } from '../../../../src/metadata/gandi/member-rules.ts';
import { problemsOf } from './archive-problems.ts';
import { archive, CONFIG, DIRECTORY, type HeaderText, header, member, paxRecord } from './tar-blocks.ts';

describe('hostile members', () => {
  const NAMES = 'gandi/, or a file directly below it with a plain name';
  it.each<[string, HeaderText, string]>([
    ['a way up', { name: 'gandi/../etc/cron.d/x' }, `a file named "gandi/../etc/cron.d/x"; ${NAMES}`],
    ['a way up first', { name: '../gandi/x' }, `a file named "../gandi/x"; ${NAMES}`],
    ['an absolute path', { name: '/etc/passwd' }, `a file named "/etc/passwd"; ${NAMES}`],
    ['a place outside', { name: 'etc/passwd' }, `a file named "etc/passwd"; ${NAMES}`],
    ['a place below', { name: 'gandi/a/b' }, `a file named "gandi/a/b"; ${NAMES}`],
    ['a directory below', { name: 'gandi/a/', type: '5' }, `a directory named "gandi/a/"; ${NAMES}`],
    ['a hidden file', { name: 'gandi/.profile' }, `a file named "gandi/.profile"; ${NAMES}`],
    ['dots', { name: 'gandi/..' }, `a file named "gandi/.."; ${NAMES}`],
    ['a prefix', { name: 'config', prefix: 'gandi/..' }, `a file named "gandi/../config"; ${NAMES}`],
    ['a line end', { name: 'gandi/a\nb' }, String.raw`a file named "gandi/a\nb"; ${NAMES}`],
    ['a hard link', { name: 'gandi/a', type: '1', link: '/etc/shadow' }, 'a hard link; a file'],
    ['a symbolic link', { name: 'gandi/a', type: '2', link: '/etc' }, 'a symbolic link; a file'],
    ['a character device', { name: 'gandi/a', type: '3' }, 'a character device; a file'],
    ['a block device', { name: 'gandi/a', type: '4' }, 'a block device; a file'],
    ['a FIFO', { name: 'gandi/a', type: '6' }, 'a FIFO; a file'],
    ['a dot before', { name: './gandi/x' }, `a file named "./gandi/x"; ${NAMES}`],
    ['an unknown type', { name: 'gandi/a', type: 'Z' }, 'a member of type "Z"; a file'],
    [
      'setuid',
      { name: 'gandi/a', mode: '0004755\0' },
      'mode 04755; a mode without setuid, setgid and sticky bits',
    ],
    [
      'setgid',
      { name: 'gandi/a', mode: '0002600\0' },
      'mode 02600; a mode without setuid, setgid and sticky bits',
    ],
  ])('%s', (_, fields, expected) => {
    expect(problemsOf(archive(DIRECTORY, CONFIG, member(fields)))).toEqual([
      expect.stringContaining(expected),
    ]);
    expect(problemsOf(archive(member(fields), DIRECTORY, CONFIG))).toEqual([
      expect.stringContaining(expected),
    ]);
  });

  it.each<[string, Buffer[], string]>([
    [
      'sparse',
      [header({ name: 'gandi/a', type: 'S', size: '00000001000\0' }), Buffer.alloc(512)],
      'a sparse file; a file',
    ],
    ['a link with content', [member({ name: 'gandi/a', type: '2' }, 'x'), CONFIG], 'a symbolic link; a file'],
    ['a name twice', [CONFIG, CONFIG], 'gandi/config: a second member of this name; each name once'],
    ['the directory twice', [CONFIG, DIRECTORY], 'gandi/: a second member of this name; each name once'],
    [
      'a pax path',
      [member({ name: 'p', type: 'x' }, paxRecord('path', '../x')), CONFIG],
      'a file named "../x"',
    ],
    [
      'a pax path for all',
      [member({ name: 'p', type: 'g' }, paxRecord('path', 'gandi/x')), CONFIG],
      'a path for all members; plain files only',
    ],
    [
      'two pax paths',
      [member({ name: 'p', type: 'x' }, paxRecord('path', 'gandi/x') + paxRecord('path', '/x')), CONFIG],
      'a name said twice; plain files only',
    ],
    [
      'a pax link',
      [member({ name: 'p', type: 'x' }, paxRecord('linkpath', '/x')), CONFIG],
      'a link; plain files only',
    ],
    [
      'a pax sparse file',
      [member({ name: 'p', type: 'x' }, paxRecord('GNU.sparse.realsize', '9')), CONFIG],
      'a sparse or special file',
    ],
    [
      'a pax size below 0',
      [member({ name: 'p', type: 'x' }, paxRecord('size', '-1')), CONFIG],
      'a size said twice, or that is no number',
    ],
    [
      'a broken pax record',
      [member({ name: 'p', type: 'x' }, '999999 path=x\n'), CONFIG],
      'a broken pax header; plain files only',
    ],
    [
      'a long link target',
      [member({ name: 'p', type: 'K' }, '/etc/shadow'), CONFIG],
      'a link with a long target',
    ],
    [
      'a long pax header',
      [member({ name: 'p', type: 'x' }, 'x'.repeat(65_537)), CONFIG],
      'too many or too long extension headers',
    ],
    [
      'many pax headers',
      [...Array<Buffer>(5).fill(member({ name: 'p', type: 'x' }, paxRecord('a', 'b'))), CONFIG],
      'too many or too long extension headers',
    ],
    [
      'a pax header at the end',
      [CONFIG, member({ name: 'p', type: 'x' }, paxRecord('a', 'b'))],
      'an extension header without its member',
    ],
    [
      'many members',
      Array.from({ length: 64 }, (_, index) => member({ name: `gandi/${index}` })),
      'more members; at most 64 members',
    ],
    [
      'no configuration',
      [member({ name: 'gandi/script' }, 'x')],
      'archive: gandi/config: nothing; a configuration',
    ],
  ])('%s', (_, members, expected) => {
    expect(problemsOf(archive(DIRECTORY, ...members))).toContainEqual(expect.stringContaining(expected));
  });

  it.each<[string, string | Uint8Array, string]>([
    [
      'negative',
      Buffer.from('ffffffffffffffffffffffff', 'hex'),
      'a size that is no number; a number of 0 or more',
    ],
    ['with a sign', '-0000000001\0', 'a size that is no number'],
    ['not octal', '00000000018\0', 'a size that is no number'],
    ['empty', '\0\0\0\0\0\0\0\0\0\0\0\0', 'a size that is no number'],
    ['of 2^88 in base 256', Buffer.from('80ffffffffffffffffffffff', 'hex'), 'a size that is no number'],
    ['of 10 GB', Buffer.from('800000000000000254000000', 'hex'), 'a member of 9999220736 bytes; at most'],
    ['behind the end', '00000010000\0', 'a member of 4096 bytes; at most the 1024 bytes that are left'],
  ])('size %s', (_, size, expected) => {
    const bytes = archive(DIRECTORY, CONFIG, header({ name: 'gandi/a', size }));
    expect(problemsOf(bytes)).toContainEqual(expect.stringContaining(expected));
  });

  it('limits the sizes of text by name', () => {
    const big = (name: string, size: number) => {
      const bytes = Buffer.alloc(size, 'x').toString();
      return archive(CONFIG, member({ name }, bytes));
    };
    expect(problemsOf(big('gandi/script', 16 * 1024 * 1024))).toEqual(['present']);
    expect(problemsOf(big('gandi/script', 16 * 1024 * 1024 + 1))).toEqual([
      'archive: gandi/script: 16777217 bytes; at most 16777216 bytes',
    ]);
    expect(problemsOf(big('gandi/6.1.0-modules.tar.bz2', 16 * 1024 * 1024 + 1))).toEqual(['present']);
    const config = archive(member({ name: 'gandi/config' }, ' '.repeat(1024 * 1024 + 1)));
    expect(problemsOf(config)).toEqual(['archive: gandi/config: 1048577 bytes; at most 1048576 bytes']);
  });

  it('tells all bad members at once', () => {
    const bytes = archive(
      DIRECTORY,
      member({ name: 'gandi/a', type: '2' }),
      member({ name: '/etc/passwd', mode: '0004755\0' }, 'x'),
    );
    expect(problemsOf(bytes)).toHaveLength(3);
  });
});

describe('modulesRelease', () => {
  it.each([
    ['6.1.0-13-cloud-amd64-modules.tar.gz', '6.1.0-13-cloud-amd64'],
    ['5.10.0+xen_1-modules.tar.bz2', '5.10.0+xen_1'],
    ['a-modules-modules.tar.gz', 'a-modules'],
    [`${'6'.repeat(64)}-modules.tar.gz`, '6'.repeat(64)],
    [`${'6'.repeat(65)}-modules.tar.gz`, undefined],
    ['6.1.0-modules.tar', undefined],
    ['6.1.0-modules.tar.xz', undefined],
    ['6.1.0-modules.tar.gz.bak', undefined],
    ['6.1.0-modules.tar.gz\n', undefined],
    ['-modules.tar.gz', undefined],
    ['..-modules.tar.gz', undefined],
    ['../x-modules.tar.gz', undefined],
    ['a b-modules.tar.gz', undefined],
    ['config', undefined],
  ])('%j: %s', (name, release) => {
    expect(modulesRelease(name)).toBe(release);
  });
});
