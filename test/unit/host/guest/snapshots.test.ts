import { beforeEach, describe, expect, it } from 'vitest';
import { FakeHost, IMAGE } from '../fake-host.ts';

let host: FakeHost;

const run = (...args: string[]) => host.gandiHost(...args);
const snapshots = () => host.storage.snapshots.get(host.libvirt.domain('web').uuid);

beforeEach(async () => {
  host = new FakeHost();
  await run('golden', 'create', 'base', '--from', IMAGE);
  await run('guest', 'create', 'web', '--from', 'base');
  host.effects();
});

describe('snapshots of a guest', () => {
  it('have a name, or the time as one, and are told in their order', async () => {
    expect((await run('guest', 'snapshot', 'web', 'first')).stdout).toBe('first\n');
    expect((await run('guest', 'snapshot', 'web')).stdout).toBe('20260304-050607\n');
    expect((await run('guest', 'snapshots', 'web')).stdout).toBe('first\n20260304-050607\n');
    expect(JSON.parse((await run('--json', 'guest', 'snapshots', 'web')).stdout)).toEqual({
      guest: 'web',
      snapshots: ['first', '20260304-050607'],
    });
  });

  it('are gone back to, the newest where none is named, with the present state kept before', async () => {
    await run('guest', 'snapshot', 'web', 'first');
    await run('guest', 'snapshot', 'web', 'second');
    host.effects();
    const { uuid } = host.libvirt.domain('web');
    expect((await run('--yes', 'guest', 'rollback', 'web')).stdout).toBe(
      'kept: snapshot before-20260304-050607\n',
    );
    expect(host.effects()).toEqual([
      `snapshot-create-as --domain ${uuid} --name before-20260304-050607`,
      `snapshot-revert --domain ${uuid} --snapshotname second`,
    ]);
    expect((await run('--yes', 'guest', 'rollback', 'web', 'first', '--no-backup')).stdout).toBe('');
    expect(host.effects()).toEqual([`snapshot-revert --domain ${uuid} --snapshotname first`]);
  });

  it('are told by their age, whatever tree they are, and however the clock jumped', async () => {
    const made = (name: string, time: number, parent?: string) => {
      const below = parent === undefined ? '' : `<parent><name>${parent}</name></parent>`;
      host.storage.snapshotXml.set(name, `<creationTime>${time}</creationTime>${below}`);
    };
    made('a', 100);
    made('c', 300, 'a');
    made('b', 200, 'a');
    // The clock went back before it was made.
    made('d', 50, 'b');
    host.storage.snapshots.set(host.libvirt.domain('web').uuid, ['a', 'c', 'b', 'd']);
    expect((await run('guest', 'snapshots', 'web')).stdout).toBe('a\nb\nd\nc\n');
    host.effects();
    await run('--yes', 'guest', 'rollback', 'web', '--no-backup');
    expect(host.effects().at(-1)).toMatch(/--snapshotname c$/);
  });

  it('are refused where QEMU keeps no memory: a directory is shared, and the guest runs', async () => {
    await run('guest', 'create', 'shared', '--from', 'base', '--mount', '/srv:/mnt');
    expect((await run('guest', 'snapshot', 'shared', 'off')).status).toBe(0);
    await run('guest', 'start', 'shared');
    host.effects();
    const { status, stderr } = await run('guest', 'snapshot', 'shared', 'on');
    expect(status).toBe(1);
    expect(stderr).toContain('guest shared has a directory of its host by virtiofs');
    expect(host.effects()).toEqual([]);
    expect((await run('exec', 'shared', '--discard', 'always', '--', 'true')).status).toBe(125);
    expect(host.port.ran).toEqual([]);
  });

  it('are not gone back to, nor deleted, before somebody said so', async () => {
    await run('guest', 'snapshot', 'web', 'first');
    await run('guest', 'snapshot', 'web', 'second');
    host.effects();
    const back = await run('guest', 'rollback', 'web', 'first');
    expect(back.status).toBe(1);
    expect(back.stderr).toContain('set guest web back to first, behind which second stay; use --yes');
    const drop = await run('guest', 'delete-snapshot', 'web', 'first');
    expect(drop.status).toBe(1);
    expect(drop.stderr).toContain('delete snapshot first of guest web; use --yes');
    expect(host.effects()).toEqual([]);
    const dry = await run('--dry-run', 'guest', 'rollback', 'web', 'first');
    expect(dry.stdout).toContain('snapshot-revert');
    expect(host.effects()).toEqual([]);
    expect((await run('--yes', 'guest', 'delete-snapshot', 'web', 'first')).status).toBe(0);
    expect(snapshots()).toEqual(['second']);
  });

  it('are only those that there are', async () => {
    expect((await run('--yes', 'guest', 'rollback', 'web')).stderr).toContain('guest web has no snapshot\n');
    expect((await run('--yes', 'guest', 'rollback', 'web', 'x')).stderr).toContain(
      'no snapshot x; it has none',
    );
    await run('guest', 'snapshot', 'web', 'first');
    expect((await run('--yes', 'guest', 'delete-snapshot', 'web', 'x')).stderr).toContain('x; it has first');
    expect(snapshots()).toEqual(['first']);
  });

  it('stay where libvirt cannot keep the present state', async () => {
    await run('guest', 'snapshot', 'web', 'first');
    host.effects();
    host.refuse = ([command]) => (command === 'snapshot-create-as' ? 'the disk is full' : undefined);
    expect((await run('--yes', 'guest', 'rollback', 'web')).stderr).toContain('the disk is full');
    expect(host.effects()).toEqual([]);
  });
});
