import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findAccount, findGroup, groupMembers, shadowEntry } from '../../../src/accounts/accounts.ts';
import { PROPERTY_RUNS } from '../../property-runs.ts';

test('lines are found by the whole name, wherever they stand', () => {
  const passwd =
    'root:x:0:0::/root:/bin/sh\nwebmaster:x:1:1::/m:\nweb:x:9:9\nweb:x:7:8::/home//web/:\n-web:x:3:3::/n:';
  expect(findAccount(passwd, 'root')).toEqual({ name: 'root', uid: 0, gid: 0, home: '/root' });
  // One without a home is none.
  expect(findAccount(passwd, 'web')).toEqual({ name: 'web', uid: 7, gid: 8, home: '/home/web' });
  expect(findAccount(passwd, '-web')).toMatchObject({ uid: 3 });
  for (const name of ['we', 'master', 'root:x', 'root\nweb', 'x']) {
    expect(findAccount(passwd, name), name).toBeUndefined();
  }
  expect(findAccount(undefined, 'root')).toBeUndefined();
  expect(groupMembers('sudo:x:27:a,,b\nbare\n', 'sudo')).toEqual(['a', 'b']);
  expect(groupMembers('sudo:x:27:a,,b\nbare\n', 'bare')).toEqual([]);
  expect(findGroup('web:x:no:\nweb:x:5:', 'web')).toEqual({ name: 'web', gid: 5 });
  expect(shadowEntry('web:!:5', 'web')).toEqual({ password: '!', changedOn: '5', closedOn: '' });
});

test('they are those that one finds by looking at each line', () => {
  const piece = fc.constantFrom('web', 'we', 'b', ':', '::', '/', '5', '\n', ',', '-', '');
  const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));
  const name = fc.array(piece, { maxLength: 3 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(text, name, (lines, wanted) => {
      const first = lines
        .split('\n')
        .map((line) => line.split(':'))
        .find(([begin]) => begin === wanted);
      expect(groupMembers(lines, wanted)).toEqual(
        first && (first[3] ?? '').split(',').filter((one) => one !== ''),
      );
      expect(shadowEntry(lines, wanted)?.password).toEqual(first && (first[1] ?? ''));
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
