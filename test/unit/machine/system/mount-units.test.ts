import { describe, expect, it } from 'vitest';
import { mountUnits, sectionValues } from '../../../../src/machine/system/mount-units.ts';
import { makeFiles } from '../../context.ts';

describe('the syntax of units', () => {
  it.each<[string, string, string | undefined]>([
    ['without blanks', '[Mount]\nWhat=/dev/sdb\n', '/dev/sdb'],
    [
      'with blanks around the sign, before the line and behind it',
      '[Mount]\n  What \t=  /dev/sdb  \n',
      '/dev/sdb',
    ],
    [
      'in lines that are joined, with a comment between them',
      '[Mount]\nWhat=\\\n# which\n  /dev/sdb\n',
      '/dev/sdb',
    ],
    ['behind a comment', '[Mount]\n#What=/dev/sda\n; What=/dev/sdc\nWhat=/dev/sdb\n', '/dev/sdb'],
    ['the last of two', '[Mount]\nWhat=/dev/sda\nWhat=/dev/sdb\n', '/dev/sdb'],
    ['taken back', '[Mount]\nWhat=/dev/sda\nWhat=\n', undefined],
    ['of another section', '[X-Mount]\nWhat=/dev/sda\n[Unit]\nWhat=/dev/sdb\n', undefined],
    ['with signs of its own', '[Mount]\nWhat=LABEL="a=b 100%%"\n', 'LABEL="a=b 100%"'],
  ])('a value %s', (_, text, expected) => {
    expect(sectionValues([text], 'Mount').get('What')).toBe(expected);
  });
});

describe('mount units', () => {
  const unit = (source: string) => `[Mount]\nWhat = ${source}\nWhere = /data\n`;
  const sources = (entries: Parameters<typeof makeFiles>[0]) =>
    mountUnits(makeFiles(entries)).map(({ source }) => source);

  it.each([
    '/etc/systemd/system',
    '/etc/systemd/system.control',
    '/run/systemd/system',
    '/run/systemd/transient',
    '/run/systemd/generator',
    '/usr/local/lib/systemd/system',
    '/usr/lib/systemd/system',
    '/lib/systemd/system',
  ])('are found in %s', (directory) => {
    expect(mountUnits(makeFiles({ [`${directory}/data.mount`]: unit('/dev/sdb') }))).toEqual([
      { source: '/dev/sdb', mountPoint: '/data', type: 'auto' },
    ]);
  });

  it.each<[string, Parameters<typeof makeFiles>[0]]>([
    ['a directory', { '/etc/systemd/system/other.mount/x': '' }],
    ['a link that leads to itself', { '/etc/systemd/system/other.mount': { link: 'other.mount' } }],
    ['a link that leads nowhere', { '/etc/systemd/system/other.mount': { link: '/nowhere' } }],
    ['a directory among the drop-ins', { '/etc/systemd/system/data.mount.d/x.conf/y': '' }],
    ['a file in the place of the drop-ins', { '/etc/systemd/system/data.mount.d': '' }],
    ['a file in the place of a directory', { '/run/systemd/transient': '' }],
  ])('are read past %s', (_, entries) => {
    expect(sources({ ...entries, '/etc/systemd/system/data.mount': unit('/dev/sdb') })).toEqual(['/dev/sdb']);
  });

  it('are those that count: the first of a name, with its drop-ins, unless it is masked', () => {
    const shipped = { '/usr/lib/systemd/system/data.mount': unit('/dev/sda') };
    expect(sources({ ...shipped, '/etc/systemd/system/data.mount': unit('/dev/sdb') })).toEqual(['/dev/sdb']);
    expect(sources({ ...shipped, '/etc/systemd/system/data.mount': { link: '/dev/null' } })).toEqual([]);
    expect(sources({ ...shipped, '/etc/systemd/system/data.mount': '' })).toEqual([]);
    const dropIns = {
      '/run/systemd/system/data.mount.d/10.conf': '[Mount]\nWhat=/dev/sdx\n',
      '/etc/systemd/system/data.mount.d/10.conf': '[Mount]\nWhat=/dev/sdc\n',
      '/usr/lib/systemd/system/data.mount.d/05.conf': '[Mount]\nWhat=/dev/sdy\n',
      '/etc/systemd/system/data.mount.d/20.txt': '[Mount]\nWhat=/dev/sdz\n',
    };
    expect(sources({ ...shipped, ...dropIns })).toEqual(['/dev/sdc']);
  });

  it('that are masked stay so with drop-ins', () => {
    const dropIn = { '/etc/systemd/system/data.mount.d/10.conf': '[Mount]\nWhat=/dev/sdc\n' };
    expect(sources({ ...dropIn, '/etc/systemd/system/data.mount': { link: '/dev/null' } })).toEqual([]);
  });

  it('cost one look at each directory of the load path, and none at drop-ins that are not there', () => {
    const names = Array.from({ length: 12 }, (_, index) => `/usr/lib/systemd/system/a-b-c-${index}.mount`);
    const entries = Object.fromEntries(names.map((path) => [path, unit('/dev/sdb')]));
    const files = makeFiles({ ...entries, '/lib': { link: 'usr/lib' } });
    const listed: string[] = [];
    const list = (path: string) => {
      listed.push(path);
      return files.list(path);
    };
    const watched = { ...files, list };
    expect(mountUnits(watched)).toHaveLength(12);
    expect(listed).toEqual([...new Set(listed)]);
    expect(listed).toContain('/usr/lib/systemd/system');
    expect(listed).not.toContain('/lib/systemd/system');
    expect(listed.filter((path) => path.includes('.mount'))).toEqual([]);
  });

  it.each<[string, Record<string, string>, string]>([
    ['of its prefix', { 'srv-.mount.d/a.conf': '/dev/sdb' }, '/dev/sdb'],
    [
      'of its longer prefix',
      { 'srv-.mount.d/a.conf': '/dev/sdb', 'srv-web-.mount.d/a.conf': '/dev/sdc' },
      '/dev/sdc',
    ],
    ['of all mount units', { 'mount.d/z.conf': '/dev/sdb', 'srv-.mount.d/a.conf': '/dev/sdc' }, '/dev/sdb'],
    ['that is masked', { 'srv-web-x.mount.d/a.conf': '', 'mount.d/a.conf': '/dev/sdb' }, '/dev/sda'],
    [
      'of another unit',
      { 'srv-web.mount.d/a.conf': '/dev/sdb', 'web-x.mount.d/a.conf': '/dev/sdb' },
      '/dev/sda',
    ],
  ])('have drop-ins %s', (_, dropIns, expected) => {
    const texts = Object.entries(dropIns).map(([place, source]) => [
      `/etc/systemd/system/${place}`,
      source === '' ? { link: '/dev/null' } : `[Mount]\nWhat=${source}\n`,
    ]);
    const shipped = { '/usr/lib/systemd/system/srv-web-x.mount': unit('/dev/sda') };
    expect(sources({ ...shipped, ...Object.fromEntries(texts) })).toEqual([expected]);
  });
});
