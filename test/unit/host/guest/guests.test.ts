import { beforeEach, describe, expect, it } from 'vitest';
import { parseAddresses } from '../../../../src/host/guest/actions.ts';
import { DIGEST, FakeHost, IMAGE, POOL } from '../fake-host.ts';
import { uuidOf } from '../fake-libvirt.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJf0pM5yKn1nA0wPqzsTFbbnZp2v6Ph0Wc2YvVn8mQkz me';
let host: FakeHost;

const run = (...args: string[]) => host.gandiHost(...args);
const create = (...more: string[]) => run('guest', 'create', 'web', '--from', 'base', ...more);
const definition = (name: string) => host.xml.get(host.libvirt.domain(name).uuid) ?? '';
const seed = (name: string) => String(host.storage.volume('gandi', `${name}.seed.img`).content);

beforeEach(async () => {
  host = new FakeHost({
    '/root/key.pub': `${KEY}\n`,
    '/root/once.sh': '#!/bin/sh\nid\n',
    '/root/text': 'id\n',
  });
  await run('golden', 'create', 'base', '--from', IMAGE);
  host.effects();
});

describe('a guest that is made', () => {
  it('has disks of its own, a seed that only root reads, and what was asked for', async () => {
    const { status, stdout, stderr } = await create(
      ...['--memory', '512', '--cpus', '3', '--nic', 'bridge=br0,mac=52:54:00:00:00:07', '--start'],
      ...[
        '--disk',
        'data:10M',
        '--mount',
        '/srv:/srv',
        '--ssh-key',
        '/root/key.pub',
        '--script',
        '/root/once.sh',
      ],
    );
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'web\n', stderr: '' });
    expect(host.storage.volume('gandi', 'web.root.qcow2')).toMatchObject({
      capacity: 8388608,
      backing: `${POOL}/base.v1.qcow2`,
    });
    expect(host.storage.volume('gandi', 'web.data.qcow2').capacity).toBe(10 * 1024 ** 2);
    expect(host.storage.volume('gandi', 'web.seed.img').mode).toBe('0600');
    for (const part of [KEY, '52:54:00:00:00:07', 'local-hostname', '#!/bin/sh'])
      expect(seed('web')).toContain(part);
    for (const part of [
      '<vcpu>3</vcpu>',
      'bridge="br0"',
      '<serial>data</serial>',
      'dir="/srv"',
      'state="ready"',
    ])
      expect(definition('web')).toContain(part);
    expect(host.libvirt.domain('web').state).toBe('running');
  });

  it('is begun under a name that nobody has: the claim comes first', async () => {
    await create();
    expect(host.effects()[0]).toBe('define /dev/stdin');
    const before = host.state();
    const again = await create();
    expect(again.status).toBe(1);
    expect(again.stderr).toBe('gandi-host: there is a domain web already: choose another name\n');
    expect(host.state()).toEqual(before);
  });

  it('gets a name and a network by the settings where none is given', async () => {
    const { stdout } = await run('--json', 'guest', 'create', '--from', 'base@1');
    const made = JSON.parse(stdout);
    expect(made).toMatchObject({ golden: 'base@1', name: expect.stringMatching(/^base-[0-9a-f]{6}$/) });
    expect(definition(made.name)).toContain('<source network="default"/>');
    expect((await create('--nic', 'none')).status).toBe(0);
    expect(definition('web')).not.toContain('<interface');
  });

  it('is marked as begun until it is whole, so that what a failure left can be found', async () => {
    host.refuse = ([command]) => (/^(vol-upload|undefine)$/.test(command ?? '') ? 'it is gone' : undefined);
    expect((await create()).stderr).toBe(
      'gandi-host: warning: guest web stays half made (it is gone); "gandi-host cleanup" removes it\ngandi-host: it is gone\n',
    );
    host.refuse = () => undefined;
    expect(JSON.parse((await run('--json', 'guest', 'list')).stdout).guests).toMatchObject([
      { name: 'web', state: 'creating', golden: 'base@1' },
    ]);
    expect((await run('guest', 'start', 'web')).stderr).toContain(
      'guest web was never made to its end; "gandi-host cleanup" removes it',
    );
    expect((await run('cleanup')).stdout).toBe('removed guest web that was never finished\n');
    expect(host.storage.names()).toEqual(['base.v1.qcow2']);
  });

  it('is refused in one line, and nothing was made', async () => {
    const before = host.state();
    const refusals: [string[], string][] = [
      [
        ['--script', '/root/text'],
        '--script /root/text: there is no such file, or it does not begin with #!',
      ],
      [['--script', '/nowhere'], '--script /nowhere: there is no such file'],
      [['--ssh-key', '/root/text'], '--ssh-key /root/text: no public key without options stands there'],
      [['--mount', '/root/text:/srv'], '--mount /root/text: that is a file, not a directory'],
      [['--mount', '/nowhere:/srv'], '--mount /nowhere: there is no such directory; make it first'],
      [['--sudo', 'jim'], '--sudo jim: copy that account with --copy-user as well'],
      [['--host-name', 'a_b'], '"a_b" is no host name'],
      [['--nic', 'wifi'], '--nic wifi: expected network=NAME'],
    ];
    for (const [words, why] of refusals) {
      const { status, stderr } = await create(...words);
      expect(status).toBe(1);
      expect(stderr).toContain(why);
    }
    expect((await run('guest', 'create', 'web', '--from', 'base@5')).stderr).toContain('has no version 5');
    expect((await run('guest', 'create', 'web', '--from', 'none')).stderr).toContain('no golden image none');
    expect((await create('--memory', '0')).status).toBe(2);
    expect(host.state()).toEqual(before);
  });

  it('of a dry run is shown with its XML, and not made', async () => {
    const before = host.state();
    const { status, stdout } = await run('--dry-run', 'guest', 'create', 'web', '--from', 'base', '--start');
    expect(status).toBe(0);
    for (const part of [
      'define /dev/stdin',
      '<name>web</name>',
      '--backing-vol base.v1.qcow2',
      'start ',
      '# web',
    ])
      expect(stdout).toContain(part);
    expect(host.state()).toEqual(before);
    expect(host.effects()).toEqual([]);
  });
});

describe('a guest that there is', () => {
  beforeEach(async () => {
    await create('--disk', 'data:1M:keep', '--disk', 'swap:1M');
    host.effects();
  });

  it('is listed and shown; others are not', async () => {
    host.libvirt.domains.push({ uuid: uuidOf(1), name: 'stranger', state: 'running' });
    expect((await run('guest', 'list')).stdout).toBe('web\tshut off\tbase@1\n');
    const shown = JSON.parse((await run('guest', 'show', 'web')).stdout);
    expect(shown).toMatchObject({ name: 'web', running: false, golden: 'base@1', state: 'ready' });
    for (const command of ['show', 'start', 'stop', 'destroy', 'console', 'ssh', 'snapshot', 'snapshots'])
      expect((await run('--yes', 'guest', command, 'stranger')).stderr).toContain(
        'no guest stranger of ours',
      );
    expect((await run('guest', 'show', 'base')).stderr).toContain('no guest base of ours');
    expect(host.effects()).toEqual([]);
  });

  it('is started once, and waited for until it answers', async () => {
    expect(await run('guest', 'start', 'web', '--wait')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect((await run('guest', 'start', 'web')).status).toBe(0);
    expect(host.effects()).toEqual([`start ${host.libvirt.domain('web').uuid}`]);
    host.step = 2000;
    const late = await run('guest', 'start', 'web', '--wait', '--timeout', '1');
    expect(late.stderr).toContain('guest web was not ready within 1 s (late); it was left running');
    expect(host.libvirt.domain('web').state).toBe('running');
  });

  it('is not started where the image below it was changed or is gone', async () => {
    expect(await run('guest', 'verify', 'web')).toMatchObject({ status: 0, stderr: '' });
    host.storage.volume('gandi', 'base.v1.qcow2').changed = 99;
    for (const command of ['start', 'verify']) {
      const { status, stderr } = await run('guest', command, 'web');
      expect(status).toBe(1);
      expect(stderr).toContain(`base@1: ${POOL}/base.v1.qcow2 was changed since it was made`);
    }
    host.storage.pools.get('gandi')?.volumes.delete('base.v1.qcow2');
    expect((await run('guest', 'start', 'web')).stderr).toContain('its volume base.v1.qcow2 is gone');
    expect(host.effects()).toEqual([]);
  });

  it('is verified to the last byte where that is asked', async () => {
    expect((await run('guest', 'verify', 'web', '--checksum')).status).toBe(0);
    host.programs.sha256sum = () => ({ stdout: `${DIGEST.replace('a', 'c')} *disk\n` });
    expect((await run('guest', 'verify', 'web')).status).toBe(0);
    expect((await run('guest', 'verify', 'web', '--checksum')).stderr).toContain(
      'has another checksum than it was made with',
    );
    host.refuse = ([name]) => (name === 'sha256sum' ? 'cannot be read' : undefined);
    expect((await run('guest', 'verify', 'web', '--checksum')).stderr).toContain('cannot be read');
    host.storage.pools.get('gandi')?.volumes.delete('web.data.qcow2');
    expect((await run('guest', 'verify', 'web')).stderr).toContain('its volume gandi/web.data.qcow2 is gone');
  });

  it('is asked to shut down, again where it does not hear; the plug is pulled by --force alone', async () => {
    await run('guest', 'start', 'web');
    host.effects();
    const { uuid } = host.libvirt.domain('web');
    host.libvirt.override = ([command]) => (command === 'shutdown' ? {} : undefined);
    const { status, stderr } = await run('guest', 'stop', 'web', '--timeout', '40');
    expect(status).toBe(1);
    expect(stderr).toBe('gandi-host: guest web still runs after 40 s; --force pulls the plug\n');
    expect(host.libvirt.domain('web').state).toBe('running');
    expect((await run('guest', 'stop', 'web', '--timeout', '1', '--force')).status).toBe(0);
    expect(host.libvirt.domain('web').state).toBe('shut off');
    expect(host.effects()).toEqual([`destroy ${uuid}`]);
    expect((await run('guest', 'stop', 'web')).status).toBe(0);
    expect(host.effects()).toEqual([]);
  });

  it('is started again behind its shutdown, and one that is off is started', async () => {
    const { uuid } = host.libvirt.domain('web');
    expect((await run('guest', 'restart', 'web', '--wait')).status).toBe(0);
    expect(host.effects()).toEqual([`start ${uuid}`]);
    expect((await run('guest', 'restart', 'web')).status).toBe(0);
    expect(host.effects()).toEqual([`shutdown ${uuid}`, `start ${uuid}`]);
    host.libvirt.domain('web').deaf = true;
    host.step = 500;
    expect((await run('guest', 'restart', 'web', '--timeout', '2')).stderr).toContain('still runs after 2 s');
    host.effects();
    expect((await run('guest', 'restart', 'web', '--timeout', '2', '--force')).status).toBe(0);
    expect(host.effects().slice(-2)).toEqual([`destroy ${uuid}`, `start ${uuid}`]);
  });

  it('is known by the names that zonemgr has for it', async () => {
    expect((await run('is-managed', 'web')).status).toBe(0);
    expect((await run('is-diz', 'web')).status).toBe(0);
    expect((await run('is-giz', 'web')).status).toBe(1);
    expect((await run('is-giz', 'base')).status).toBe(0);
    expect((await run('is-managed', 'nobody')).status).toBe(1);
  });

  it('goes on where it is paused', async () => {
    const web = host.libvirt.domain('web');
    web.state = 'paused';
    host.effects();
    expect((await run('guest', 'start', 'web')).status).toBe(0);
    expect(host.effects()).toEqual([`resume ${web.uuid}`]);
  });

  it('is removed with its disks, but for those that are to stay', async () => {
    await run('guest', 'start', 'web');
    const asked = await run('guest', 'destroy', 'web');
    expect(asked).toMatchObject({ status: 1, stderr: expect.stringContaining('use --yes') });
    expect(host.libvirt.domain('web').state).toBe('running');
    host.storage.pools.get('gandi')?.volumes.delete('web.swap.qcow2');
    host.storage.addVolume('gandi', 'web.theirs.qcow2');
    const { uuid } = host.libvirt.domain('web');
    const { status, stdout } = await run('--yes', 'guest', 'destroy', 'web');
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'kept: volume web.data.qcow2\n' });
    // libvirt refuses it where it keeps its memory or snapshots. Last: it lists what else is to go.
    expect(host.effects().at(-1)).toBe(`undefine ${uuid} --managed-save --snapshots-metadata`);
    expect(host.storage.names()).toEqual(['base.v1.qcow2', 'web.data.qcow2', 'web.theirs.qcow2']);
    expect(host.libvirt.domains.map(({ name }) => name)).toEqual(['base']);
  });

  it('has a console and an address to log in at', async () => {
    const { uuid } = host.libvirt.domain('web');
    host.foregroundStatus = 7;
    expect((await run('guest', 'console', 'web')).status).toBe(7);
    host.addresses = { lease: '', agent: ' lo  x  ipv4  127.0.0.1/8\n eth0  y  ipv4  192.0.2.7/24\n' };
    expect((await run('guest', 'ssh', 'web', 'uptime')).status).toBe(7);
    expect(host.effects()).toEqual([
      `virsh --connect qemu:///system --quiet console ${uuid}`,
      'ssh root@192.0.2.7 uptime',
    ]);
    const from = async (uri: string) => {
      await run('--connect', uri, 'guest', 'ssh', 'web');
      return host.effects();
    };
    expect(await from('qemu+ssh://me@far:2222/system?keyfile=/a%20b%25')).toEqual([
      "ssh -o ProxyCommand=ssh -W '[%h]:%p' -p 2222 -i '/a b%%' -- me@far root@192.0.2.7",
    ]);
    expect(await from('qemu://far/system')).toEqual(['ssh root@192.0.2.7']);
    host.addresses = {};
    expect((await run('guest', 'ssh', 'web')).stderr).toContain(
      'guest web has no address that libvirt knows',
    );
    expect(parseAddresses(' e x ipv6 fe80::1/64\n e x ipv6 2001:db8::1/64\n')).toEqual(['2001:db8::1']);
  });
});
