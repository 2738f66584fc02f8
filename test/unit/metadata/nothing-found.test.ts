import { createHook, type HookCallbacks } from 'node:async_hooks';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import type { Commands } from '../../../src/machine/commands/commands.ts';
import { askServices } from '../../../src/metadata/ask-services.ts';
import { loadHostConfiguration } from '../../../src/metadata/choose.ts';
import { openedFiles } from './opened-files.ts';
import { seededGuest } from './seeded-guest.ts';

const DMI = '/sys/class/dmi/id';
const DISK = '/sys/devices/pci0000:00/0000:00:03.0/virtio1/host2/target/2:0:1:0';

/** All that detection opens on a guest with one disk, on which it finds nothing: of each file once. */
const OPENED = [
  '/gandi/config',
  '/proc/cmdline',
  '/proc/self/mountinfo',
  '/proc/swaps',
  '/run/udev/data/b8:16',
  '/sys/class/dmi/id/bios_vendor',
  '/sys/class/dmi/id/chassis_asset_tag',
  '/sys/class/dmi/id/product_name',
  '/sys/class/dmi/id/product_serial',
  '/sys/class/dmi/id/sys_vendor',
  '/sys/hypervisor/uuid',
  '/var/lib/cloud/seed/nocloud/meta-data',
  '/var/lib/cloud/seed/nocloud/user-data',
  '/var/lib/gandi/earlier-swap',
  '/var/lib/gandi/gandi-bootstrap.json',
  '/var/lib/gandi/host-disk.json',
  '/var/lib/gandi/source.json',
  'DISK/block/sdf/diskseq',
  'DISK/block/sdf/inflight',
  'DISK/block/sdf/queue/logical_block_size',
  'DISK/block/sdf/ro',
  'DISK/block/sdf/size',
  'DISK/block/sdf/uevent',
  'DISK/vendor',
];

afterEach(() => {
  vi.unstubAllGlobals();
});

/** What a process gets from the system to speak to others (async_hooks, types of resources). */
const OF_THE_NETWORK = ['TCPWRAP', 'TCPCONNECTWRAP', 'UDPWRAP', 'GETADDRINFOREQWRAP', 'PIPECONNECTWRAP'];

/** How often the process turns to the network while something is done. */
async function connections(work: () => Promise<unknown>): Promise<string[]> {
  const made: string[] = [];
  const init: HookCallbacks['init'] = (_, type) => {
    if (OF_THE_NETWORK.includes(type)) made.push(type);
  };
  const hook = createHook({ init }).enable();
  try {
    await work();
  } finally {
    hook.disable();
  }
  return made;
}

it('a guest on which nothing is found opens these files, starts no program, and turns to nobody', async () => {
  const guest = seededGuest({
    '/proc/cmdline': 'root=LABEL=root quiet\n',
    [`${DMI}/sys_vendor`]: 'QEMU\n',
    [`${DMI}/product_name`]: 'Standard PC\n',
    [`${DMI}/product_uuid`]: '11111111-2222-3333-4444-555555555555\n',
  });
  guest.attach('sdf', 1, new Uint8Array(65_536), { label: 'data' });
  const started: string[] = [];
  const commands: Commands = {
    run(argv) {
      started.push(argv.join(' '));
      return Promise.resolve({ argv, exitCode: 0, stdout: '', stderr: '' });
    },
  };
  const fetched = vi.fn();
  vi.stubGlobal('fetch', fetched);
  const given = { files: guest.files, commands, live: true, hypervisor: 'kvm', sources: ['all'] } as const;
  let times = new Map<string, number>();
  const made = await connections(async () => {
    times = await openedFiles(guest.files.root, async () => {
      const host = await loadHostConfiguration({ ...given, waitSeconds: 0 });
      expect(host).toMatchObject({ state: 'none' });
      expect(host.awaited).toBeUndefined();
    });
    expect(await askServices({ ...given, waitSeconds: 0 })).toMatchObject({ state: 'none' });
  });
  const own = (path: string) => path.replace(DISK, 'DISK');
  expect([...times].map(([path, count]) => [own(path), count]).sort()).toEqual(
    OPENED.map((path) => [path, 1]),
  );
  expect(started).toEqual([]);
  expect(fetched).not.toHaveBeenCalled();
  expect(made).toEqual([]);
});

it('what turns to the network is seen', async () => {
  const server = createServer((_, answer) => answer.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const made = await connections(() => fetch(`http://127.0.0.1:${port}/`));
  server.close();
  expect(made).toContain('TCPCONNECTWRAP');
});
