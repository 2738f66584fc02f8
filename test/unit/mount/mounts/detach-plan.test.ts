import { expect, it } from 'vitest';
import { planRemoveMountPoint, planUnmountGone } from '../../../../src/mount/mounts/detach-plan.ts';

it('takes the last mount of a device that is gone away first, without asking the device', () => {
  expect(planUnmountGone(['/srv/data', '/var/www']).map((change) => 'argv' in change && change.argv)).toEqual(
    [
      ['umount', '--lazy', '--no-canonicalize', '--', '/var/www'],
      ['umount', '--lazy', '--no-canonicalize', '--', '/srv/data'],
    ],
  );
});

it('removes no directory from autofs', () => {
  expect(planRemoveMountPoint('/srv/data', 'autofs')).toEqual([]);
  expect(planRemoveMountPoint('/srv/data', 'udev')).toEqual([
    { kind: 'remove-empty-directory', path: '/srv/data' },
  ]);
});
