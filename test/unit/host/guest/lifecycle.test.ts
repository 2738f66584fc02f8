import { describe, expect, it } from 'vitest';
import { removeGuest, stopGuest } from '../../../../src/host/guest/lifecycle.ts';
import { METADATA } from '../../../../src/host/libvirt/metadata.ts';
import { findGuest } from '../../../../src/host/record/find.ts';
import { type GuestRecord, hostRecordText } from '../../../../src/host/record/host-record.ts';
import { uuidOf } from '../fake-libvirt.ts';
import { type GivenGuest, SimulatedHost, simulateTime } from '../simulated-host.ts';

simulateTime();

const RECORD: GuestRecord = {
  uuid: uuidOf(0),
  role: 'guest',
  state: 'ready',
  created: '2026-01-01T00:00:00Z',
  maker: { host: 'h', boot: 'b', pid: 1 },
  golden: 'base@1',
  volumes: [
    { pool: 'gandi', name: 'web.qcow2' },
    { pool: 'gandi', name: 'gone.qcow2' },
    { pool: 'gandi', name: 'data.qcow2', keep: true },
  ],
};

const guestHost = (given: GivenGuest = {}) =>
  new SimulatedHost({ web: { ...given, metadata: { [METADATA.host.uri]: hostRecordText(RECORD) } } });

/** A guest with snapshots, and what was done with them. */
function withSnapshots(...names: string[]) {
  const host = guestHost();
  const done: string[] = [];
  host.libvirt.override = ([command = '', ...words]) => {
    if (!command.startsWith('snapshot-')) return undefined;
    if (command === 'snapshot-list') return { stdout: `${names.join('\n')}\n\n` };
    if (command === 'snapshot-dumpxml') return { stdout: '<domainsnapshot/>' };
    done.push(`${command} ${words[words.findIndex((word) => word.endsWith('name')) + 1]}`);
    return {};
  };
  return { host, done };
}

describe('a guest that is to stop', () => {
  const stop = (host: SimulatedHost, seconds: number, dryRun = false) =>
    host.ended(async () => {
      const context = host.context({ dryRun });
      return Number(await stopGuest(context, await findGuest(context.virsh, 'web'), seconds));
    });

  it('is asked, and again every 15 s, until its time is up', async () => {
    const host = guestHost({ state: 'running', deaf: true });
    expect((await stop(host, 40)).status).toBe(0);
    expect(host.timeline).toEqual(['0 shutdown web', '15 shutdown web', '30 shutdown web']);
    expect(host.seconds).toBe(40);
  });

  it('has stopped as soon as it is off, and is not asked where it was', async () => {
    const host = guestHost({ state: 'running', deaf: true });
    setTimeout(() => {
      host.libvirt.domain('web').state = 'shut off';
    }, 7000);
    expect((await stop(host, 40)).status).toBe(1);
    expect([host.seconds, host.timeline]).toEqual([7, ['0 shutdown web']]);
    expect((await stop(host, 40)).status).toBe(1);
    expect(host.timeline).toHaveLength(1);
  });

  it('goes on first where it is paused', async () => {
    const host = guestHost({ state: 'paused' });
    expect((await stop(host, 40)).status).toBe(1);
    expect(host.timeline).toEqual(['0 resume web', '0 shutdown web']);
  });

  it('is not waited for in a dry run', async () => {
    const host = guestHost({ state: 'running', deaf: true });
    expect(await stop(host, 40, true)).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('shutdown'),
    });
    expect([host.seconds, host.libvirt.done]).toEqual([0, []]);
  });
});

describe('a guest that is removed', () => {
  it('goes with its volumes, but for those that are kept or gone; its definition last', async () => {
    const host = guestHost({ state: 'running' });
    const done: string[] = [];
    host.libvirt.override = ([command = '', ...words]) => {
      if (command === 'pool-list') return { stdout: 'gandi\n' };
      if (command === 'vol-dumpxml')
        return words.includes('gone.qcow2')
          ? { exitCode: 1, failure: 'no such volume' }
          : { stdout: '<volume><name>x</name><target><path>/x</path></target></volume>' };
      if (['destroy', 'vol-delete', 'undefine'].includes(command)) done.push(`${command} ${words.at(-1)}`);
      return command === 'vol-delete' ? {} : undefined;
    };
    const context = host.context();
    expect(await removeGuest(context, await findGuest(context.virsh, 'web'))).toEqual(['data.qcow2']);
    expect(done).toEqual([`destroy ${uuidOf(0)}`, 'vol-delete web.qcow2', 'undefine --snapshots-metadata']);
    expect(host.libvirt.domains).toEqual([]);
  });
});

describe('snapshots of a guest', () => {
  it('are named, by the time where nobody does', async () => {
    const { host, done } = withSnapshots();
    expect(await host.run('guest', 'snapshot', 'web')).toEqual({
      status: 0,
      stdout: '20260101-000000\n',
      stderr: '',
    });
    await host.run('guest', 'snapshot', 'web', 'mine');
    expect(done).toEqual(['snapshot-create-as 20260101-000000', 'snapshot-create-as mine']);
  });

  it('are listed, as JSON too', async () => {
    const { host } = withSnapshots('one', 'two words');
    expect((await host.run('guest', 'snapshots', 'web')).stdout).toBe('one\ntwo words\n');
    const json = JSON.parse((await host.run('guest', 'snapshots', 'web', '--json')).stdout);
    expect(json).toEqual({ guest: 'web', snapshots: ['one', 'two words'] });
  });

  it('are gone back to, the newest first, with the present state kept unless that is not wanted', async () => {
    const { host, done } = withSnapshots('one', 'two');
    expect((await host.run('guest', 'rollback', 'web', '--yes')).stdout).toBe(
      'kept: snapshot before-20260101-000000\n',
    );
    await host.run('guest', 'rollback', 'web', 'one', '--yes', '--no-backup');
    expect(done).toEqual([
      'snapshot-create-as before-20260101-000000',
      'snapshot-revert two',
      'snapshot-revert one',
    ]);
  });

  it('are deleted by their names alone', async () => {
    const { host, done } = withSnapshots('one', 'two');
    expect((await host.run('guest', 'delete-snapshot', 'web', 'one', '--yes')).status).toBe(0);
    expect(done).toEqual(['snapshot-delete one']);
  });

  it.each([
    [['rollback', 'web', 'three'], 'guest web has no snapshot three; it has one, two'],
    [['delete-snapshot', 'web', 'three'], 'guest web has no snapshot three; it has one, two'],
    [['rollback', 'nobody'], 'there is no guest nobody of ours'],
  ])('are left as they are by %j', async (words, reason) => {
    const { host, done } = withSnapshots('one', 'two');
    await expect(host.run('guest', ...words, '--yes')).rejects.toThrow(reason);
    expect(done).toEqual([]);
  });

  it('are not there to go back to', async () => {
    await expect(withSnapshots().host.run('guest', 'rollback', 'web', '--yes')).rejects.toThrow(
      'guest web has no snapshot',
    );
  });
});
