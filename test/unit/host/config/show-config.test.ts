import { describe, expect, it } from 'vitest';
import { SimulatedHost, simulateTime } from '../simulated-host.ts';

simulateTime();

function configured(): SimulatedHost {
  const host = new SimulatedHost();
  host.environment.HOME = '/root';
  host.files['/etc/gandi/host.conf'] = '# of the site\npool = site\nnic = bridge=br0\n';
  host.files['/root/.config/gandi/host.conf'] = 'nic = network=lab\nparallel = 0\n';
  return host;
}

describe('config', () => {
  it('shows each setting with the place that it comes from', async () => {
    const { status, stdout, stderr } = await configured().run('config', '-c', 'test:///x');
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr:
        'gandi-host: warning: /root/.config/gandi/host.conf:2: parallel is "0", expected a whole number from 1 to 9999\n',
    });
    expect(stdout.split('\n')).toEqual([
      'connect\ttest:///x\tthe command line',
      'pool\tsite\t/etc/gandi/host.conf:2',
      'pool-directory\t/var/lib/libvirt/images/gandi\tbuilt in',
      'nic\tnetwork=lab\t/root/.config/gandi/host.conf:1',
      'emulation\tno\tbuilt in',
      'toolkit\t\tbuilt in',
      'parallel\t\tbuilt in',
      '',
    ]);
  });

  it('is the same as JSON, with what was not understood', async () => {
    const { settings, warnings } = JSON.parse((await configured().run('config', '--json')).stdout);
    expect(settings).toContainEqual({ name: 'pool', value: 'site', from: '/etc/gandi/host.conf:2' });
    expect(warnings).toHaveLength(1);
  });

  it('needs no libvirt', async () => {
    const host = configured();
    await host.run('config');
    expect(host.libvirt.started).toBe(0);
  });
});
