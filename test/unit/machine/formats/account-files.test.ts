import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AccountTexts,
  addAccount,
  arePlain,
  nextNumber,
  setPasswords,
  subordinateNumbers,
} from '../../../../src/machine/formats/account-files.ts';

const texts: AccountTexts = {
  passwd: 'root:x:0:0:root:/root:/bin/bash\nwww:x:33:33::/var/www:/bin/sh\n',
  shadow: 'root:*:20000:0:99999:7:::\nwww:*:20000::::::\n',
  group: 'root:x:0:\nsudo:x:27:other\nwww:x:33:\n',
  gshadow: 'root:*::\nsudo:*::\nwww:!::\n',
  subuid: '',
  subgid: '',
};
const account = {
  name: 'web',
  id: 1000,
  gecos: '',
  home: '/home/web',
  shell: '/bin/bash',
  groups: ['sudo'],
  aging: { least: '0', most: '99999', warn: '7' },
};

describe('an account is added', () => {
  it('behind the others, with a group of its own, and joins its groups', () => {
    const subordinate = { uid: 100_000, gid: 200_000, uids: 65_536, gids: 10 };
    expect(addAccount(texts, { ...account, gecos: 'Web', subordinate }, 20_787)).toEqual({
      passwd: `${texts.passwd}web:x:1000:1000:Web:/home/web:/bin/bash\n`,
      shadow: `${texts.shadow}web:!:20787:0:99999:7:::\n`,
      group: 'root:x:0:\nsudo:x:27:other,web\nwww:x:33:\nweb:x:1000:\n',
      gshadow: 'root:*::\nsudo:*::web\nwww:!::\nweb:!::\n',
      subuid: 'web:100000:65536\n',
      subgid: 'web:200000:10\n',
    });
  });

  it('without a day before the clock is set', () => {
    expect(addAccount(texts, account, 0).shadow).toContain('web:!::0:99999:7:::\n');
  });

  it.each([
    ['name', { ...account, name: 'www' }],
    ['number of a user', { ...account, id: 33 }],
    ['name of a group', { ...account, name: 'sudo' }],
    ['number of a group', { ...account, id: 27 }],
    ['group that is not there', { ...account, groups: ['docker'] }],
  ])('not where there is a reason: %s', (_, one) => {
    expect(() => addAccount(texts, one, 1)).toThrow(/already|taken|no group/);
  });
});

describe('a password is set', () => {
  it('with its day; the rest of the line stays', () => {
    const { shadow } = setPasswords(texts, [{ name: 'root', hash: '$6$a$b' }], 20_787);
    expect(shadow).toBe('root:$6$a$b:20787:0:99999:7:::\nwww:*:20000::::::\n');
  });

  it.each([
    ['there is no such account', texts, { name: 'web', hash: '$6$a$b' }],
    ['it has none in shadow', { ...texts, shadow: '' }, { name: 'root', hash: '$6$a$b' }],
    ['it is in passwd', { ...texts, passwd: 'root:*:0:0::/:\n' }, { name: 'root', hash: '$6$a$b' }],
    ['it would be another field', texts, { name: 'root', hash: 'a:b' }],
    ['it would be another line', texts, { name: 'root', hash: 'a\nb::0:0:::' }],
  ])('not where %s', (_, all, password) => {
    expect(() => setPasswords(all, [password], 1)).toThrow('is not in /etc/shadow');
  });
});

describe('numbers', () => {
  it.each([
    ['the first', '', '', 1000],
    ['behind the highest', 'a:x:1005:1005::/:\nb:x:1001:1::/:\nn:x:65534:65534::/:\n', '', 1006],
    ['none behind the last', 'a:x:60000:60000::/:\n', '', undefined],
    ['none where the group’s is taken', '', 'g:x:1000:\n', undefined],
  ])('of an account: %s', (_, passwd, group, expected) => {
    expect(nextNumber({ passwd, group }, { least: 1000, most: 60_000 })).toBe(expected);
  });

  it.each([
    ['the first', '', 100_000],
    ['behind the others', 'b:165536:65536\na:100000:65536\n', 231_072],
    ['in a hole that is large enough', 'a:100000:10\nb:300000:10\n', 100_010],
    ['behind a range that begins before', 'a:10:200000\n', 200_010],
    ['none where there is no room', 'a:100000:600000000\n', undefined],
  ])('of subordinates: %s', (_, text, expected) => {
    expect(subordinateNumbers(text, { least: 100_000, most: 600_100_000, count: 65_536 })).toBe(expected);
  });
});

describe('databases are plain', () => {
  it('with ordinary lines', () => {
    expect(arePlain(texts)).toBe(true);
    expect(arePlain({ ...texts, subuid: 'web:100000:65536\nweb:200000:1\n' })).toBe(true);
  });

  it.each<[string, AccountTexts]>([
    ['a missing file', { passwd: texts.passwd ?? '', shadow: '', group: '' }],
    ['NIS', { ...texts, passwd: `${texts.passwd}+::::::\n` }],
    ['a comment', { ...texts, group: `#${texts.group}` }],
    ['an empty line', { ...texts, shadow: `${texts.shadow}\n` }],
    ['no end of the last line', { ...texts, passwd: 'root:x:0:0::/:' }],
    ['a name twice', { ...texts, passwd: `${texts.passwd}${texts.passwd}` }],
    ['too few fields', { ...texts, shadow: 'root:*\n' }],
    ['a number that is none', { ...texts, passwd: 'root:x:0:a::/:\n' }],
    ['subordinates by words', { ...texts, subuid: 'web:a:b\n' }],
    ['a zero byte', { ...texts, passwd: 'root:x:0:0:\0:/:\n' }],
  ])('but not with %s', (_, all) => {
    expect(arePlain(all)).toBe(false);
  });

  it('or not, whatever is in them: what is added keeps them so', () => {
    const line = fc.array(fc.constantFrom('a', 'root', '0', '7', ':', '+', '\n', '#', '\0', 'ü'), {
      maxLength: 30,
    });
    const text = line.map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, (passwd, group) => {
        const all = { ...texts, passwd: `${texts.passwd}${passwd}`, group: `${texts.group}${group}` };
        if (!arePlain(all)) return;
        const id = nextNumber(all, { least: 1000, most: 60_000 });
        if (id === undefined) return;
        expect(arePlain(addAccount(all, { ...account, id }, 1))).toBe(true);
      }),
    );
  });
});
