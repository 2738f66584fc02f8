import { describe, expect, it } from 'vitest';
import { isPasswordHash } from '../../../../src/metadata/fields/password-hash.ts';

// Made with openssl passwd and crypt(3) of libxcrypt, all of the word "throwaway".
const HASHES = {
  sha512:
    '$6$Xk2pQ9vN4rTz8WbE$gRAxV/hkl3borH09.l9w7EJq1yXuFufNZ/KmBQQR.erBNLJE5gSAbdqitGzUdcDsUW/slOMFLUYt7AjglQi7Z1',
  'sha512 with rounds':
    '$6$rounds=5000$abc$MRbPmaX97JSrdYN./ISxeM9DnlxvlkL6Zz3iA5WjqLezkiSEsNc4BmFWyJZ/U6BAonuS7ZD7wQjYOMG3/ZDCg0',
  sha256: '$5$nO9mVwxMZfNT.R89$0ORye/GatUHVgnk700Wj.vqfPumoxbe9S/qRusvaFjC',
  md5: '$1$4LYqR3Np$/X7CgP/Qo.oSmNJt6U8HZ1',
  yescrypt: '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$OEJ.ahEjH5e02OpnT7xaAl5xqwFxC85h8h52PeM2ae1',
  'gost-yescrypt': '$gy$j9T$F5Jx5fExrKuPp53xLKQ..1$3kCz/YIc4JTDVNl2RVPMsliq0gwXu0Ucu5bqoDsp7K9',
  bcrypt: '$2b$05$abcdefghijklmnopqrstuu1rw1ZN9Y2ZfNG/QsRObpVyXOyKYNRH2',
  scrypt: '$7$CU..../....2Q9obwLhin8qvQl6sisAO/$m8O6RqwyB1VP96uKcSUs5BGz3ZVu/Ek3Ob5ksXrspe6',
};

describe('isPasswordHash', () => {
  it.each(Object.entries(HASHES))('takes %s', (_, hash) => {
    expect(isPasswordHash(hash)).toBe(true);
  });

  it.each(Object.entries(HASHES))(
    'refuses %s that is cut, longer, locked, or has another field behind',
    (_, hash) => {
      const bad = [
        hash.slice(0, -1),
        `${hash}x`,
        `!${hash}`,
        `${hash}:0:0`,
        `${hash}\n`,
        ` ${hash}`,
        hash.slice(1),
      ];
      for (const text of bad) {
        expect(isPasswordHash(text), text).toBe(false);
      }
    },
  );

  it.each([
    ['blank', ''],
    ['plain text', 'hunter2'],
    ['locked', '!'],
    ['locked', '*'],
    ['traditional DES', 'abEoBfPkG89ls'],
    ['an unknown method', `$9$salt$${'a'.repeat(86)}`],
    ['no salt', `$6$$${'a'.repeat(86)}`],
    ['a colon in the salt', `$6$a:b$${'a'.repeat(86)}`],
    ['a line end in the salt', `$6$a\nb$${'a'.repeat(86)}`],
    ['a blank in the salt', `$6$a b$${'a'.repeat(86)}`],
    ['a long salt', `$6$${'s'.repeat(17)}$${'a'.repeat(86)}`],
    ['many rounds', `$6$rounds=9999999999$s$${'a'.repeat(86)}`],
    ['a character outside the alphabet', `$6$salt$${'a'.repeat(85)}=`],
  ])('refuses %s', (_, text) => {
    expect(isPasswordHash(text)).toBe(false);
  });
});
