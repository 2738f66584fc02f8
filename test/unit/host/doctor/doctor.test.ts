import { describe, expect, it } from 'vitest';
import { SimulatedHost, simulateTime } from '../simulated-host.ts';

simulateTime();

const withRival = (guests = {}) => {
  const host = new SimulatedHost(guests);
  host.files['/etc/default/libvirt-guests'] = 'ON_BOOT=start\n';
  return host;
};

describe('doctor', () => {
  it('fails for a problem, and names what to do', async () => {
    const host = new SimulatedHost({
      bad: { order: { priority: 'x' } },
      good: { order: { priority: '1' }, after: ['gone'] },
    });
    expect(await host.run('doctor')).toEqual({
      status: 1,
      stdout:
        'problem: bad is not started: priority is "x", expected a whole number from 0 to 999999; ' +
        'gandi-host order set gives it another value\n' +
        'warning: good comes after gone, which is not there: it does not wait for it; ' +
        'gandi-host order set NAME --after names others\n',
      stderr: '',
    });
  });

  it('does not fail for a warning, which is JSON for programs', async () => {
    const { status, stdout } = await withRival().run('doctor', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ level: 'warning', remedy: 'set ON_BOOT=ignore' }]);
  });

  it.each(['qemu+ssh://other/system', 'qemu://other/system'])(
    'takes no file of this host for one of another host: %s',
    async (uri) => {
      expect(await withRival().run('-c', uri, 'doctor')).toMatchObject({
        status: 0,
        stdout: 'nothing is wrong\n',
      });
    },
  );

  it('changes nothing', async () => {
    const host = withRival({ a: { autostart: true, order: { priority: '1' } } });
    expect((await host.run('doctor')).stdout).toContain("libvirt's autostart of a is on");
    expect(host.libvirt.done).toEqual([]);
  });
});
