import { beforeEach, describe, expect, it } from 'vitest';
import { FakeHost, IMAGE } from '../fake-host.ts';

let host: FakeHost;

const run = (...args: string[]) => host.gandiHost(...args);
const findings = async () => {
  const { status, stdout } = await run('doctor');
  return { status, lines: stdout.trimEnd().split('\n') };
};

function edit(name: string, from: string, to: string): void {
  const { uuid } = host.libvirt.domain(name);
  const xml = host.xml.get(uuid) ?? '';
  expect(xml).toContain(from);
  host.xml.set(uuid, xml.replace(from, to));
}

beforeEach(async () => {
  host = new FakeHost();
  await run('golden', 'create', 'base', '--from', IMAGE);
  await run('guest', 'create', 'web', '--from', 'base');
  host.effects();
});

describe('doctor, of images and guests', () => {
  it('finds nothing where nothing is wrong', async () => {
    expect(await run('doctor')).toEqual({ status: 0, stdout: 'nothing is wrong\n', stderr: '' });
  });

  it('finds what was changed and what is gone', async () => {
    host.storage.volume('gandi', 'base.v1.qcow2').changed += 1;
    host.storage.run(['vol-delete', '--pool', 'gandi', '--vol', 'web.seed.img'], {});
    const { status, lines } = await findings();
    expect(status).toBe(1);
    expect(lines).toEqual([
      expect.stringMatching(/^problem: base@1: .*base\.v1\.qcow2 was changed since it was made/),
      'problem: guest web: its volume gandi/web.seed.img is gone; gandi-host guest destroy web removes what is left of it',
    ]);
  });

  it('finds a pool that is away, once', async () => {
    const pool = host.storage.pools.get('gandi');
    if (pool !== undefined) pool.active = false;
    const { status, lines } = await findings();
    expect(status).toBe(1);
    expect(lines).toEqual([expect.stringContaining('libvirt has no active pool gandi')]);
  });

  it('finds metadata that cannot be read, the whole or a part', async () => {
    edit('web', 'role="guest"', 'role="guests"');
    edit('base', ' disk="base.v1.qcow2"', '');
    const { status, lines } = await findings();
    expect(status).toBe(1);
    expect(lines).toEqual([
      expect.stringContaining('the metadata of domain base are damaged: <version '),
      'problem: the metadata of domain web are damaged: role is "guests", expected golden or guest; virsh edit web',
    ]);
  });

  it('warns of what a command left that was killed', async () => {
    edit('web', 'state="ready"', 'state="creating"');
    const { status, lines } = await findings();
    expect({ status, lines }).toEqual({
      status: 0,
      lines: ['warning: guest web that was never finished; gandi-host cleanup removes it'],
    });
    // libvirt looks anew what is in its pools.
    expect(host.effects()).toEqual(['pool-refresh --pool gandi']);
  });
});
