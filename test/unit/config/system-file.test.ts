import { describe, expect, it } from 'vitest';
import { isBareDevice, renderFstab, rootEntry, systemFile } from '../../../src/config/system-file.ts';
import type { RootFileSystem } from '../../../src/machine/system/facts.ts';
import { type FileEntries, makeContext } from '../context.ts';

const root: RootFileSystem = {
  type: 'ext4',
  uuid: '0a-1b',
  device: '/dev/sda1',
  fileSystemBytes: 0,
  deviceBytes: 0,
  disk: '/dev/sda',
};
const HOSTS = { '/etc/hosts': '127.0.0.1 localhost\n' };
const planFor = (files: FileEntries, facts = {}) =>
  systemFile.plan(makeContext({ files, facts: { root, ...facts } }));

describe('02-config_system_file', () => {
  it('changes the device of root’s line alone, and keeps a dated copy', () => {
    const fstab = '# mine\n\n/dev/sdb1 /data ext4 defaults 0 2\n  /dev/xvda1\t/\text4 noatime 0 1 # root\n';
    expect(planFor({ ...HOSTS, '/etc/fstab': fstab })).toEqual({
      changes: [
        {
          kind: 'write-file',
          path: '/etc/fstab',
          content: fstab.replace('/dev/xvda1', 'UUID=0a-1b'),
          mode: 0o644,
          backup: 'dated',
        },
      ],
      notes: [],
    });
  });

  it.each([
    'UUID=1 / ext4 defaults 0 1\n',
    'LABEL=root / ext4 defaults 0 1\n',
    'PARTUUID=1-2 / ext4 defaults 0 1\n',
    'PARTLABEL=root / ext4 defaults 0 1\n',
    '/dev/disk/by-label/root / ext4 defaults 0 1\n',
    '/dev/mapper/vg-root / ext4 defaults 0 1\n',
    '/dev/sda1 /boot ext4 defaults 0 1\n',
    '# /dev/sda1 / ext4 defaults 0 1\n',
    '',
  ])('leaves %j alone', (fstab) => {
    expect(planFor({ ...HOSTS, '/etc/fstab': fstab })).toEqual({ changes: [], notes: [] });
  });

  it('warns where root has no UUID', () => {
    const { changes, notes } = planFor({ ...HOSTS, '/etc/fstab': '/dev/sda1 / ext4' }, { root: undefined });
    expect(changes).toEqual([]);
    expect(notes?.[0]).toMatchObject({ level: 'warning' });
  });

  it('writes the files that are missing', () => {
    const { changes } = planFor({ '/etc/hostname': 'web1\n' });
    expect(changes).toEqual([
      expect.objectContaining({ path: '/etc/hosts', content: expect.stringContaining('127.0.1.1\tweb1\n') }),
      expect.objectContaining({
        path: '/etc/fstab',
        content: expect.stringContaining('\nUUID=0a-1b\t/\text4\tdefaults\t0\t1\n'),
      }),
    ]);
  });
});

describe('fstab', () => {
  it.each(['/dev/sda', '/dev/sda1', '/dev/vdb2', '/dev/xvda', '/dev/nvme0n1p2', '/dev/hda1'])(
    'takes %s for a name that may change',
    (device) => {
      expect(isBareDevice(device)).toBe(true);
      const line = `${device} / ext4 defaults`;
      expect(rootEntry(line)).toBe(device);
      expect(renderFstab(line, 'u')).toBe('UUID=u / ext4 defaults');
    },
  );
});
