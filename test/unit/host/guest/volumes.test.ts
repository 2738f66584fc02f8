import { beforeEach, describe, expect, it } from 'vitest';
import { FakeHost, IMAGE, POOL } from '../fake-host.ts';
import { uuidOf } from '../fake-libvirt.ts';

let host: FakeHost;

const run = (...args: string[]) => host.gandiHost(...args);
const create = (...more: string[]) => run('guest', 'create', 'web', '--from', 'base', ...more);

beforeEach(async () => {
  host = new FakeHost();
  await run('golden', 'create', 'base', '--from', IMAGE);
  host.effects();
});

describe('a guest and the volumes that are there', () => {
  it('leaves nothing behind where it fails', async () => {
    const before = host.state();
    host.refuse = ([command]) => (command === 'vol-upload' ? 'the disk is full' : undefined);
    expect((await create('--disk', 'data:1G:keep')).stderr).toBe('gandi-host: the disk is full\n');
    expect(host.state()).toEqual(before);
    host.refuse = () => undefined;
    expect((await create()).status).toBe(0);
  });

  it('takes no volume of somebody else for its own, and touches none', async () => {
    const there = (name: string) =>
      `gandi-host: there is a volume gandi/${name} already: choose another name, or remove it with "virsh vol-delete" if nobody needs it\n`;
    await create('--disk', 'data:1G:keep');
    await run('--yes', 'guest', 'destroy', 'web');
    const kept = host.state();
    expect((await create('--disk', 'data:1G')).stderr).toBe(there('web.data.qcow2'));
    expect(host.state()).toEqual(kept);
    host.storage.addVolume('gandi', 'web.root.qcow2');
    const before = host.state();
    expect((await create()).stderr).toBe(there('web.root.qcow2'));
    expect(host.state()).toEqual(before);
    host.storage.run(['vol-delete', '--pool', 'gandi', '--vol', 'web.root.qcow2'], {});
    // Of what was copied there libvirt does not know.
    host.addFile(`${POOL}/web.seed.img`);
    expect((await create()).stderr).toBe(there('web.seed.img'));
    expect((await run('cleanup')).status).toBe(3);
    expect(host.state()).toEqual(kept);
  });

  it('has a disk for each label, and its own beside them', async () => {
    const before = host.state();
    for (const [disks, why] of [
      [['root:1G'], '--disk root:1G: root is the guest’s own disk'],
      [['a:1G', 'b:1G', 'a:2G'], '--disk a:2G: another disk has the label a'],
      [
        Array.from({ length: 25 }, (_, index) => `d${index}:1M`),
        'at most 24 data disks, and 25 are asked for',
      ],
    ] as const) {
      const { status, stderr } = await create(...disks.flatMap((disk) => ['--disk', disk]));
      expect(status).toBe(1);
      expect(stderr).toContain(why);
    }
    expect(host.state()).toEqual(before);
  });

  it('is given files that are named from the working directory', async () => {
    const { stderr } = await create('--ssh-key', 'key.pub');
    expect(stderr).toContain(`--ssh-key ${process.cwd()}/key.pub: `);
    expect((await run('golden', 'create', 'two', '--from', './two.qcow2')).stderr).toContain(
      `--from ${process.cwd()}/two.qcow2: there is no such file`,
    );
  });

  it('is ours where only the answer to its claim was lost', async () => {
    let defined = 0;
    host.loses = ([command]) => command === 'define' && ++defined === 1;
    expect(await create()).toEqual({ status: 0, stdout: 'web\n', stderr: '' });
    expect(host.storage.names()).toContain('web.root.qcow2');
  });

  it('stays, running, while somebody needs a disk of its, or its pool is away', async () => {
    await create('--start', '--disk', 'data:10M', '--disk', 'old:10M:keep');
    const refused = async (reason: string) => {
      const before = host.state();
      const { status, stderr } = await run('--yes', 'guest', 'destroy', 'web');
      expect({ status, stderr }).toEqual({ status: 1, stderr: `gandi-host: ${reason}\n` });
      expect(host.state()).toEqual(before);
    };
    host.storage.addVolume('gandi', 'theirs.qcow2', { backing: `${POOL}/web.root.qcow2` });
    await refused(
      'guest web: volume gandi/web.root.qcow2 is needed by volume gandi/theirs.qcow2; nothing was removed',
    );
    host.storage.run(['vol-delete', '--pool', 'gandi', '--vol', 'theirs.qcow2'], {});
    const attached = "<disk><source pool='gandi' volume='web.data.qcow2'/></disk>";
    const other = { uuid: uuidOf(7), name: 'other', state: 'running' } as const;
    host.libvirt.domains.push({ ...other, liveDevices: attached });
    await refused('guest web: volume gandi/web.data.qcow2 is needed by domain other; nothing was removed');
    host.libvirt.domains.pop();
    const pool = host.storage.pools.get('gandi');
    if (pool !== undefined) pool.active = false;
    await refused(
      'libvirt has no active pool gandi: start it with "virsh pool-start gandi", or define it again',
    );
    if (pool !== undefined) pool.active = true;
    // One that outlives the guest may be anybody's.
    host.libvirt.domains.push({ ...other, devices: attached.replace('data', 'old') });
    expect((await run('--yes', 'guest', 'destroy', 'web')).status).toBe(0);
  });
});
