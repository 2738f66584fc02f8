import { describe, expect, it } from 'vitest';
import { describeChange } from '../../../src/machine/changes/change-kinds.ts';
import type { LocaleConfig } from '../../../src/metadata/guest-config.ts';
import { planLocale } from '../../../src/postboot/locale.ts';
import { renderPostBootOrder } from '../../../src/state/post-boot-order.ts';
import { type ContextParts, type FileEntries, makeContext } from '../context.ts';

function planned(locale: LocaleConfig, files: FileEntries, parts: ContextParts = {}) {
  const order = renderPostBootOrder({ digest: 'd', late: { locale } });
  const { separate = [] } = planLocale(
    makeContext({ ...parts, files: { '/run/gandi/postboot': order, ...files } }),
  );
  const written = Object.fromEntries(
    separate.flatMap(({ changes }) =>
      changes.flatMap((change) => (change.kind === 'write-file' ? [[change.path, change.content]] : [])),
    ),
  );
  return {
    written,
    commands: separate
      .flatMap(({ changes }) => changes)
      .filter(({ kind }) => kind === 'run-command')
      .map(describeChange),
    notes: separate.flatMap(({ notes = [] }) => notes.map(({ text }) => text)),
    digests: Object.assign({}, ...separate.map(({ digests }) => digests ?? {})),
  };
}

const RED_HAT = {
  facts: { os: { id: 'rocky', like: ['rhel', 'fedora'], versionId: '9', prettyName: 'Rocky' } },
};

describe('the locale that a source asks for', () => {
  const MADE = { '/usr/share/i18n/locales/fr_FR': '', '/usr/bin/localedef': '' };

  it('is made where the guest has what that needs, and stays over an upgrade of the C library', () => {
    const files = {
      ...MADE,
      '/etc/locale.gen': '# fr_FR.UTF-8 UTF-8\n',
      '/etc/default/locale': 'A=b\nLANG=C\n',
    };
    const { written, commands, digests } = planned({ language: 'fr_FR.UTF-8' }, files);
    expect(written).toEqual({
      '/etc/locale.gen': '# fr_FR.UTF-8 UTF-8\nfr_FR.UTF-8 UTF-8\n',
      '/etc/default/locale': 'A=b\nLANG=fr_FR.UTF-8\n',
    });
    expect(commands).toEqual([
      'run localedef -i fr_FR -f UTF-8 -- fr_FR.UTF-8 (make the locale that the source asks for)',
    ]);
    expect(planned({ language: 'fr_FR.UTF-8' }, files, { applied: digests })).toMatchObject({
      written: {},
      commands: [],
    });
  });

  it.each([
    ['C.UTF-8', {}],
    ['fr_FR.UTF-8', { '/usr/lib/locale/fr_FR.utf8/LC_CTYPE': '' }],
    ['ca_ES.utf8@valencia', { '/usr/lib/locale/ca_ES.utf8@valencia/LC_CTYPE': '' }],
  ])('is taken as it is there: %s', (language, files) => {
    const { written, commands, notes } = planned({ language }, { ...files, '/etc/locale.conf': '' });
    expect({ written, commands, notes }).toEqual({
      written: { '/etc/locale.conf': `LANG=${language}\n` },
      commands: [],
      notes: [],
    });
  });

  it('is told where it is not there and nothing makes it, and the one before stays', () => {
    const { written, notes } = planned({ language: 'fr_FR.UTF-8' }, { '/etc/default/locale': 'LANG=C\n' });
    expect(written).toEqual({});
    expect(notes).toEqual([expect.stringMatching(/^there is no locale fr_FR.UTF-8.* install the package/)]);
  });
});

describe('the layout of the keyboard', () => {
  const keyboard = { layout: 'de', variant: 'nodeadkeys' };

  it('is in the file of Debian’s console, whose other settings stay', () => {
    const files = {
      '/etc/default/keyboard': 'XKBMODEL="x"\nXKBLAYOUT="us"\nBACKSPACE="del"\n',
      '/bin/setupcon': '',
    };
    const { written, commands } = planned({ keyboard }, files);
    expect(written).toEqual({
      '/etc/default/keyboard':
        'XKBMODEL="pc105"\nXKBLAYOUT="de"\nBACKSPACE="del"\nXKBVARIANT="nodeadkeys"\nXKBOPTIONS=""\n',
    });
    expect(commands).toEqual([expect.stringContaining('run setupcon -k --force --save (')]);
  });

  it('is localectl’s elsewhere', () => {
    expect(planned({ keyboard }, { '/usr/bin/localectl': '' }, RED_HAT).commands).toEqual([
      expect.stringContaining("run localectl set-x11-keymap de pc105 nodeadkeys '' ("),
    ]);
    expect(planned({ keyboard }, {}, RED_HAT).notes).toEqual([expect.stringContaining('no localectl')]);
  });
});
