import { describe, expect, it } from 'vitest';
import { useGuest } from './use-guest.ts';

/** What QMP tells of a place for a CPU; `qom-path` is there when it is taken. */
interface Socket {
  readonly type: string;
  readonly props: Record<string, number>;
  readonly 'qom-path'?: string;
}

describe('CPUs and memory added to a running guest', () => {
  const { guest } = useGuest('cpus', {
    machine: async () => ({
      cpus: { count: 1, maximum: 8 },
      memory: { mebibytes: 1024, maximumMebibytes: 4096 },
    }),
  });

  it('puts added CPUs to use, and takes none that is off by choice', async () => {
    const places = (await guest.qmp.execute('query-hotpluggable-cpus')) as Socket[];
    const free = places.filter((place) => place['qom-path'] === undefined);
    for (const [index, { type, props }] of free.reverse().slice(0, 2).entries()) {
      await guest.qmp.execute('device_add', { driver: type, id: `cpu${index}`, ...props });
    }
    await guest.waitFor('[ "$(nproc)" = 3 ]', 60);
    expect(await guest.output('cat /sys/devices/system/cpu/online')).toBe('0-2');
    await guest.output(
      'echo 0 > /sys/devices/system/cpu/cpu2/online && udevadm trigger --settle --action=change /sys/devices/system/cpu/cpu2',
    );
    expect(await guest.output('nproc')).toBe('2');
  });

  it('puts added memory to use, in a way that lets it be taken out again', async () => {
    const total = async () => Number(await guest.output("grep MemTotal /proc/meminfo | tr -dc '0-9'"));
    const before = await total();
    await guest.qmp.execute('object-add', {
      'qom-type': 'memory-backend-ram',
      id: 'more',
      size: 256 * 1024 * 1024,
    });
    await guest.qmp.execute('device_add', { driver: 'pc-dimm', id: 'dimm', memdev: 'more' });
    await guest.waitFor(async () => (await total()) >= before + 250 * 1024, 60);
    expect(
      await guest.output('grep -c Movable /sys/devices/system/memory/memory*/valid_zones | grep -c ":1$"'),
    ).toBe('2');
    expect(await guest.output('journalctl -b -q -p warning -o cat -t systemd-udevd')).toBe('');
  });
});
