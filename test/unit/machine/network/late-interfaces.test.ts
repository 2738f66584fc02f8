import { describe, expect, it } from 'vitest';
import type { FileView } from '../../../../src/machine/files/files.ts';
import { waitForInterfaces } from '../../../../src/machine/network/late-interfaces.ts';
import type { InterfaceIdentity } from '../../../../src/machine/network/network-interfaces.ts';
import { type FileEntries, makeFiles } from '../../context.ts';

const BOOT: FileEntries = { '/proc/cmdline': 'root=LABEL=root rw\n', '/run/udev/control': '' };

function device(name: string, index: number, mac = '00:16:3e:00:00:01'): FileEntries {
  const directory = `/sys/class/net/${name}`;
  return {
    [`${directory}/address`]: `${mac}\n`,
    [`${directory}/ifindex`]: `${index}\n`,
    [`${directory}/device/driver`]: { link: '../../../bus/virtio/drivers/virtio_net' },
  };
}

const record = (index: number): FileEntries => ({ [`/run/udev/data/n${index}`]: '' });

/** Files that change from one look at the interfaces to the next. */
function filesOverTime(...states: FileEntries[]): { files: FileView; looks: () => number } {
  let looks = 0;
  const now = () => makeFiles(states[Math.min(Math.max(looks - 1, 0), states.length - 1)] ?? {});
  const files: FileView = {
    readText: (path) => now().readText(path),
    readTextWithoutLinks: (trusted, path) => now().readTextWithoutLinks(trusted, path),
    status: (path) => now().status(path),
    modifiedAt: (path) => now().modifiedAt(path),
    linkTarget: (path) => now().linkTarget(path),
    list(path) {
      if (path === '/sys/class/net') looks++;
      return now().list(path);
    },
    aside: () => files,
  };
  return { files, looks: () => looks };
}

async function waitingTime(meant: InterfaceIdentity[], ...states: FileEntries[]): Promise<number> {
  const started = performance.now();
  await waitForInterfaces(filesOverTime(...states).files, meant, 2);
  return performance.now() - started;
}

describe('waitForInterfaces', () => {
  it.each<[string, InterfaceIdentity[], FileEntries]>([
    ['nothing is meant', [], BOOT],
    ['udev has named it', [{ number: 0 }], { ...BOOT, ...device('enp1s0', 2) }],
    ['udev left it its name', [{ number: 0 }], { ...BOOT, ...device('eth0', 2), ...record(2) }],
    [
      'the kernel’s names are kept',
      [{ number: 0 }],
      { ...BOOT, ...device('eth0', 2), '/proc/cmdline': 'rw net.ifnames=0 quiet\n' },
    ],
    [
      'the kernel’s names are kept, whatever was asked before',
      [{ number: 0 }],
      { ...BOOT, ...device('eth0', 2), '/proc/cmdline': 'net.ifnames=1 net.ifnames=no\n' },
    ],
    ['there is no udev', [{ number: 0 }], device('eth0', 2)],
    ['it is known by its MAC address', [{ number: 5, mac: '00:16:3e:00:00:01' }], device('wan', 2)],
  ])('does not wait when %s', async (_, meant, state) => {
    expect(await waitingTime(meant, state)).toBeLessThan(45);
  });

  it.each<[string, InterfaceIdentity, FileEntries[]]>([
    ['the driver', { number: 0 }, [BOOT, BOOT, { ...BOOT, ...device('ens3', 2) }]],
    [
      'udev to rename it',
      { number: 0 },
      [
        { ...BOOT, ...device('eth0', 2) },
        { ...BOOT, ...device('eth0', 2) },
        { ...BOOT, ...device('ens3', 2), ...record(2) },
      ],
    ],
    [
      'udev to rename it where that was turned off and on again',
      { number: 0 },
      [
        { ...BOOT, ...device('eth0', 2), '/proc/cmdline': 'net.ifnames=0 net.ifnames=1\n' },
        { ...BOOT, ...device('eth0', 2), '/proc/cmdline': 'net.ifnames=0 net.ifnames=1\n' },
        { ...BOOT, ...device('ens3', 2), ...record(2) },
      ],
    ],
    [
      'the one of that name',
      { number: 0, name: 'lan' },
      [device('eth0', 2), device('eth0', 2), { ...device('eth0', 2), ...device('lan', 3) }],
    ],
  ])('waits for %s', async (_, meant, states) => {
    const time = await waitingTime([meant], ...states);
    expect(time).toBeGreaterThan(45);
    expect(time).toBeLessThan(450);
  });

  it('of many reads none before there can be enough of them', async () => {
    const meant = Array.from({ length: 9 }, (_, number) => ({ number }));
    const some = Object.assign(
      {},
      BOOT,
      ...meant.slice(0, 8).map(({ number }) => device(`eth${number}`, number)),
    );
    const { files } = filesOverTime(some);
    const read: string[] = [];
    const readText = (path: string) => {
      read.push(path);
      return files.readText(path);
    };
    await waitForInterfaces({ ...files, readText }, meant, 0.2);
    expect(read.filter((path) => path.endsWith('/address'))).toEqual([]);
  });

  it('gives up on an interface that does not come', async () => {
    expect(await waitingTime([{ number: 1 }], { ...BOOT, ...device('ens3', 2) })).toBeLessThan(1500);
  });
});
