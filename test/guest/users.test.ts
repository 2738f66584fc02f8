import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type KeyPair, makeKeyPair } from './ssh.ts';
import { hostConfig, hostNetworks, seedDisk, toolkitImage } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

describe('a guest whose sshd has keys elsewhere, and whose host gave a bad one', () => {
  let key: KeyPair;
  const { guest } = useGuest('users', {
    image: () =>
      toolkitImage({
        files: { '/etc/ssh/sshd_config.d/10-keys.conf': 'AuthorizedKeysFile /etc/ssh/keys/%u # for all\n' },
      }),
    machine: async (folder) => {
      key = await makeKeyPair(join(folder, 'key'));
      const vm_conf = {
        user: 'admin1',
        password: '',
        ssh_key: `ssh-ed25519 AAAAbroken bad\r\n${key.publicKey}\r\n`,
      };
      const config = hostConfig(key.publicKey, { vm_conf });
      return {
        disks: [{ disk: await seedDisk(folder, 'seed.img', { config, force: true }) }],
        interfaces: hostNetworks,
      };
    },
    state: 'degraded',
    minutes: 20,
  });

  it('lets the user and root in by the good key', async () => {
    for (const user of ['admin1', 'root'])
      expect((await guest.ssh({ user, keyFile: key.keyFile }, 'id -un')).stdout).toBe(`${user}\n`);
  });

  it('has root’s files where sshd reads them, and none in homes', async () => {
    expect(await guest.output('stat -c "%a %U %n" /etc/ssh/keys/*')).toBe(
      '644 root /etc/ssh/keys/admin1\n644 root /etc/ssh/keys/root',
    );
    expect((await guest.run('ls /home/admin1/.ssh')).exitCode).not.toBe(0);
  });

  it('sets no empty password, and tells of the bad key', async () => {
    expect(await guest.output("grep -cE '^(root|admin1)::' /etc/shadow || true")).toBe('0');
    expect((await guest.run('gandi-guest status --wait')).stdout).toContain('ssh_key');
  });
});
