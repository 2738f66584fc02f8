import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withoutAlias } from '../../../../src/host/command-line.ts';
import { parseSettings, readSettings, type SettingsFiles } from '../../../../src/host/context/settings.ts';
import type { FileStatus } from '../../../../src/machine/files/files.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { plainFiles } from '../simulated-host.ts';

const read = (
  texts: Record<string, string>,
  environment: Record<string, string> = {},
  options = {},
  named?: string,
) => readSettings(plainFiles(texts), environment, options, named);

/** What a parser of such files may stumble over. */
const anyText = fc
  .array(
    fc.constantFrom(
      ...[
        'pool',
        'parallel',
        '__proto__',
        'a',
        '7',
        'é',
        ' ',
        '=',
        '[',
        ']',
        '"',
        "'",
        '\\',
        ';',
        '#',
        '{',
        '.',
      ],
      ...['\n', '\r', '\t', '\0', '\u2028', '\ud800'],
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

describe('settings of the host', () => {
  it('come from layers, the last one wins, and each says where it is from', () => {
    const texts = {
      '/etc/gandi/host.conf': '# ours\npool = one\nparallel = 3\n',
      '/home/u/.config/gandi/host.conf': 'pool = two\n',
      '/env': 'pool-directory = "/a b"\n',
      '/named': 'pool=three ; why\n',
    };
    const { values, warnings } = read(
      texts,
      { HOME: '/home/u', GANDI_HOST_CONF: '/env' },
      { connect: 'qemu+ssh://host/system' },
      '/named',
    );
    expect(values).toEqual({
      connect: { value: 'qemu+ssh://host/system', from: 'the command line' },
      pool: { value: 'three', from: '/named:1' },
      'pool-directory': { value: '/a b', from: '/env:1' },
      nic: { value: 'network=default', from: 'built in' },
      emulation: { value: 'no', from: 'built in' },
      toolkit: { value: '', from: 'built in' },
      parallel: { value: '3', from: '/etc/gandi/host.conf:3' },
    });
    expect(warnings).toEqual([]);
  });

  it('are warned of where they are none, and the layer below counts', () => {
    const { values, warnings } = read({
      '/etc/gandi/host.conf': 'pool = a/b\nnonsense\n[x]\nfoo = 1\nparallel=0\n',
    });
    expect(values.pool).toEqual({ value: 'gandi', from: 'built in' });
    expect(warnings).toHaveLength(5);
    expect(warnings[0]).toMatch(/^\/etc\/gandi\/host\.conf:\d: [^\n]+$/);
    expect(warnings.join('\n')).toContain(
      '/etc/gandi/host.conf:1: pool is "a/b", expected the name of a pool',
    );
    expect(warnings.join('\n')).toContain('/etc/gandi/host.conf:4: unknown setting foo');
  });

  it('are an error where an option is none: nothing is done with something else', () => {
    expect(() => read({}, {}, { connect: 'nonsense' })).toThrow('--connect nonsense: expected a URI');
  });

  it('must be there where somebody named their file', () => {
    expect(() => read({}, { GANDI_HOST_CONF: '/env' })).toThrow('/env: there is no such file of settings');
  });

  const statusOf = (status: Partial<FileStatus>) => {
    const files: SettingsFiles = {
      ...plainFiles({}),
      readText: () => 'connect = qemu:///session\n',
      status: (path) =>
        path === '/etc/gandi/host.conf' || path === '/named'
          ? { kind: 'file', mode: 0o644, uid: 0, gid: 0, size: 1, ...status }
          : undefined,
    };
    return { ...files, readText: (path: string) => (files.status(path) ? files.readText(path) : undefined) };
  };

  it.each([
    [{ kind: 'other' }, 'it is no file'],
    [{ kind: 'directory' }, 'it is no file'],
    [{ uid: 7 }, 'it belongs to another user'],
    [{ mode: 0o666 }, 'everybody may write it'],
  ] as const)('are not read from a file that nobody named, as %o', (status, why) => {
    const { values, warnings } = readSettings(statusOf(status), {}, {}, undefined, 1000);
    expect(values.connect.from).toBe('built in');
    expect(warnings).toEqual([`/etc/gandi/host.conf is not read: ${why}`]);
  });

  it('are those of a file of this user, and of one that was named, whose it may be', () => {
    const from = (status: Partial<FileStatus>, named?: string) =>
      readSettings(statusOf(status), {}, {}, named, 1000).values.connect.from;
    expect(from({ uid: 1000 })).toBe('/etc/gandi/host.conf:1');
    expect(from({ uid: 7 }, '/named')).toBe('/named:1');
    expect(() => from({ kind: 'other' }, '/named')).toThrow('/named: it is no file');
  });

  it('are read from a file that is named from the working directory', () => {
    expect(() => read({}, {}, {}, 'host.conf')).toThrow(`${process.cwd()}/host.conf: there is no such file`);
    expect(
      read({ [`${process.cwd()}/host.conf`]: 'pool = x\n' }, {}, {}, 'host.conf').values.pool.value,
    ).toBe('x');
    // Of an empty name there is no directory.
    const texts = { '/home/u/.config/gandi/host.conf': 'pool = two\n' };
    expect(read(texts, { HOME: '/home/u', XDG_CONFIG_HOME: '' }).values.pool.value).toBe('two');
  });

  it('are read from any text without an exception', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { lines, warnings } = parseSettings(text, '/x');
        expect(lines.length + warnings.length).toBeLessThanOrEqual(text.split('\n').length);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

describe('an alias', () => {
  it('is none where no command has it', () => {
    expect(withoutAlias(['--json', 'order', 'plan'])).toEqual(['--json', 'order', 'plan']);
    // The value of an option is no command, whatever it is called.
    for (const option of ['-c', '--connect', '--config'])
      expect(withoutAlias([option, 'list-diz', 'list-diz'])).toEqual([option, 'list-diz', 'guest', 'list']);
  });
});
