import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Attached } from './hot-plug.ts';
import { isoSeed } from './nocloud-seed.ts';
import { rootFileSystem } from './rootfs.ts';
import { type KeyPair, makeKeyPair } from './ssh.ts';
import { kubeVirt, lima, multipass, proxmox, type ToolSeed, terraform, virtInstall } from './tool-seeds.ts';
import { toolkitImage } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

const minutes = 60_000;

const LEASED = { network: '10.0.2.0/24', hostAddress: '10.0.2.2', guestAddress: '10.0.2.15' } as const;
const HOST_KEYS = 'cat /etc/ssh/ssh_host_*_key.pub /etc/machine-id';
/** The drive that the machine is switched on with, of which the root disk is the first device. */
const BOOT_DRIVE: Attached = { device: 'device-disk1', backend: 'disk1', kind: 'disk' };

/** A guest that is switched on with the CD of one tool, and gets the CDs of others in that place one after another. */
function useTools(name: string, suite: 'bookworm' | 'trixie', first: (key: string) => ToolSeed) {
  let key: KeyPair | undefined;
  let number = 0;
  let inDrive: Attached = BOOT_DRIVE;
  const publicKey = () => key?.publicKey.trim() ?? '';
  const disk = (folder: string, { files, names }: ToolSeed) =>
    isoSeed(folder, `${number++}.iso`, files, names);
  const used = useGuest(name, {
    image: async () => toolkitImage({ rootfs: await rootFileSystem(suite) }),
    machine: async (folder) => {
      key = await makeKeyPair(join(folder, 'key'));
      return {
        disks: [{ disk: await disk(folder, first(publicKey())), bus: 'optical', readOnly: true }],
        interfaces: [LEASED],
        smbios: ['manufacturer=QEMU', 'serial=ds=nocloud', 'uuid=6f1d0a52-7c1e-4f0b-9d4e-0123456789ab'],
      };
    },
    minutes: 20,
  });
  const { guest, folder } = used;

  /** Has the host put another CD into the drive, and the guest configured by it. */
  async function change(seed: ToolSeed): Promise<void> {
    await guest.detach(inDrive);
    await guest.waitFor('! test -b /dev/sr0');
    inDrive = await guest.attachDisk({
      disk: await disk(folder, seed),
      bus: 'optical',
      readOnly: true,
      scsiId: 1,
    });
    await guest.waitFor('udevadm settle && test "$(blkid -L cidata)" = /dev/sr0');
    const { stdout, stderr } = await guest.run('gandi-bootstrap');
    expect(stderr, stdout).not.toContain('problem:');
  }
  const login = (user: string) => ({ user, keyFile: key?.keyFile ?? '' });
  return { ...used, change, login, publicKey };
}

describe('Debian 12 with the CDs of virt-install, KubeVirt and Proxmox', () => {
  const { guest, change, login, publicKey } = useTools('tools-12', 'bookworm', virtInstall);
  let identity = '';

  it('virt-install: root’s password, to be changed, keys, and DHCP without a word of the network', async () => {
    identity = await guest.output(HOST_KEYS);
    expect(await guest.output('getent shadow root | cut -d: -f3')).toBe('0');
    expect(await guest.output('cat /root/.ssh/authorized_keys')).toBe(publicKey());
    expect(await guest.output('cat /home/debian/.ssh/authorized_keys')).toBe(publicKey());
    await guest.waitFor('ip -4 -o address show dev eth0 | grep -q 10.0.2.15/24');
    expect((await guest.run('gandi-guest status --wait')).stdout).not.toContain('problem');
    expect(await guest.output('cat /var/lib/gandi/source.json')).toMatch(/"instanceId": ?"nocloud"/);
  });

  it(
    'KubeVirt: a script once, although the id is another one at each start',
    async () => {
      await change(kubeVirt('5a9fc181-957e-5c32-9e5a-2de5e9673531'));
      expect(await guest.output('hostname')).toBe('vmi1');
      await guest.run('gandi-postboot');
      expect(await guest.output('cat /root/kubevirt-runs')).toBe('ran');
      await change(kubeVirt('0c3a1c9e-3d44-4a8e-8b53-aaaaaaaaaaaa'));
      expect(await guest.output('cat /var/lib/gandi/instance.json')).toContain('0c3a1c9e-3d44');
      // Nothing is left for it: that is its exit status.
      expect((await guest.run('gandi-postboot')).exitCode).toBe(3);
      expect(await guest.output('cat /root/kubevirt-runs')).toBe('ran');
    },
    3 * minutes,
  );

  it(
    'Proxmox: its user by key and password, its fixed address, names and name servers',
    async () => {
      await change(proxmox(publicKey(), 'b3b1a1d7f0a2c5e84d1c9f6e7a8b9c0d1e2f3a4b'));
      expect(await guest.output('hostname; hostname -f')).toBe('pve1\npve1.corp.example');
      expect((await guest.ssh(login('admin'), 'sudo -n id -u')).stdout).toBe('0\n');
      expect(await guest.output('getent shadow admin | cut -d: -f2')).toMatch(/^\$6\$gandiguest\$/);
      expect(await guest.output('cat /etc/resolv.conf')).toMatch(/search corp\.example[\s\S]*10\.0\.2\.3/);
      expect(await guest.output('ip -4 -o address show dev eth0; ip route')).toMatch(
        /10\.0\.2\.15\/24[\s\S]*default via 10\.0\.2\.2/,
      );
    },
    3 * minutes,
  );

  it('none of these ids costs what makes the guest this one', async () => {
    expect(await guest.output(HOST_KEYS)).toBe(identity);
  });
});

describe('Debian 13 with the CDs of Terraform, Lima and multipass', () => {
  const { guest, change, login, publicKey } = useTools('tools-13', 'trixie', terraform);
  let identity = '';

  it('Terraform: names of plain ISO 9660, parts in MIME', async () => {
    identity = await guest.output(HOST_KEYS);
    expect(await guest.output('hostname')).toBe('tf1');
    expect((await guest.ssh(login('debian'), 'sudo -n id -u; id -nG')).stdout).toMatch(/^0\ndebian .*users/);
    await guest.waitFor('test -s /root/terraform-runs');
    expect(await guest.output('sshd -T 2> /dev/null | grep -i ^passwordauthentication')).toMatch(/yes$/);
  });

  it(
    'Lima: its user with number and home, its early commands, its script of each boot',
    async () => {
      await change(lima(publicKey()));
      expect(await guest.output('hostname; getent passwd me')).toMatch(
        /^lima-default\nme:x:501:\d+:Me:\/home\/me\.linux:\/bin\/bash$/,
      );
      expect((await guest.ssh(login('me'), 'sudo -n id -u; pwd')).stdout).toBe('0\n/home/me.linux\n');
      expect(await guest.output('cat /run/lima-parameter; readlink /etc/localtime')).toMatch(
        /^b\n.*Europe\/Paris$/,
      );
      await guest.run('gandi-postboot');
      expect(await guest.output('cat /root/lima-runs')).toBe('ran');
    },
    3 * minutes,
  );

  it(
    'multipass: what its vendor-data say, the default user by its name',
    async () => {
      await change(multipass(publicKey()));
      expect(await guest.output('hostname')).toBe('primary');
      expect((await guest.ssh(login('ubuntu'), 'sudo -n id -u')).stdout).toBe('0\n');
      expect(await guest.output('readlink /etc/localtime')).toMatch(/Etc\/UTC$/);
      await guest.waitFor('ip -4 -o address show dev eth0 | grep -q 10.0.2.15/24');
    },
    3 * minutes,
  );

  it('none of these ids costs what makes the guest this one', async () => {
    expect(await guest.output(HOST_KEYS)).toBe(identity);
  });
});
