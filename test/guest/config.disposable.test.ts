import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type KeyPair, logInWithin, makeKeyPair } from './ssh.ts';
import { passwordHash } from './toolkit.ts';
import { useCommandGuest } from './use-command-guest.ts';

const minutes = 60_000;

/** A plugin or hook that leaves a trace of when it ran. */
const plugin = (name: string) =>
  `#!/bin/sh\necho ${name} "$CONFIG_DISK_ROOT" >> /root/ran\necho said by ${name}\n`;

describe('what is configured at every boot', () => {
  let key: KeyPair;
  const guest = useCommandGuest('config', {
    image: async () => ({
      files: {
        '/usr/lib/systemd/system/dnf-automatic.timer': '[Timer]\nOnCalendar=daily\n',
        '/etc/cron.d/php': '09,39 *  * * *  root  true\n',
      },
    }),
    seed: async (folder) => {
      key = await makeKeyPair(join(folder, 'key'));
      const ssh_authorized_keys = [key.publicKey];
      const users = [
        { name: 'admin1', passwd: passwordHash, lock_passwd: false, ssh_authorized_keys },
        { name: 'root', ssh_authorized_keys },
      ];
      const config = {
        users,
        chpasswd: { expire: false, users: [{ name: 'root', password: passwordHash }] },
        disable_root: false,
        ssh_pwauth: true,
        // Empty, as a machine leaves it that lost its power when the key was made.
        write_files: [{ path: '/etc/ssh/ssh_host_ecdsa_key', content: '' }],
      };
      return {
        'meta-data': 'instance-id: i-1\nlocal-hostname: web1\n',
        'user-data': `#cloud-config\n${JSON.stringify(config)}\n`,
      };
    },
    kernelArguments: ['gandi=cet-eu'],
    minutes: 20,
  });

  const put = (path: string, text: string, mode = '644') =>
    guest.output(`mkdir -p "$(dirname ${path})"; cat > ${path}; chmod ${mode} ${path}`, { input: text });

  it('tells what it did', async () => {
    const status = await guest.run('gandi-guest status --wait');
    expect(status.exitCode, status.stdout).toBe(0);
    expect(status.stdout).toContain('gandi-config: configured (this boot');
  });

  it('is configured once by two runs at the same time', async () => {
    const runs = await guest.output(
      'for each in 1 2; do gandi-config & done; wait -n; echo $?; wait -n; echo $?',
    );
    expect(runs.split('\n').slice(-2)).toEqual(['0', '0']);
    expect((await guest.run('gandi-guest status')).stdout).toContain('gandi-config: unchanged (this boot');
  });

  it('makes the host keys that are missing, and has sshd refuse passwords for root', async () => {
    await guest.output(
      'ssh-keygen -l -f /etc/ssh/ssh_host_ecdsa_key && test -s /etc/ssh/ssh_host_ecdsa_key.pub',
    );
    const settings = await guest.output('sshd -T');
    expect(settings).toMatch(/^permitrootlogin (without-password|prohibit-password)$/m);
    expect(settings).toMatch(/^permitemptypasswords no$/m);
    expect(await guest.output('cat /etc/ssh/sshd_config.d/90-gandi.conf')).toContain('CONFIG_SSHD=0');
    expect((await logInWithin(guest, 'root', key)).stdout).toBe('root\n');
  });

  it('lets in by password whom the host named, but not root, who has the same', async () => {
    await put('/root/askpass', '#!/bin/sh\necho throw-away\n', '755');
    const login = (user: string) =>
      guest.run(
        `SSH_ASKPASS=/root/askpass SSH_ASKPASS_REQUIRE=force ssh -F none -o LogLevel=ERROR \
          -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o PubkeyAuthentication=no \
          -o NumberOfPasswordPrompts=1 ${user}@127.0.0.1 id -un`,
      );
    expect(await login('admin1')).toMatchObject({ exitCode: 0, stdout: 'admin1\n' });
    expect(await login('root')).toMatchObject({
      exitCode: 255,
      stderr: expect.stringContaining('Permission denied'),
    });
  });

  it('spreads periodic jobs, and leaves other lines alone', async () => {
    const crontab = await guest.output('cat /etc/crontab');
    // Debian's own times. One of them may be drawn by chance, all three are not.
    expect(crontab).not.toMatch(/^25 6\t\* \* \*\t[\s\S]*^47 6\t\* \* 7\t[\s\S]*^52 6\t1 \* \*\t/m);
    expect(crontab).toMatch(/^\d+ [013456]\t\* \* \*\troot\ttest -x \/usr\/sbin\/anacron/m);
    const [, first, second] = /^(\d+),(\d+) \*/.exec(await guest.output('cat /etc/cron.d/php')) ?? [];
    expect(Number(second) - Number(first)).toBe(30);
    expect(await guest.output('systemctl daemon-reload; systemctl cat dnf-automatic.timer')).toContain(
      'RandomizedDelaySec=6h',
    );
  });

  it('sets the time zone that the host asks for, and the message of the day', async () => {
    expect(await guest.output('readlink -f /etc/localtime; cat /etc/timezone; date +%Z')).toMatch(
      /^\/usr\/share\/zoneinfo\/Europe\/Paris\nEurope\/Paris\nCES?T$/,
    );
    expect(await guest.output('cat /etc/motd')).toMatch(/^web1: Debian GNU\/Linux 12/);
  });

  it('lets in on the console, and has root checked', async () => {
    expect(await guest.output('systemctl is-active serial-getty@ttyS0.service')).toBe('active');
    const root = await guest.output('tune2fs -l "$(findmnt -n -o SOURCE /)"');
    expect(root).toMatch(/Maximum mount count:\s+42/);
  });

  it('does nothing the second time', async () => {
    const report = JSON.parse(await guest.output('gandi-config --json')) as { steps: { status: string }[] };
    expect(report).toMatchObject({ status: 'unchanged' });
    expect(new Set(report.steps.map(({ status }) => status))).toEqual(new Set(['unchanged']));
  });

  it('installs what sshd takes, also beside a drop-in of the admin’s that it refuses', async () => {
    await put('/etc/ssh/sshd_config.d/10-admin.conf', 'NoSuchKeyword yes\n');
    await guest.output('rm /etc/ssh/sshd_config.d/90-gandi.conf; gandi-config --only 11-config_ssh');
    const refused = await guest.run('sshd -t');
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stderr).toContain('10-admin.conf');
    expect(refused.stderr).not.toContain('90-gandi.conf');
    await guest.output('rm /etc/ssh/sshd_config.d/10-admin.conf; sshd -t');
    expect(await guest.output('sshd -T | grep -i "^permitemptypasswords"')).toBe('permitemptypasswords no');
  });

  describe('after an admin made choices', () => {
    beforeAll(async () => {
      await guest.output("sed -i 's/^#PermitRootLogin.*/PermitRootLogin no/' /etc/ssh/sshd_config");
      await guest.output(
        'ln -sfn /usr/share/zoneinfo/America/New_York /etc/localtime; rm /etc/ssh/ssh_host_ed25519_key',
      );
      await guest.output(`sed -i -E 's/^[0-9]+ [0-9]+(\\t\\* \\* \\*\\troot.*daily)/11 22\\1/' /etc/crontab`);
      await put('/etc/motd', 'Keep out\n');
      await guest.output('echo "$(findmnt -n -o SOURCE /) / ext4 errors=remount-ro 0 1 # mine" > /etc/fstab');
      await put('/etc/gandi/plugins.d/16-vm-fix-ext3', plugin('replaced'), '755');
      await put('/etc/gandi/plugins.d/01-config_console', plugin('console'), '644');
      await put('/etc/gandi/plugins.d/05-mine', plugin('mine'), '755');
      await put('/etc/gandi/plugins.d/06-hanging', '#!/bin/sh\nsleep 7100 & sleep 7101\n', '755');
      await put('/etc/gandi/plugins.d/05-mine.dpkg-old', plugin('backup'), '755');
      await put('/etc/gandi/plugins.d/00-pre-first', plugin('image'), '755');
      await put('/etc/gandi/bootstrap.d/02-config_sysctl', plugin('sysctl'), '755');
      await put('/etc/gandi/hooks/post-vm-config', plugin('hook'), '755');
      await guest.output("sed -i 's/^CONFIG_PLUGIN_TIMEOUT=.*/CONFIG_PLUGIN_TIMEOUT=3/' /etc/default/gandi");
      await guest.reboot();
      await guest.waitForBoot();
    }, 5 * minutes);

    it('keeps them', async () => {
      expect(await guest.output('sshd -T')).toMatch(/^permitrootlogin no$/m);
      expect(
        await guest.output('grep -c ^PermitRootLogin /etc/ssh/sshd_config.d/90-gandi.conf || true'),
      ).toBe('0');
      expect(await guest.output('grep daily /etc/crontab')).toMatch(/^11 22\t/);
      expect(await guest.output('cat /etc/motd')).toBe('Keep out');
      expect(await guest.output('readlink -f /etc/localtime')).toBe('/usr/share/zoneinfo/America/New_York');
    });

    it('makes the key that is missing again, and names root by its UUID in its line alone', async () => {
      await guest.output('test -s /etc/ssh/ssh_host_ed25519_key');
      const uuid = await guest.output('findmnt -n -o UUID /');
      expect(await guest.output('cat /etc/fstab')).toBe(`UUID=${uuid} / ext4 errors=remount-ro 0 1 # mine`);
      expect(await guest.output('cat /etc/fstab.20*')).toMatch(
        /^\/dev\/[sv]d\w+ \/ ext4 errors=remount-ro 0 1 # mine$/,
      );
    });

    it('runs plugins among the steps, and the hook at the end', async () => {
      expect(await guest.output('cat /root/ran')).toBe('sysctl /srv\nmine /srv\nreplaced /srv\nhook /srv');
      const { stdout } = await guest.run('gandi-guest status --json');
      const { programs } = JSON.parse(stdout) as {
        programs: { program: string; steps: { name: string; status: string; output?: string }[] }[];
      };
      const config = programs.find(({ program }) => program === 'gandi-config');
      const statuses = config?.steps.map(({ name, status, output }) =>
        [name, status, output ?? ''].join(' '),
      );
      expect(statuses).toEqual([
        '01-config_console off ',
        '02-config_system_file changed ',
        '03-vm-fix-cron unchanged ',
        '05-mine unchanged said by mine',
        '06-hanging failed ',
        '07-config_timezone unchanged ',
        '11-config_ssh changed ',
        '13-config_motd unchanged ',
        '16-vm-fix-ext3 unchanged said by replaced',
        'post-vm-config unchanged said by hook',
      ]);
    });

    it('ends a plugin that hangs, with its children', async () => {
      expect((await guest.run('pgrep -f "sleep 710[01]"')).exitCode).toBe(1);
    });

    it('says by gandi-guest doctor what is wrong', async () => {
      const doctor = await guest.run('gandi-guest doctor');
      expect(doctor.exitCode).toBe(1);
      expect(doctor.stdout).toContain('06-hanging');
    });
  });
});
