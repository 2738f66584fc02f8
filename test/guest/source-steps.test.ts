import { describe, expect, it } from 'vitest';
import type { GuestConfig } from '../../src/metadata/guest-config.ts';
import { toolkitImage } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

const minutes = 60_000;
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** One of each that a source can ask for and that needs nothing from elsewhere. */
const CONFIG: GuestConfig = {
  hostName: 'web1',
  fqdn: 'web1.example.net',
  users: [
    {
      name: 'deploy',
      groups: ['adm', 'deployers'],
      shell: '/bin/sh',
      home: '/srv/deploy',
      uid: 1500,
      gecos: 'Deployment',
      sudo: ['ALL=(ALL) NOPASSWD:ALL'],
      plainPassword: 'secret',
      expiresOn: '2199-12-31',
      sshKeys: [],
    },
    { name: 'worker', isSystem: true, sshKeys: [], lockPassword: true },
  ],
  login: { passwordBySsh: true },
  scripts: [
    {
      name: 'bootcmd',
      content: base64(
        '#!/bin/sh\ncat /proc/self/cgroup >> /root/early\nls /etc/app >> /root/early 2>&1\nexit 3\n',
      ),
      when: 'early',
      repeat: 'once',
    },
    {
      name: 'each',
      content: base64('#!/bin/sh\necho x >> /root/each\n'),
      when: 'post-boot',
      repeat: 'each-boot',
    },
  ],
  files: [
    { path: '/etc/app/one', content: base64('one\n'), mode: 0o640 },
    {
      path: '/srv/deploy/late',
      content: base64('late\n'),
      mode: 0o600,
      owner: { user: 'deploy', group: 'deploy' },
      late: true,
    },
  ],
  swapFile: { size: 128 * 1024 * 1024 },
  mounts: [{ device: 'tmpfs', mountPoint: '/srv/tmp', type: 'tmpfs', options: ['size=1m'] }],
  finalMessage: 'all is done',
};

const stored = {
  layout: 1,
  source: 'nocloud',
  attachment: 'gone',
  origin: '/dev/sr0 (NoCloud)',
  config: CONFIG,
  refused: [],
  problems: [],
  origins: [],
};

describe('Debian 12 whose source asks for a little of everything', () => {
  const { guest } = useGuest('source-steps', {
    image: () =>
      toolkitImage({
        files: { '/var/lib/gandi/source.json': { text: JSON.stringify(stored), mode: 0o600 } },
      }),
    root: { mebibytes: 4096 },
    // The early script fails: that is told, and stops nothing.
    state: 'degraded',
  });

  it('has run the early script before everything else, in a control group of its own', async () => {
    expect(await guest.output('cat /root/early')).toMatch(
      /gandi-early-bootcmd-[\da-f]{8}\.scope\n.*\/etc\/app/,
    );
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
      expect(await guest.output('grep -c scope /root/early')).toBe('1');
      expect(await guest.output('cat /proc/swaps')).toMatch(/^\/swap\.img +file/m);
      expect(await guest.output('findmnt -n -o FSTYPE /srv/tmp')).toBe('tmpfs');
      expect((await guest.run('gandi-bootstrap')).stdout).not.toMatch(/changed/);
    },
    5 * minutes,
  );
});
