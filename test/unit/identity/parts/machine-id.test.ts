import { describe, expect, it } from 'vitest';
import { machineId } from '../../../../src/identity/parts/machine-id.ts';
import { MACHINE_ID } from '../../config/distributions.ts';
import type { FileEntries } from '../../context.ts';
import { cloneView, UUID } from '../clone-view.ts';

const old = { '/etc/machine-id': `${MACHINE_ID}\n` };
const DBUS = '/var/lib/dbus/machine-id';
const link = { kind: 'make-link', path: DBUS, target: '/etc/machine-id' };
const why = 'this disk has the machine ID of another guest';
const command = (...argv: string[]) => ({ kind: 'run-command', argv, timeoutSeconds: 30, why });
const setup = [{ kind: 'remove-file', path: '/run/machine-id' }, command('systemd-machine-id-setup')];
const empty = { kind: 'write-file', path: '/etc/machine-id', content: '', mode: 0o444 };
const mounts = (root: string, type: string) => ({
  '/proc/self/mountinfo': `1 0 8:1 / / rw - ext4 /dev/sda1 rw\n40 1 0:22 ${root} /etc/machine-id ro - ${type} tmpfs rw\n`,
});

const renewed = (...view: Parameters<typeof cloneView>) =>
  machineId.renew?.(cloneView(...view)).flatMap(({ changes }) => changes);
const kept = (...view: Parameters<typeof cloneView>) => machineId.kept?.(cloneView(...view));

describe('the machine ID of a clone', () => {
  it.each<[string, FileEntries, unknown[]]>([
    ['that is the other guest’s', old, [empty, ...setup]],
    ['that D-Bus has as a file, too', { ...old, [DBUS]: MACHINE_ID }, [link, empty, ...setup]],
    ['whose D-Bus has a link', { ...old, [DBUS]: { link: '/etc/machine-id' } }, [empty, ...setup]],
    ['that PID 1 made of an empty file', { '/etc/machine-id': 'b'.repeat(32) }, []],
    [
      'that PID 1 made, while D-Bus has the old one',
      { '/etc/machine-id': 'b'.repeat(32), [DBUS]: MACHINE_ID },
      [link],
    ],
    ['that a cut left empty', { '/etc/machine-id': '' }, [empty, ...setup]],
    [
      'that PID 1 took from D-Bus, and mounted over the file',
      { ...old, [DBUS]: MACHINE_ID, ...mounts('/machine-id', 'tmpfs') },
      [link, command('umount', '/etc/machine-id'), ...setup],
    ],
  ])('%s', (_, files, changes) => {
    expect(renewed(files)).toEqual(changes);
    expect(kept(files)).toEqual([]);
  });

  it.each<[string, Parameters<typeof cloneView>]>([
    ['mounts', [{ ...old, ...mounts('/srv/machine-id', 'ext4') }]],
    ['gives on the kernel command line', [old, { kernelCommandLine: `systemd.machine_id=${MACHINE_ID} ro` }]],
    ['gives as a credential', [{ ...old, '/run/credentials/@system/system.machine_id': MACHINE_ID }]],
  ])('stays, and is named, where it is what somebody %s', (_, view) => {
    expect(renewed(...view)).toEqual([]);
    expect(kept(...view)).toEqual(['/etc/machine-id']);
  });

  it('is its own where it is the UUID of the machine', () => {
    const now = { macs: [], productUuid: `${MACHINE_ID.slice(0, 8)}-${MACHINE_ID.slice(8)}` };
    expect(renewed(old, { now })).toEqual([]);
    expect(now.productUuid).not.toBe(UUID);
  });

  it('is found in an image', () => {
    const { files } = cloneView({ ...old, [DBUS]: MACHINE_ID });
    expect(machineId.find({ files }).map(({ path, severity }) => [path, severity])).toEqual([
      ['/etc/machine-id', 'error'],
      [DBUS, 'error'],
    ]);
    expect(machineId.find(cloneView({ '/etc/machine-id': 'uninitialized\n' }))).toEqual([]);
  });
});
