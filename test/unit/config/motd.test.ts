import { describe, expect, it } from 'vitest';
import { motd, renderMotd } from '../../../src/config/motd.ts';
import { digestOf } from '../../../src/state/applied.ts';
import { type FileEntries, makeContext } from '../context.ts';

const text = renderMotd('web1', 'Debian GNU/Linux 12 (bookworm)', '/etc/default/gandi');
const planFor = (files: FileEntries, parts = {}) =>
  motd.plan(makeContext({ files: { '/etc/hostname': 'web1\n', ...files }, ...parts }));
const write = (content: string, backup: boolean) => ({
  kind: 'write-file',
  path: '/etc/motd',
  content,
  mode: 0o644,
  ...(backup ? { backup: true } : {}),
});
const own = { settings: 'CONFIG_MOTD_FILE=/etc/mine' };

describe('13-config_motd', () => {
  it.each([
    ['there is none', {}, false],
    ['it is empty', { '/etc/motd': '\n' }, true],
    [
      'it is Debian’s',
      { '/etc/motd': '\nThe programs included with the Debian GNU/Linux system are free software;\n' },
      true,
    ],
  ])('writes a message where %s', (_, files, backup) => {
    expect(planFor(files)).toEqual({ changes: [write(text, backup)], digest: digestOf(text) });
  });

  it('leaves the admin’s message alone', () => {
    expect(planFor({ '/etc/motd': 'Keep out\n' })).toEqual({ changes: [] });
  });

  it('renews its own message with the host’s name, unless the admin changed it', () => {
    const applied = { '13-config_motd': digestOf('old\n') };
    expect(planFor({ '/etc/motd': 'old\n' }, { applied }).changes).toEqual([write(text, false)]);
    expect(planFor({ '/etc/motd': 'old, mine\n' }, { applied }).changes).toEqual([]);
  });

  it('installs the admin’s own text, once for each text', () => {
    const files = { '/etc/motd': 'Keep out\n', '/etc/mine': 'Welcome\n' };
    expect(planFor(files, own)).toEqual({
      changes: [write('Welcome\n', true)],
      digest: digestOf('Welcome\n'),
    });
    const applied = { '13-config_motd': digestOf('Welcome\n') };
    expect(planFor(files, { ...own, applied }).changes).toEqual([]);
  });

  it('keeps the admin’s first text when the one in its place changes', () => {
    const applied = { '13-config_motd': digestOf('Welcome\n') };
    const files = { '/etc/motd': 'Welcome\n', '/etc/mine': 'Welcome back\n' };
    expect(planFor(files, { ...own, applied }).changes).toEqual([write('Welcome back\n', false)]);
    const byHand = { ...files, '/etc/motd': 'Down at 5\n' };
    expect(planFor(byHand, { ...own, applied }).changes).toEqual([write('Welcome back\n', true)]);
  });

  it('says that the admin’s file is missing', () => {
    expect(planFor({}, own).notes?.[0]).toMatchObject({ level: 'problem' });
  });
});
