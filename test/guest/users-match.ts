import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rootFileSystem, type Suite } from './rootfs.ts';
import { type KeyPair, logInWithin, makeKeyPair } from './ssh.ts';
import { useCommandGuest } from './use-command-guest.ts';

const MATCH = 'Match User admin1 LocalPort 22\n  AuthorizedKeysFile "/srv/my keys/%u" .keys\n';
const COMMAND = 'AuthorizedKeysCommand /etc/ssh/more-keys %u\nAuthorizedKeysCommandUser nobody\n';

/** An image whose server makes its own host key when it first starts: none is there before. */
const MAKE_KEY = `[Service]
ExecStartPre=
ExecStartPre=/bin/sh -c "test -e /etc/ssh/own_key || exec ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/own_key"
ExecStartPre=/usr/sbin/sshd -t
`;

/** A guest whose sshd reads keys from other files for one user, and from a command. */
export function testKeysByMatch(suite: Suite): void {
  describe(`a ${suite} whose sshd was never started, has a key of its own and a file for one user`, () => {
    let key: KeyPair;
    let ofCommand: KeyPair;
    const guest = useCommandGuest(`users-match-${suite}`, {
      image: async () => ({
        rootfs: await rootFileSystem(suite),
        files: {
          '/etc/ssh/sshd_config.d/10-own.conf': `HostKey /etc/ssh/own_key # the only one\n${COMMAND}${MATCH}`,
          '/etc/systemd/system/ssh.service.d/10-own-key.conf': MAKE_KEY,
          '/etc/ssh/more-keys': { text: '#!/bin/sh\nexec cat /run/more-keys\n', mode: 0o755 },
        },
      }),
      seed: async (folder) => {
        key = await makeKeyPair(join(folder, 'key'));
        ofCommand = await makeKeyPair(join(folder, 'command'));
        const ssh_authorized_keys = [key.publicKey];
        const users = ['admin1', 'root'].map((name) => ({ name, ssh_authorized_keys }));
        return {
          'meta-data': 'instance-id: i-1\nlocal-hostname: web1\n',
          'user-data': `#cloud-config\n${JSON.stringify({ users, disable_root: false })}\n`,
        };
      },
      minutes: 20,
    });

    it('had an answer from sshd before its first start', async () => {
      expect(await guest.output('stat -c "%a %U %n" "/srv/my keys/admin1"')).toBe(
        '644 root /srv/my keys/admin1',
      );
      expect((await guest.run('ls -A /home/admin1/.ssh /home/admin1/.keys')).stdout).toBe('');
      expect(await guest.output('ls /run/gandi')).not.toContain('host-key');
    });

    it('lets the user and root in, and whom the admin’s own command names', async () => {
      await guest.run(`cat >/run/more-keys`, { input: `${ofCommand.publicKey}\n` });
      for (const user of ['admin1', 'root'])
        for (const each of [key, ofCommand])
          expect((await logInWithin(guest, user, each)).stdout).toBe(`${user}\n`);
      expect(await guest.output('ssh-keyscan 127.0.0.1 2>/dev/null | grep -v "^#" | cut -d" " -f2,3')).toBe(
        await guest.output('cut -d" " -f1,2 /etc/ssh/own_key.pub'),
      );
    });

    it('tells where the key is missing that sshd would read', async () => {
      const seen = async () => (await guest.run('gandi-guest verify')).stdout;
      expect(await seen()).not.toContain('not usable');
      await guest.run('mv "/srv/my keys/admin1" /root/kept; mkdir -p /home/admin1/.ssh');
      await guest.run('cp /root/kept /home/admin1/.ssh/authorized_keys; chown -R admin1 /home/admin1/.ssh');
      expect(await seen()).toContain('/srv/my keys/admin1 is not there');
      expect((await logInWithin(guest, 'admin1', key)).exitCode).toBe(255);
    });
  });
}
