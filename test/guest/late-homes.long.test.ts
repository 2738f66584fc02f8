import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type NfsServer, startNfsServer } from './nfs-server.ts';
import { type KeyPair, makeKeyPair } from './ssh.ts';
import { hostConfig, hostNetworks, publicNetwork, seedDisk, toolkitImage } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

/** The network is there once gandi-bootstrap has run, these directories once the network is, and /tmp once swap is. */
const fileSystems = (port: number) => {
  const addresses = `addr=${publicNetwork.hostAddress},clientaddr=${publicNetwork.guestAddress}`;
  return [
    `${publicNetwork.hostAddress}:/home /home nfs4 vers=4.2,port=${port},${addresses} 0 0`,
    'root-over-network /root tmpfs _netdev,mode=700 0 0',
    'boot-over-network /boot tmpfs _netdev 0 0',
    'tmpfs /tmp tmpfs mode=1777 0 0',
    'PARTLABEL=gandiswap none swap defaults 0 0',
  ];
};

describe('a guest whose homes are on a server (NFS), and much else needs the network, too', () => {
  let key: KeyPair;
  let server: NfsServer | undefined;
  const { guest } = useGuest('late-homes', {
    image: async (folder) => {
      server = await startNfsServer(folder);
      return toolkitImage({ moreFileSystems: fileSystems(server.port) });
    },
    machine: async (folder) => {
      key = await makeKeyPair(join(folder, 'key'));
      const seed = await seedDisk(folder, 'seed.img', { config: hostConfig(key.publicKey) });
      const [outer, ...others] = hostNetworks;
      return { disks: [{ disk: seed }], interfaces: [{ ...outer, routed: true }, ...others] };
    },
  });

  afterAll(() => server?.stop());

  it('has no cycle in the order of its boot, and nothing left out of it', async () => {
    const cycles = "journalctl -b -o cat _PID=1 | grep -iE 'ordering cycle|deleted to break' || true";
    expect(await guest.output(cycles)).toBe('');
    const places = ['/home', '/root', '/boot', '/tmp'];
    const mounted = await guest.output(
      `for place in ${places.join(' ')}; do findmnt -rn -o TARGET,FSTYPE $place; done`,
    );
    expect(mounted).toBe('/home nfs4\n/root tmpfs\n/boot tmpfs\n/tmp tmpfs');
    expect(await guest.output('systemctl is-active swap.target network-online.target remote-fs.target')).toBe(
      'active\nactive\nactive',
    );
  });

  it('lets the user and root in by keys that came into their homes once these were mounted', async () => {
    for (const user of ['admin1', 'root'])
      expect(await guest.ssh({ user, keyFile: key.keyFile }, 'id -un; stat -f -c %T .')).toMatchObject({
        stdout: `${user}\n${user === 'root' ? 'tmpfs' : 'nfs'}\n`,
      });
  });

  it('has put nothing where the mounts hide it, and has nothing left to do', async () => {
    await guest.output('mount --bind / /mnt');
    expect(await guest.output('find /mnt/home /mnt/root/.ssh -mindepth 1')).toBe('');
    expect((await guest.run('gandi-guest status --wait')).stdout).toMatch(/^configured\n/);
    expect(await guest.output('ls /run/gandi')).not.toContain('late-homes');
  });
});
