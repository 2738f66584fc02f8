import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DIGEST, FakeHost, IMAGE, POOL, WORK } from '../fake-host.ts';
import { uuidOf } from '../fake-libvirt.ts';

const create = (host: FakeHost, ...more: string[]) =>
  host.gandiHost('golden', 'create', 'base', '--from', IMAGE, ...more);

async function recordOf(host: FakeHost, name: string) {
  return JSON.parse((await host.gandiHost('golden', 'show', name)).stdout);
}

describe('a golden image of an image file', () => {
  it('has a version that is current once a guest of it came up', async () => {
    const host = new FakeHost();
    const { status, stdout, stderr } = await create(host, '--memory', '512', '--check', 'test -e /ok');
    expect(stderr).toBe(
      'gandi-host: base: building\ngandi-host: base: storing version 1\ngandi-host: base: trying version 1\n',
    );
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'base@1\n' });
    expect(host.port.ran.map(({ argv }) => argv)).toEqual([['sh', '-c', 'test -e /ok']]);
    const { current, state, versions, recipe } = await recordOf(host, 'base');
    expect({ current, state }).toEqual({ current: 1, state: 'ready' });
    expect(versions).toMatchObject([
      { number: 1, state: 'ready', disk: 'base.v1.qcow2', capacity: 8388608, sha256: DIGEST },
    ]);
    expect(recipe).toMatchObject({ base: { kind: 'image', name: IMAGE }, check: 'test -e /ok' });
    // Nobody may write what guests are made of, and the guest that tried it is gone with its files.
    expect(host.storage.volume('gandi', 'base.v1.qcow2').mode).toBe('0444');
    expect(host.storage.names()).toEqual(['base.v1.qcow2']);
    expect(host.libvirt.domains.map(({ name }) => name)).toEqual(['base']);
    expect(host.effects()).toContain(`rm -rf -- ${WORK}`);
  });

  it('makes the pool that is not there, and starts one that is off', async () => {
    const host = new FakeHost();
    await create(host);
    const made = host.effects().filter((line) => line.startsWith('pool-') && !line.includes('refresh'));
    expect(made).toEqual([
      `pool-define-as --name gandi --type dir --target ${POOL}`,
      'pool-build --pool gandi',
      'pool-autostart --pool gandi',
      'pool-start --pool gandi',
    ]);
    await host.gandiHost('golden', 'create', 'other', '--from', IMAGE);
    expect(host.effects().filter((line) => /pool-(define|build|start)/.test(line))).toEqual([]);
  });

  it('is emulated where there is no KVM, or the setting is against it', async () => {
    const capabilities = (vendor: string) =>
      `<domainCapabilities><cpu><mode name='host-passthrough'/><mode name='host-model'><vendor>${vendor}</vendor></mode></cpu></domainCapabilities>`;
    const machine = async (kvm: string | undefined, settings = '') => {
      const host = new FakeHost({ '/etc/gandi/host.conf': settings });
      host.kvm = kvm;
      await create(host);
      return host.xml.get(host.libvirt.domain('base').uuid) ?? '';
    };
    expect(await machine(undefined)).toContain('<domain type="qemu">');
    expect(await machine(capabilities('Intel'), 'emulation = yes\n')).toContain('<domain type="qemu">');
    const intel = await machine(capabilities('Intel'));
    expect(intel).toContain('<domain type="kvm">');
    expect(intel).toContain('<cpu mode="host-passthrough"/>');
    // A KVM within another one cannot set that register of Intel's.
    expect(await machine(capabilities('AMD'))).toContain(
      '<cpu mode="host-passthrough"><feature policy="disable" name="arch-capabilities"/></cpu>',
    );
  });

  it('takes no name that somebody has, and touches nothing of theirs', async () => {
    const host = new FakeHost();
    host.libvirt.domains.push({ uuid: uuidOf(1), name: 'base', state: 'running' });
    host.storage.addPool('gandi', POOL);
    host.storage.addVolume('gandi', 'base.v1.qcow2');
    const before = host.state();
    const { status, stderr } = await create(host);
    expect(status).toBe(1);
    expect(stderr).toBe('gandi-host: there is a domain base already: choose another name\n');
    expect(host.state()).toEqual(before);
  });

  it('is undone where a step fails, whichever it is', async () => {
    for (const step of ['qemu-img', 'sha256sum', 'vol-create', 'vol-upload']) {
      const host = new FakeHost();
      host.storage.addPool('gandi', POOL);
      host.refuse = (words) =>
        words[0] === step && !['info', 'check'].includes(words[1] ?? '') ? 'the disk is full' : undefined;
      const { status, stderr } = await create(host);
      expect(status, step).toBe(1);
      expect(stderr, step).toContain('the disk is full');
      expect(host.storage.names(), step).toEqual([]);
      expect(host.libvirt.domains, step).toEqual([]);
      expect(host.effects(), step).toContain(`rm -rf -- ${WORK}`);
    }
  });

  it('keeps a version of which no guest comes up, noted as failed, and no guest of it', async () => {
    const host = new FakeHost();
    host.step = 4000;
    host.staysUp = false;
    const { status, stderr } = await create(host);
    expect(status).toBe(1);
    expect(stderr).toContain(
      'base@1 failed, there is no current one: its guest was not ready within 600 s (died)',
    );
    expect((await recordOf(host, 'base')).versions).toMatchObject([{ number: 1, state: 'failed' }]);
    expect(host.libvirt.domains.map(({ name }) => name)).toEqual(['base']);
    expect((await host.gandiHost('guest', 'create', 'web', '--from', 'base')).stderr).toContain(
      'has no version that has come up',
    );
  });

  it('fails by its check, with what that said last', async () => {
    const host = new FakeHost();
    host.port.answer = () => ({ status: 3, stderr: 'first\nno such unit\n' });
    const { stderr } = await create(host, '--check', 'systemctl is-active web');
    expect(stderr).toContain('the check "systemctl is-active web" failed: no such unit');
    // Once that is mended, a check makes it the current one.
    host.port.answer = () => ({ status: 0 });
    expect(await host.gandiHost('golden', 'check', 'base')).toEqual({
      status: 0,
      stdout: 'base@1\n',
      stderr: '',
    });
    expect((await recordOf(host, 'base')).current).toBe(1);
  });

  it('of a dry run is shown, and not made', async () => {
    const host = new FakeHost();
    const { status, stdout } = await host.gandiHost('--dry-run', 'golden', 'create', 'base', '--from', IMAGE);
    expect(status).toBe(0);
    for (const shown of ['pool-define-as', 'define /dev/stdin', `qemu-img convert -f qcow2`, 'vol-upload'])
      expect(stdout).toContain(shown);
    expect(host.storage.pools.size).toBe(0);
    expect(host.libvirt.domains).toEqual([]);
    // It was looked at, and that is all.
    expect(host.effects().filter((line) => !/^(?:qemu-img (?:info|check)|qemu-io|stat) /.test(line))).toEqual(
      [],
    );
  });
});

describe('a wish for a golden image', () => {
  it('is refused in one line before anything is made', async () => {
    const refusals: [string[], string][] = [
      [['base', '--from', IMAGE, '--size', '8'], '--size 8: expected a size such as 10G'],
      [['base', '--from', '/nowhere'], '--from /nowhere: there is no such file'],
      [['base', '--from', '/a\nb'], '--from /a b: there is no such file'],
      [['base', '--from', './debian.img'], `--from ${resolve('debian.img')}: there is no such file`],
      [['base', '--from', 'other@2'], 'there is no golden image other'],
      [['base', '--from', IMAGE, '--script', '/nowhere'], '--script /nowhere: there is no such file'],
      [['base', '--from', IMAGE, '--packages', 'vim'], 'an image file is taken as it is'],
      [['base', '--from', IMAGE, '--packages', '$(id)'], '--packages: "$(id)" is no name of a package'],
      [['base'], 'an image made of nothing needs the toolkit'],
      [
        ['base', '--toolkit', '/nowhere'],
        'the toolkit /nowhere: there is no such file or directory; name its .deb',
      ],
      [
        ['base', '--from', '/images'],
        '--from /images: no system is installed there, for it has no etc/os-release',
      ],
      [['a b', '--from', IMAGE], '"a b" is no name for a golden image'],
    ];
    const host = new FakeHost();
    for (const [words, why] of refusals) {
      const { status, stderr } = await host.gandiHost('golden', 'create', ...words);
      expect(status).toBe(1);
      expect(stderr).toContain(why);
      expect(stderr.trimEnd()).not.toContain('\n');
    }
    expect(host.effects()).toEqual([]);
  });

  it('takes no overlay and no file that is no image', async () => {
    const host = new FakeHost();
    host.programs['qemu-img'] = () => ({
      stdout: '{"format":"qcow2","virtual-size":1,"backing-filename":"/etc/shadow"}',
    });
    expect((await create(host)).stderr).toContain(`${IMAGE} is an overlay of /etc/shadow`);
    host.programs['qemu-img'] = () => ({ stdout: '{"format":"qcow2","virtual-size":1,"encrypted":true}' });
    expect((await create(host)).stderr).toContain(`${IMAGE} is encrypted: qemu-img convert makes an image`);
    host.programs['qemu-img'] = () => ({ stdout: '[]' });
    expect((await create(host)).stderr).toContain(`${IMAGE} is no disk image that qemu-img knows`);
    host.refuse = ([name]) => (name === 'qemu-img' ? 'cannot be opened' : undefined);
    expect((await create(host)).stderr).toContain(
      `${IMAGE} is no disk image that can be read: qemu-img: cannot be opened`,
    );
    expect(host.libvirt.domains).toEqual([]);
  });

  it('takes no image that begins with nothing, and makes nothing before that is known', async () => {
    const host = new FakeHost();
    host.programs['qemu-io'] = () => ({});
    expect((await create(host)).stderr).toBe(
      `gandi-host: ${IMAGE} has neither a partition table nor a file system: no guest could boot from it\n`,
    );
    expect(host.effects().filter((line) => !/^(?:qemu-img (?:info|check)|qemu-io) /.test(line))).toEqual([]);
    expect(host.storage.pools.size).toBe(0);
  });
});
