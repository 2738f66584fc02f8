import { expect, it } from 'vitest';
import { describeUsers, isUsed } from '../../../../src/mount/holders/users.ts';

const process = (pid: number) => ({ pid, command: 'vim', file: '/srv/data/f', controlGroup: '/' });

it('names processes with program and file, and mounts', () => {
  const users = { processes: [process(7)], mounts: ['/var/www'], kernel: [] };
  expect(isUsed(users)).toBe(true);
  expect(describeUsers(users)).toBe('process 7 (vim) with /srv/data/f, the mount at /var/www');
});

it('counts what is too much to name', () => {
  const text = describeUsers({
    processes: Array.from({ length: 10 }, (_, pid) => process(pid)),
    mounts: [],
    kernel: [],
  });
  expect(text).toMatch(/process 7 \(vim\) with \/srv\/data\/f and 2 more$/);
});

it('says so when nobody can be seen', () => {
  expect(isUsed({ processes: [], mounts: [], kernel: [] })).toBe(false);
  expect(describeUsers({ processes: [], mounts: [], kernel: [] })).toBe('somebody who cannot be seen');
});
