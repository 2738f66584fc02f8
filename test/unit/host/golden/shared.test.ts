import { beforeEach, describe, expect, it } from 'vitest';
import { FakeHost, IMAGE } from '../fake-host.ts';

let host: FakeHost;

const run = (...args: string[]) => host.gandiHost(...args);
const record = async () => JSON.parse((await run('golden', 'show', 'base')).stdout);

/** Changes the text of the image's definition, as an admin does. */
function edit(from: string | RegExp, to: string): void {
  const { uuid } = host.libvirt.domain('base');
  const xml = host.xml.get(uuid) ?? '';
  expect(xml).toMatch(from);
  host.xml.set(uuid, xml.replace(from, to));
}

/** Does something else at the first command of a kind. */
function meanwhile(command: string, work: () => void): void {
  let isDone = false;
  host.refuse = ([word]) => {
    if (word === command && !isDone) {
      isDone = true;
      work();
    }
    return undefined;
  };
}

beforeEach(async () => {
  host = new FakeHost({ '/proc/78/cmdline': 'gandi-host\0golden\0update\0' });
  await run('golden', 'create', 'base', '--from', IMAGE);
  await run('golden', 'update', 'base');
  host.effects();
});

describe('a golden image that another process is at work on', () => {
  const busy = 'another gandi-host (process 78) is at work on golden image base: wait until it has ended';

  it('is changed by nobody else', async () => {
    edit('pid="77"', 'pid="78"');
    const before = host.state();
    for (const command of ['update', 'rollback', 'check', 'remove'])
      expect(await run('--yes', 'golden', command, 'base')).toMatchObject({
        status: 1,
        stderr: `gandi-host: ${busy}\n`,
      });
    expect(await run('golden', 'prune', '--keep', '1')).toEqual({
      status: 1,
      stdout: '',
      stderr: `gandi-host: warning: nothing of base is pruned: ${busy}\n`,
    });
    expect(host.state()).toEqual(before);
  });

  it('is free where that process is gone, or is of another boot or host', async () => {
    edit('pid="77"', 'pid="79"');
    expect((await run('golden', 'rollback', 'base')).status).toBe(0);
    edit('pid="79"', 'pid="78"');
    edit('boot="boot1"', 'boot="boot0"');
    expect((await run('golden', 'check', 'base')).status).toBe(0);
    edit('boot="boot0"', 'boot="boot1"');
    edit('host="host1"', 'host="elsewhere"');
    expect((await run('golden', 'update', 'base')).status).toBe(0);
  });

  it('is left to who was last of two that began at one moment', async () => {
    let writes = 0;
    host.loses = ([word]) => {
      if (word === 'metadata' && ++writes === 1) edit('pid="77"', 'pid="78"');
      return false;
    };
    expect((await run('golden', 'update', 'base')).stderr).toContain(busy);
    expect(host.storage.names()).toEqual(['base.v1.qcow2', 'base.v2.qcow2']);
  });

  it('keeps what somebody changed while a version was made', async () => {
    meanwhile('vol-upload', () => edit('current="2"', 'current="1"'));
    host.port.answer = () => ({ status: 1 });
    await run('golden', 'update', 'base', '--check', 'false');
    expect(await record()).toMatchObject({ current: 1, next: 4 });
  });
});

describe('a golden image whose metadata are damaged', () => {
  it.each([
    ['number="1"', 'number="one"'],
    [
      'state="ready" created="2026-03-04T05:06:07.000Z" disk="base.v1.qcow2"',
      'state="bogus" disk="base.v1.qcow2"',
    ],
    [' disk="base.v1.qcow2"', ''],
  ])('by %s loses no version, and is changed by nothing', async (from, to) => {
    edit(from, to);
    const before = host.state();
    const refused = async (...words: string[]) => {
      const { status, stderr } = await run('--yes', ...words);
      expect(status).toBe(1);
      expect(stderr).toContain('the metadata of domain base are damaged: <version ');
      expect(stderr.split('\n')).toHaveLength(2);
    };
    for (const command of ['update', 'rollback', 'check', 'remove', 'prune'])
      await refused('golden', command, 'base');
    expect((await run('cleanup')).status).toBe(3);
    expect((await run('golden', 'list')).stdout).toContain('damaged');
    expect(host.state()).toEqual(before);
    // The version that can be read is of use.
    expect((await run('guest', 'create', 'web', '--from', 'base@2')).status).toBe(0);
  });

  it('and a guest with them, stays until they are right', async () => {
    await run('guest', 'create', 'web', '--from', 'base');
    const { uuid } = host.libvirt.domain('web');
    host.xml.set(uuid, (host.xml.get(uuid) ?? '').replace('name="web.seed.img"', 'name="a/b"'));
    const before = host.state();
    expect((await run('--yes', 'guest', 'destroy', 'web')).stderr).toContain(
      'the metadata of domain web are damaged: <volume pool="gandi" name="a/b"> says nothing that can be read',
    );
    expect(host.state()).toEqual(before);
  });
});
