import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dataDisks } from '../../../src/guest/data-disks.ts';
import { isRunning, takeLock } from '../../../src/machine/files/lock.ts';
import { makeFiles } from '../context.ts';
import { temporaryRoot } from '../temporary-root.ts';

const states = ['mounting', 'mounted', 'failed', 'left-alone', 'gone'];
const files = makeFiles({
  '/run/gandi/disks.json': JSON.stringify({
    disks: states.map((state) => ({ node: '/dev/sdb', name: 'sdb', deviceNumber: '8:16', since: '', state })),
  }),
});
const failed = (runs: boolean[]) =>
  dataDisks(files, () => runs.shift() === true)
    .filter((disk) => disk.failed)
    .map(({ state }) => state);

describe('dataDisks', () => {
  it('counts one as failed that a run was about to mount, once there is no such run', () => {
    expect(failed([false, false])).toEqual(['mounting', 'failed']);
    const [disk] = dataDisks(files, () => false);
    expect(disk?.why).toContain('gandi-mount rescan');
  });

  it('counts one whose hook has failed, as long as it is there', () => {
    const disk = { node: '/dev/sdb', name: 'sdb', deviceNumber: '8:16', since: '' };
    const hookFailure = 'post-disk-attach: exit status 1';
    const disks = [
      { ...disk, state: 'mounted', hookFailure },
      { ...disk, state: 'gone', hookFailure },
    ];
    const records = makeFiles({ '/run/gandi/disks.json': JSON.stringify({ disks }) });
    expect(dataDisks(records, () => false)).toMatchObject([
      { failed: true, why: hookFailure },
      { failed: false, why: hookFailure },
    ]);
  });

  it.each([[[true, true]], [[true, false]], [[false, true]]])('waits for a run: %j', (runs) => {
    expect(failed(runs)).toEqual(['failed']);
  });
});

describe('isRunning', () => {
  it('tells a run from the lock that a killed one has left', async () => {
    const { root } = temporaryRoot();
    expect(isRunning('program', root)).toBe(false);
    const release = await takeLock('program', 0, root);
    expect(isRunning('program', root)).toBe(true);
    release();
    expect(isRunning('program', root)).toBe(false);
    writeFileSync(`${root}/program.lock`, '999999999 1\n');
    expect(isRunning('program', root)).toBe(false);
  });
});
