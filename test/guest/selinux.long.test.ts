import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { overlayDisk } from './disk.ts';
import { Guest } from './guest.ts';
import { rootFileSystem } from './rootfs.ts';
import { type KeyPair, makeKeyPair } from './ssh.ts';
import { hostConfig, hostNetworks, seedDisk, toolkitImage } from './toolkit.ts';

const minutes = 60_000;

describe('a guest in which SELinux enforces the policy of its distribution', () => {
  let folder: string;
  let key: KeyPair;
  let guest: Guest;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gandi-guest-selinux-'));
    key = await makeKeyPair(join(folder, 'key'));
    const image = await toolkitImage({
      rootfs: await rootFileSystem('bookworm', [
        'policycoreutils',
        'selinux-policy-default',
        'selinux-utils',
      ]),
      files: { '/etc/selinux/config': 'SELINUX=enforcing\nSELINUXTYPE=default\n' },
      securityLabels: true,
    });
    const root = { disk: await overlayDisk(image, join(folder, 'root.qcow2'), 2048) };
    const seed = { disk: await seedDisk(folder, 'seed.img', { config: hostConfig(key.publicKey) }) };
    guest = await Guest.boot({
      name: 'selinux',
      image,
      disks: [root, seed],
      interfaces: hostNetworks,
      kernelArguments: ['security=selinux', 'selinux=1', 'enforcing=1'],
    });
  }, 20 * minutes);

  afterAll(async () => {
    await guest?.powerCut();
    await rm(folder, { recursive: true });
  });

  it('is configured, and its admin can log in', async () => {
    const state = await guest.waitForBoot();
    const { stdout: status } = await guest.run('gandi-guest status --wait');
    expect(state, status).toBe('running');
    expect(status).toMatch(/^configured\n/);
    expect(await guest.output('getenforce')).toBe('Enforcing');
    for (const user of ['root', 'admin1'])
      expect((await guest.ssh({ user, keyFile: key.keyFile }, 'hostname', 60)).stdout).toBe('web1\n');
  });

  it('refuses our programs nothing, from what reads the executable ahead on', async () => {
    // The kernel's name of a process has 15 characters. Programs for people, as the one above, have the runtime compile (execmem)
    // where that is allowed, and do without where it is not.
    const denied = await guest.output(
      `journalctl --boot --grep 'avc: +denied .*comm="gandi(-read-ahea)?"' --output cat | grep -v execmem || true`,
    );
    expect(denied).toBe('');
    const label = await guest.output(
      'stat -c %C /usr/lib/gandi/gandi /usr/lib/gandi/gandi-read-ahead | uniq',
    );
    expect(label.split('\n')).toHaveLength(1);
    expect(label).toMatch(/:object_r:\w+_t:/);
  });

  it('has the labels on all files that its policy has for them', async () => {
    const places = '/etc /gandi /root /home /var/lib/gandi';
    // It lists what it would change. What it says of /etc/.updated and the like is another program's.
    const wrong = await guest.output(
      `restorecon -R -n -v ${places} 2>&1 | grep -v 'adjtime\\|machine-id' || true`,
    );
    expect(wrong).toBe('');
    expect(await guest.output('stat -c %C /root/.ssh/authorized_keys /etc/hosts | cut -d: -f3')).toBe(
      'ssh_home_t\nnet_conf_t',
    );
  });
});
