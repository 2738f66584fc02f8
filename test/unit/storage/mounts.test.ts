import { describe, expect, it } from 'vitest';
import { BOOTSTRAP_STEPS } from '../../../src/bootstrap/steps.ts';
import { describeChange } from '../../../src/machine/changes/change-kinds.ts';
import type { MountConfig } from '../../../src/metadata/guest-config.ts';
import { planMounts } from '../../../src/storage/mounts.ts';
import { resizeMainDisk } from '../../../src/storage/resize-main-disk.ts';
import { type ContextParts, makeContext } from '../context.ts';

const FSTAB = '# mine\nUUID=1 / ext4 defaults 0 1\n/dev/sdz /old ext4 defaults 0 2\n';
const mount = (more: Partial<MountConfig> = {}): MountConfig => ({
  device: '/dev/sdb1',
  mountPoint: '/srv/data',
  type: 'ext4',
  options: [],
  ...more,
});
const plan = (mounts: MountConfig[] | undefined, fstab = FSTAB, parts: ContextParts = {}) =>
  planMounts(
    makeContext({
      config: mounts === undefined ? {} : { mounts },
      files: { '/etc/fstab': fstab, '/srv/x': '' },
      ...parts,
    }),
  );
const textOf = (mounts: MountConfig[] | undefined, fstab = FSTAB, parts: ContextParts = {}) =>
  plan(mounts, fstab, parts).changes.flatMap((change) =>
    change.kind === 'write-file' ? [String(change.content)] : [],
  )[0];
const LINE =
  '/dev/sdb1\t/srv/data\text4\tdefaults,nofail,x-systemd.device-timeout=30s,x-gandi.source\t0\t2\n';

describe('mounts of the source', () => {
  it('of memory are no other’s for having one word in front', () => {
    const fstab = 'tmpfs /var/tmp tmpfs defaults 0 0\n';
    const asked = [mount({ device: 'tmpfs', type: 'tmpfs', mountPoint: '/srv/fast' })];
    expect(textOf(asked, fstab)).toMatch(/^tmpfs \/var\/tmp .*\ntmpfs\t\/srv\/fast\ttmpfs\t/);
    expect(
      textOf([mount({ device: 'tmpfs', type: 'tmpfs', mountPoint: '/var/tmp' })], fstab),
    ).toBeUndefined();
  });

  it('are lines of ours behind the admin’s, and are mounted without anybody waiting', () => {
    const { changes, digest, ...others } = plan([mount()]);
    expect(others).toEqual({});
    expect(digest).toMatch(/^[\da-f]{64}$/);
    expect(textOf([mount()])).toBe(`${FSTAB}${LINE}`);
    expect(changes.map(describeChange)).toEqual([
      'make directory /srv/data (0755)',
      'write /etc/fstab (0644)',
      'run systemctl daemon-reload (have systemd read /etc/fstab)',
      'run systemctl --no-block start srv-data.mount (mount what is new)',
    ]);
    expect(changes.slice(2).every((change) => 'optional' in change && change.optional)).toBe(true);
  });

  it.each([
    [{ options: ['noatime', 'nofail'] }, 'noatime,nofail,x-systemd.device-timeout=30s,x-gandi.source\t0\t2'],
    [{ type: '' }, '\tauto\tdefaults,nofail'],
    [
      { type: 'nfs', device: 'host:/x', options: ['_netdev', 'x-systemd.device-timeout=5'] },
      '=5,nofail,x-gandi.source\t0\t0',
    ],
    [{ device: 'sdb1' }, '/dev/sdb1\t/srv/data'],
    [{ device: 'LABEL=my disk', mountPoint: '/srv/a b' }, 'LABEL=my\\040disk\t/srv/a\\040b\t'],
    [
      { device: '/dev/sdc', type: 'swap', mountPoint: 'none', options: ['sw'] },
      '/dev/sdc\tnone\tswap\tsw,nofail',
    ],
    [{ options: ['bind'], device: '/a' }, '\t0\t0'],
  ] as const)('have what is asked and what keeps a boot going: %j', (more, part) => {
    expect(textOf([mount(more as Partial<MountConfig>)])).toContain(part);
  });

  it('are as the admin leaves them until the source says something else', () => {
    const { digest = '' } = plan([mount()]);
    const applied = { mounts: digest };
    expect(plan([mount()], FSTAB, { applied }).changes).toEqual([]);
    const other = mount({ mountPoint: '/srv/other' });
    expect(textOf([other], `${FSTAB}${LINE}# end\n`, { applied })).toBe(
      `${FSTAB}# end\n${LINE.replace('/srv/data', '/srv/other')}`,
    );
    // Cut off behind the file.
    expect(plan([mount()], `${FSTAB}${LINE}`).changes.map(({ kind }) => kind)).toEqual(['make-directory']);
  });

  it('go where nobody asks for them any more, and stay where the source cannot be read', () => {
    const applied = { mounts: 'x' };
    expect(textOf(undefined, `${FSTAB}${LINE}`, { applied })).toBe(FSTAB);
    const parsed = { config: {}, problems: [], refused: ['storage' as const], origins: [] };
    expect(plan(undefined, `${FSTAB}${LINE}`, { applied, host: { parsed } }).changes).toEqual([]);
    expect(plan(undefined).changes).toEqual([]);
  });

  it('touch no line of the admin’s', () => {
    const { changes, notes } = plan([mount({ device: '/dev/sdz' }), mount({ mountPoint: '/old' })]);
    expect(changes).toEqual([]);
    expect(notes).toHaveLength(2);
    expect(notes).toMatchObject([{ level: 'info', text: expect.stringMatching(/stays as it is$/) }, {}]);
    const removing = plan([mount({ mountPoint: '/old', remove: true })]);
    expect(removing.changes).toEqual([]);
    expect(removing.notes).toMatchObject([
      { level: 'warning', text: expect.stringMatching(/remove it yourself$/) },
    ]);
    expect(plan([mount({ remove: true })]).notes).toBeUndefined();
  });

  it.each(['/etc', '/usr', '/var', '/var/lib', '/proc/x', '/boot', '/lib64', 'data', ''])(
    'hide nothing that the guest needs: %j',
    (mountPoint) => {
      const { changes, notes } = plan([
        mount({ mountPoint }),
        mount({ device: '/dev/sdc', mountPoint: '/srv/c' }),
      ]);
      expect(notes).toMatchObject([
        { level: 'problem', text: expect.stringMatching(/name another directory$/) },
      ]);
      expect(changes[0]).toMatchObject({ path: '/srv/c' });
    },
  );

  it('need a directory', () => {
    const files = { '/etc/fstab': FSTAB, '/srv/data': 'file' };
    expect(plan([mount()], FSTAB, { files })).toMatchObject({
      changes: [],
      notes: [{ level: 'problem', text: '/srv/data is no directory; move it away to go on' }],
    });
  });

  it('are looked at where there are some, or were', () => {
    const step = BOOTSTRAP_STEPS.find(({ name }) => name === 'mounts');
    expect(step?.load?.(makeContext({ config: {} }))).toBeUndefined();
    expect(step?.load?.(makeContext({ config: { mounts: [] } }))).toBeInstanceOf(Promise);
    expect(step?.load?.(makeContext({ applied: { mounts: 'x' } }))).toBeInstanceOf(Promise);
  });
});

it('the root keeps its size where the source wants that', () => {
  const root = { type: 'ext4', device: '/dev/sda', disk: '/dev/sda', deviceBytes: 2e9, fileSystemBytes: 1e9 };
  const plan = (growRoot: boolean) =>
    resizeMainDisk.plan(makeContext({ config: { growRoot }, facts: { root } }));
  expect(plan(true).separate).toHaveLength(1);
  expect(plan(false)).toEqual({
    changes: [],
    notes: [{ level: 'info', text: 'the root file system keeps its size: the source wants it so' }],
  });
});
