import { beforeEach, describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { FakeHost, IMAGE, POOL } from '../fake-host.ts';

let host: FakeHost;
/** Text of the manifest that was written. */
let manifest: string;

const run = (...args: string[]) => host.gandiHost(...args);
const exported = (format: string, ...more: string[]) =>
  run(...more, 'export', 'web', '--format', format, '--output', '/out');

beforeEach(async () => {
  host = new FakeHost();
  host.programs.tee = (_, { input }) => {
    manifest = String(input);
    return {};
  };
  await run('golden', 'create', 'base', '--from', IMAGE);
  await run(
    ...['guest', 'create', 'web', '--from', 'base', '--disk', 'data:3G', '--mount', '/srv:/srv'],
    ...['--memory', '768', '--cpus', '2', '--nic', 'bridge=br0,mac=52:54:00:00:00:07'],
  );
  manifest = '';
  host.effects();
});

describe('a guest that is handed over to another engine', () => {
  it('is that of this host: files of another one are not here, whatever has their names', async () => {
    for (const words of [
      ['export', 'web', '--format', 'proxmox', '--output', '/out'],
      ['guest', 'verify', 'web', '--checksum'],
    ]) {
      const { status, stderr } = await run('-c', 'qemu+ssh://other/system', ...words);
      expect(status).toBe(1);
      expect(stderr).toContain('-c qemu:///system');
    }
    expect(host.effects()).toEqual([]);
  });

  it('is whole images, its seed, and a manifest that says what cannot be taken along', async () => {
    expect(await exported('kubevirt')).toEqual({ status: 0, stdout: '/out/web.yaml\n', stderr: '' });
    expect(host.effects()).toEqual([
      'mkdir -- /out',
      `qemu-img convert -O qcow2 -- ${POOL}/web.root.qcow2 /out/web.0.qcow2`,
      'vol-download --pool gandi --vol web.seed.img --file /out/web.seed.img --sparse',
      `qemu-img convert -O qcow2 -- ${POOL}/web.data.qcow2 /out/web.1.qcow2`,
      'tee -- /out/web.yaml',
    ]);
    expect(manifest).toContain('# not taken along: the shared directory /srv\n');
    expect(manifest).toContain('# interface 0 was in br0; its MAC address was 52:54:00:00:00:07');
    expect(manifest).toContain('--size=3Gi --image-path=web.1.qcow2');
    const { domain, volumes } = parseDocument(manifest).toJS().spec.template.spec;
    expect(domain.cpu.cores).toBe(2);
    expect(domain.devices.interfaces).toHaveLength(1);
    expect(volumes).toHaveLength(3);
  });

  it('is a script for engines that have a command line', async () => {
    expect((await exported('openstack')).stdout).toBe('/out/openstack.sh\n');
    expect(manifest).toContain('--file web.0.qcow2');
    expect((await exported('proxmox')).stdout).toBe('/out/proxmox.sh\n');
    expect(manifest).toContain('--cores 2');
    expect(manifest.match(/import-from/g)).toHaveLength(3);
  });

  it('has its kernel beside its disk where that has no boot loader', async () => {
    const { uuid } = host.libvirt.domain('web');
    const xml = host.xml.get(uuid) ?? '';
    const direct = xml.replace('<boot dev="hd"/>', '<kernel>/pool/k</kernel><initrd>/pool/i</initrd>');
    host.xml.set(uuid, direct);
    await exported('proxmox');
    const copies = host.effects().filter((line) => line.startsWith('cp '));
    expect(copies).toEqual(['cp -- /pool/k /out/web.kernel', 'cp -- /pool/i /out/web.initrd']);
    expect(manifest).toContain('# the disk has no boot loader');
  });

  it('is off, whole, ours, and for an engine that is known; else nothing is written', async () => {
    expect((await exported('vmware')).status).toBe(2);
    await run('guest', 'start', 'web');
    host.effects();
    const running = await exported('kubevirt');
    expect(running.status).toBe(1);
    expect(running.stderr).toContain('guest web runs: stop it, or its disk would be torn');
    expect((await run('export', 'base', '--format', 'proxmox', '--output', '/out')).stderr).toContain(
      'no guest base of ours',
    );
    expect(host.effects()).toEqual([]);
    await run('guest', 'stop', 'web');
    host.storage.pools.get('gandi')?.volumes.delete('web.data.qcow2');
    expect((await exported('kubevirt')).stderr).toContain('its volume gandi/web.data.qcow2 is gone');
    expect(manifest).toBe('');
  });

  it('goes to no directory that is there', async () => {
    host.refuse = ([name]) => (name === 'mkdir' ? 'File exists' : undefined);
    expect((await exported('kubevirt')).stderr).toBe('gandi-host: mkdir: File exists\n');
    expect(host.effects()).toEqual([]);
  });

  it('of a dry run is shown with its manifest, and nothing is written', async () => {
    const { status, stdout } = await exported('kubevirt', '--dry-run');
    expect(status).toBe(0);
    expect(stdout).toContain('qemu-img convert');
    expect(stdout).toContain('VirtualMachine');
    expect(host.effects()).toEqual([]);
  });
});
