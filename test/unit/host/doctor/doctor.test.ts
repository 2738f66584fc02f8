import { describe, expect, it } from 'vitest';
import { METADATA } from '../../../../src/host/libvirt/metadata.ts';
import { FakeHost } from '../fake-host.ts';
import { uuidOf } from '../fake-libvirt.ts';

const RIVAL = { '/etc/default/libvirt-guests': 'ON_BOOT=start\n' };

const order = (attributes: string) => ({
  [METADATA.order.uri]: `<o:order xmlns:o="${METADATA.order.uri}" uuid="${uuidOf(1)}" ${attributes}/>`,
});

describe('doctor', () => {
  it('has nothing to say where nothing is wrong', async () => {
    const host = new FakeHost();
    host.libvirt.domains.push({ uuid: uuidOf(1), name: 'web', metadata: order('priority="1"') });
    expect(await host.gandiHost('doctor')).toEqual({ status: 0, stdout: 'nothing is wrong\n', stderr: '' });
    expect(JSON.parse((await host.gandiHost('--json', 'doctor')).stdout)).toEqual([]);
  });

  it('fails for a problem, and says what to do; a warning alone is no failure', async () => {
    const host = new FakeHost(RIVAL);
    const warned = await host.gandiHost('doctor');
    expect(warned.status).toBe(0);
    expect(warned.stdout).toMatch(/^warning: .*ON_BOOT=start.*; set ON_BOOT=ignore\n$/);
    host.libvirt.domains.push({ uuid: uuidOf(1), name: 'web', metadata: order('priority="1e3"') });
    const { status, stdout } = await host.gandiHost('doctor');
    expect(status).toBe(1);
    expect(stdout).toContain('problem: web is not started: priority is "1e3"');
    expect(stdout).toContain('; gandi-host order set gives it another value\n');
    const json = JSON.parse((await host.gandiHost('--json', 'doctor')).stdout);
    expect(json.map(({ level }: { level: string }) => level)).toEqual(['problem', 'warning']);
    expect(host.effects()).toEqual([]);
  });

  it('tells nothing of this host’s files where libvirt is another one’s', async () => {
    const host = new FakeHost(RIVAL);
    expect((await host.gandiHost('--connect', 'qemu+ssh://other/system', 'doctor')).stdout).toBe(
      'nothing is wrong\n',
    );
  });
});
