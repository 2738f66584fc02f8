import { describe, expect, it } from 'vitest';
import { useCommandGuest } from './use-command-guest.ts';

const minutes = 60_000;

/** Fails where it has not run before. */
const EARLY = `test -e /root/early; had=$?
cat /proc/self/cgroup >> /root/early
ls /etc/app >> /root/early 2>&1
[ $had = 0 ] || exit 3`;

/** One of each that a source can ask for and that needs nothing from elsewhere. */
const CLOUD_CONFIG = `#cloud-config
hostname: web1
fqdn: web1.example.net
manage_etc_hosts: true
users:
- name: deploy
  groups: [adm, deployers]
  shell: /bin/sh
  homedir: /srv/deploy
  uid: 1500
  gecos: Deployment
  sudo: ALL=(ALL) NOPASSWD:ALL
  plain_text_passwd: secret
  lock_passwd: false
  expiredate: '2199-12-31'
- {name: worker, system: true, lock_passwd: true}
ssh_pwauth: true
bootcmd:
- ${JSON.stringify(EARLY)}
write_files:
- {path: /etc/app/one, content: "one\\n", permissions: '0640'}
- {path: /srv/deploy/late, content: "late\\n", permissions: '0600', owner: 'deploy:deploy', defer: true}
swap: {filename: /swap.img, size: 128M}
mounts:
- [tmpfs, /srv/tmp, tmpfs, size=1m]
final_message: all is done
`;

/** In MIME, as tools of hosts have several parts. */
const USER_DATA = `Content-Type: multipart/mixed; boundary="=="
MIME-Version: 1.0

--==
Content-Type: text/cloud-config

${CLOUD_CONFIG}
--==
Content-Type: text/x-shellscript-per-boot

#!/bin/sh
echo x >> /root/each
--==--
`;

describe('Debian 12 whose source asks for a little of everything', () => {
  const guest = useCommandGuest('source-steps', {
    seed: async () => ({ 'meta-data': 'instance-id: i-1\n', 'user-data': USER_DATA }),
    // The early script fails: that is told, and stops nothing.
    state: 'degraded',
  });

  it('has run the early script before everything else, in a control group of its own', async () => {
    expect(await guest.output('cat /root/early')).toMatch(/gandi-early-[\w-]+\.scope\n.*\/etc\/app/);
    const { stdout } = await guest.run('gandi-guest status');
    expect(stdout).toContain('the early script bootcmd: exit status 3');
  });

  it('has the user with all that is asked of it', async () => {
    expect(await guest.output('getent passwd deploy')).toMatch(
      /^deploy:x:1500:\d+:Deployment:\/srv\/deploy:\/bin\/sh$/,
    );
    expect(await guest.output('id -nG deploy')).toBe('deploy adm deployers');
    expect(await guest.output('getent shadow deploy')).toMatch(/^deploy:\$[\w]+\$.*:\d+:$/);
    expect(await guest.output('getent passwd worker')).toMatch(/^worker:x:[1-9]\d{0,2}:/);
    expect(await guest.output('tail -n 1 /etc/sudoers.d/90-gandi-deploy')).toBe(
      'deploy ALL=(ALL) NOPASSWD:ALL',
    );
    expect(await guest.output('sshd -T | grep -i ^passwordauthentication')).toBe(
      'passwordauthentication yes',
    );
  });

  it('has the files, the late one behind its owner', async () => {
    expect(await guest.output('stat -c "%a %U" /etc/app/one; cat /etc/app/one')).toBe('640 root\none');
    await guest.waitFor('test -e /srv/deploy/late');
    expect(await guest.output('stat -c "%a %U:%G" /srv/deploy/late')).toBe('600 deploy:deploy');
  });

  it('swaps to a file, and has mounted what is asked', async () => {
    expect(await guest.output('cat /proc/swaps')).toMatch(/^\/swap\.img +file\s+131068/m);
    await guest.waitFor('findmnt -n -o FSTYPE /srv/tmp | grep -qx tmpfs');
    expect(await guest.output('hostname -f')).toBe('web1.example.net');
  });

  it(
    'does only what is of each boot once more at the next one',
    async () => {
      await guest.waitFor('test -e /var/lib/gandi/late/done && test -s /root/each');
      await guest.reboot();
      expect(await guest.waitForBoot()).toBe('running');
      await guest.waitFor('test "$(wc -l < /root/each)" = 2');
      expect(await guest.output('grep -c scope /root/early')).toBe('2');
      expect(await guest.output('cat /proc/swaps')).toMatch(/^\/swap\.img +file/m);
      expect(await guest.output('findmnt -n -o FSTYPE /srv/tmp')).toBe('tmpfs');
      expect((await guest.run('gandi-bootstrap')).stdout).not.toMatch(/changed/);
    },
    5 * minutes,
  );
});
