import { truncateSync } from 'node:fs';
import { expect, it } from 'vitest';
import { digestsOf, stillShared } from '../../../src/identity/shared.ts';
import { temporaryRoot } from '../temporary-root.ts';

it('what a clone shares may be larger than any text that is read: it counts that it is there', () => {
  const path = '/var/osquery/osquery.db';
  const files = temporaryRoot({ [path]: '' });
  truncateSync(files.locate(path), 20 * 1024 * 1024);
  const shared = digestsOf(files, [{ path }]);
  expect(stillShared(files, shared)).toEqual([
    { path, severity: 'warning', what: 'the host identifier of osquery' },
  ]);
});

it('what was made anew since is shared no more', () => {
  const path = '/etc/salt/minion_id';
  const before = temporaryRoot({ [path]: 'golden\n' });
  const after = temporaryRoot({ [path]: 'clone\n' });
  const shared = digestsOf(before, [{ path }]);
  expect(stillShared(before, shared)).toHaveLength(1);
  expect(stillShared(after, shared)).toEqual([]);
});
