import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DhcpServer } from './dhcp-server.ts';
import { type DiskFile, exportDisk, overlayDisk } from './disk.ts';
import { Guest } from './guest.ts';
import type { Image } from './image.ts';
import { imageWithManagers, NETWORK_MANAGERS } from './installed-managers.ts';
import { isoSeed } from './nocloud-seed.ts';
import type { Suite } from './rootfs.ts';

const minutes = 60_000;
const SEGMENT = '230.0.0.72:17872';

/** The golden guest is the first; its clones are others by all that their host says of them. */
const machineOf = (number: number) => ({
  uuid: `6f1d0a52-7c1e-4f0b-9d4e-00000000010${number}`,
  interfaces: [
    {
      network: '192.0.2.0/24',
      hostAddress: '192.0.2.254',
      segment: SEGMENT,
      mac: `52:54:00:67:62:0${number}`,
    },
  ],
});

const ADDRESS = "ip -4 -o address show dev eth0 scope global | awk '{print $4}'";

describe.each<Suite>(['bookworm', 'trixie'])('clones of a sealed Debian %s', (suite) => {
  let folder: string;
  let image: Image;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gandi-guest-seal-managers-'));
    image = await imageWithManagers(suite, folder);
  }, 20 * minutes);

  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(NETWORK_MANAGERS)(
    'with $name, by DHCP on one segment, have an address each',
    async ({ name, choose, directory }) => {
      const server = new DhcpServer(SEGMENT);
      const guests = [1, 2, 3].map((number) => new Guest(`${name}-${number}`));
      const [golden, ...clones] = guests as [Guest, Guest, Guest];
      const start = async (guest: Guest, number: number, disk: DiskFile) => {
        const id = `${name}-${number}`;
        const files = { 'meta-data': `instance-id: ${id}\nlocal-hostname: ${id}\n`, 'user-data': '' };
        const seed = await isoSeed(folder, `${id}.iso`, files);
        await guest.powerOn({
          image,
          disks: [{ disk }, { disk: seed, bus: 'optical' }],
          ...machineOf(number),
        });
      };
      const isUp = async (guest: Guest) => {
        const state = await guest.waitForBoot();
        expect(state, (await guest.run('systemctl --failed; gandi-guest status')).stdout).toBe('running');
        await guest.waitFor(`test -n "$(${ADDRESS})"`, 60);
        expect(await guest.output(`ls ${directory}`)).toContain('50-gandi');
      };
      await server.listen();
      try {
        const root = await overlayDisk(image, join(folder, `${name}.qcow2`));
        await start(golden, 1, root);
        await golden.waitForBoot();
        if (choose !== '') {
          await golden.output(choose);
          await golden.reboot();
        }
        await isUp(golden);
        const id = await golden.output('cat /etc/machine-id');
        const address = await golden.output(ADDRESS);
        await golden.output('gandi-guest seal --yes --no-poweroff');
        await golden.powerOff(600);
        const sealed: DiskFile = { file: join(folder, `${name}.img`), format: 'raw' };
        await exportDisk(root, sealed.file);
        await Promise.all(
          clones.map(async (clone, index) => {
            const disk = await overlayDisk(sealed, join(folder, `${name}-${index}.qcow2`));
            await start(clone, index + 2, disk);
            await isUp(clone);
          }),
        );
        const ids = await Promise.all(clones.map((clone) => clone.output('cat /etc/machine-id')));
        expect(new Set([id, ...ids]).size).toBe(3);
        const addresses = await Promise.all(clones.map((clone) => clone.output(ADDRESS)));
        expect(new Set([address, ...addresses]).size).toBe(3);
        const [own, other = ''] = addresses;
        expect(own).toMatch(/^192\.0\.2\.1\d\d\/24$/);
        const [reached] = other.split('/');
        expect(await clones[0]?.run(`ping -c 2 -W 5 ${reached}`)).toMatchObject({ exitCode: 0 });
      } finally {
        server.close();
        await Promise.all(guests.map((guest) => guest.powerCut()));
      }
    },
    30 * minutes,
  );
});
