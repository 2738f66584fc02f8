import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../../src/machine/settings/settings.ts';
import { ensureOwnFile, isOwn, ownHeader } from '../../../src/plan/own-file.ts';
import { makeFiles } from '../context.ts';

const wanted = { path: '/etc/x', content: 'new\n', mode: 0o644 };
const written = { kind: 'write-file', ...wanted };

describe('ensureOwnFile', () => {
  it.each([
    ['missing, nothing new', undefined, false, [written]],
    ['missing, something new', undefined, true, [written]],
    ['there, nothing new', 'old\n', false, []],
    ['there, something new', 'old\n', true, [{ ...written, backup: true }]],
    ['the same', 'new\n', true, []],
  ])('%s', (_, text, news, changes) => {
    const files = makeFiles(text === undefined ? {} : { '/etc/x': text });
    expect(ensureOwnFile(files, wanted, news)).toEqual(changes);
  });
});

describe('ownHeader', () => {
  it('marks a file as ours and names the setting', () => {
    const header = ownHeader(parseSettings('', '/etc/sysconfig/gandi'), 'CONFIG_NETWORK');
    expect(header).toBe(
      '# Written by gandi-bootstrap from what the host asks for; CONFIG_NETWORK=0 in /etc/sysconfig/gandi keeps it from being written.\n',
    );
    expect(isOwn(`${header}more`)).toBe(true);
    expect(isOwn(`more\n${header}`)).toBe(false);
    expect(isOwn(undefined)).toBe(false);
  });
});
