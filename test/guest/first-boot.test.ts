import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DiskFile, dataDisk, exportDisk } from './disk.ts';
import { modulesArchive } from './modules-archive.ts';
import { rootFileSystem } from './rootfs.ts';
import { type KeyPair, makeKeyPair } from './ssh.ts';
import { hostConfig, hostNetworks, passwordHash, seedDisk } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

const minutes = 60_000;
const RELEASE = '6.12.0-gandi';

/** Content, mode, owner and time of every file that a boot without news must not touch. */
const FINGERPRINT =
  'find /etc /gandi /home /root /usr /lib/modules /boot /var/lib/gandi -xdev -type f -printf "%p %m %u %g %T@ %s\\n" | sort | sha256sum';

describe('a guest configured from a GPT seed disk', () => {
  let key: KeyPair;
  let seed: DiskFile;
  const { guest, folder } = useGuest('web1', {
    root: { mebibytes: 4096 },
    machine: async (folder) => {
      key = await makeKeyPair(join(folder, 'key'));
      const { tree } = await rootFileSystem();
      const modules = await modulesArchive(folder, tree, RELEASE);
      const script = '#!/bin/sh\ntrue\n';
      seed = await seedDisk(folder, 'seed.img', { config: hostConfig(key.publicKey), script, modules });
      // What udev of the initial RAM disk hands on, and all that Debian starts, is there as in anybody's guest.
      return { asDistributed: true, disks: [{ disk: seed }], interfaces: hostNetworks };
    },
    minutes: 20,
  });

  it('lets the user and root in by the key, and the user be an administrator', async () => {
    const user = { user: 'admin1', keyFile: key.keyFile };
    expect((await guest.ssh(user, 'id -nG; echo $SHELL; pwd')).stdout).toBe(
      'admin1 sudo\n/bin/bash\n/home/admin1\n',
    );
    expect((await guest.ssh({ ...user, user: 'root' }, 'id -un')).stdout).toBe('root\n');
  });

  it('has the password hash of both in /etc/shadow', async () => {
    const shadow = await guest.output("grep -E '^(root|admin1):' /etc/shadow | cut -d: -f2");
    expect(shadow).toBe(`${passwordHash}\n${passwordHash}`);
  });

  it('has accounts that were written without a program', async () => {
    expect(await guest.output('gandi-guest status --json')).toContain(
      'make the account admin1 with the number 1000',
    );
    expect(await guest.output('{ pwck -qr; grpck -r; } 2>&1 | grep admin1 || true')).toBe('');
    expect(await guest.output('passwd -S admin1 | cut -d" " -f1,2')).toBe('admin1 P');
    expect(await guest.output('cd /etc; ls *.lock .*.gandi-new 2> /dev/null || true')).toBe('');
    expect(await guest.output('stat -c "%a %U:%G" /etc/shadow /etc/gshadow /etc/passwd /home/admin1')).toBe(
      '640 root:shadow\n640 root:shadow\n644 root:root\n755 admin1:admin1',
    );
  });

  it('has its name, live and on disk', async () => {
    expect(await guest.output('hostname; cat /etc/hostname /etc/mailname')).toBe('web1\nweb1\nweb1');
    expect(await guest.output('getent hosts web1')).toMatch(/^92\.243\.10\.20\s+web1/);
  });

  it('has its addresses, its route and its name servers, without DHCP', async () => {
    expect(await guest.output('ip -4 -o address show dev eth0')).toContain('inet 92.243.10.20/24');
    expect(await guest.output('ip -4 -o address show dev eth1')).toContain('inet 192.168.10.2/24');
    expect(await guest.output('ip -4 route show default')).toContain('default via 92.243.10.254 dev eth0');
    expect(await guest.output('cat /etc/resolv.conf')).toMatch(
      /nameserver 92\.243\.10\.25[23]\nnameserver 92\.243\.10\.25[23]\nnameserver 2001:4b98:dc2:49::193\noptions timeout:1 attempts:3 rotate/,
    );
    expect((await guest.run('pgrep -a "dhclient|dhcpcd"')).exitCode).toBe(1);
  });

  it('uses the disk as swap with its label, and keeps swap off the archive’s place', async () => {
    // Which name the disk gets differs from boot to boot.
    expect(await guest.output('swapon --show=NAME,TYPE --noheadings')).toMatch(
      /^\/dev\/sd[ab]1\s+partition$/,
    );
    const swap = '$(swapon --show=NAME --noheadings)';
    expect(await guest.output(`blkid -p -s LABEL -o value ${swap}`)).toBe('swap');
    // Number of bad pages, and the first of them (struct in linux/swap.h).
    const words = [1032, 1536].map((offset) => `od -A n -t u4 -j ${offset} -N 4 ${swap}`);
    expect(await guest.output(words.join('; '))).toMatch(/^\s*1\s+128$/);
  });

  it('has no byte of the archive left on the disk', async () => {
    const disk = readFileSync(await exportDisk(seed, join(folder, 'after.img')));
    for (const secret of [passwordHash, 'vm_hostname', 'gandi/config', 'ustar', key.publicKey]) {
      expect(disk.includes(secret), secret).toBe(false);
    }
  });

  it('has the sysctl values live', async () => {
    expect(
      await guest.output('sysctl -n vm.swappiness net.ipv4.conf.all.arp_announce net.ipv4.tcp_syncookies'),
    ).toBe('10\n2\n1');
  });

  it('fills the larger disk with its root file system', async () => {
    const [size, disk] = (
      await guest.output('stat -f -c "%b %S" /; blockdev --getsize64 $(findmnt -n -o SOURCE /)')
    ).split('\n');
    const [blocks, blockBytes] = (size ?? '').split(' ').map(Number);
    expect((blocks ?? 0) * (blockBytes ?? 0)).toBeGreaterThan(Number(disk) * 0.95);
  });

  it('has the modules of the host’s kernel installed and indexed', async () => {
    expect(await guest.output(`modinfo -k ${RELEASE} -F filename dummy; ls -a /lib/modules`)).toMatch(
      new RegExp(`^/lib/modules/${RELEASE}/kernel/drivers/net/dummy\\.ko`),
    );
    expect(await guest.output(`ls -a /lib/modules`)).not.toContain('.gandi-new');
  });

  it('tells where the time of the boot went, gandi-config’s in the start of gandi-bootstrap', async () => {
    const [boot] = JSON.parse(await guest.output('gandi-guest analyze --json --svg /run/boot.svg')).boots;
    expect(boot).toMatchObject({ isThisBoot: true, finished: expect.any(Number) });
    const unit = (name: string) => boot.units.find((one: { unit: string }) => one.unit === `${name}.service`);
    const { start, duration, processorTime, programs } = unit('gandi-bootstrap');
    expect(processorTime).toBeGreaterThan(100);
    expect(programs.map(({ program }: { program: string }) => program)).toEqual([
      'gandi-bootstrap',
      'gandi-config',
    ]);
    const steps = programs.flatMap(
      (program: { steps: { start: number; duration: number }[] }) => program.steps,
    );
    expect(steps.length).toBeGreaterThan(20);
    // Its clock counts from 1970 as the kernel's from its start: what is between them is known to the millisecond.
    expect(Math.min(...steps.map((step: { start: number }) => step.start))).toBeGreaterThanOrEqual(start);
    expect(
      Math.max(...steps.map((step: { start: number; duration: number }) => step.start + step.duration)),
    ).toBeLessThanOrEqual(start + duration + 5);
    expect(unit('gandi-postboot').programs).toHaveLength(1);
    expect(await guest.output('head -c 4 /run/boot.svg; rm /run/boot.svg')).toBe('<svg');
    const [, longest] = (await guest.output('gandi-guest analyze --blame')).split('\n');
    expect(longest).toMatch(/^[\d.]+ m?s\t.*\tgandi-[a-z-]+\.service$/);
    const terminal = "script -qec 'stty cols 80; NO_COLOR=1 LC_ALL=C gandi-guest analyze' /dev/null";
    const [, ...table] = (await guest.output(terminal)).replaceAll('\r', '').split('\n');
    expect(table.filter((row) => row.length > 80)).toEqual([]);
    expect(table.some((row) => /ms +#+$/.test(row))).toBe(true);
  });

  it('keeps what the host gave to itself', async () => {
    expect(await guest.output('stat -c "%a %U %n" /gandi /gandi/*')).toBe(
      [
        '700 root /gandi',
        `600 root /gandi/${RELEASE}-modules.tar.gz`,
        '600 root /gandi/config',
        '700 root /gandi/script',
      ].join('\n'),
    );
  });

  it('keeps every secret from other users', async () => {
    const places = '/gandi /var/lib/gandi /run/gandi /var/log /etc /tmp /run/systemd';
    const nobody = 'setpriv --reuid=nobody --regid=nogroup --clear-groups';
    expect(await guest.output(`${nobody} grep -rlsF '${passwordHash}' ${places} || true`)).toBe('');
    expect(await guest.output(`grep -rlsF '${passwordHash}' /gandi`)).toBe('/gandi/config');
  });

  it('leaves no process behind, and nothing that listens to the network', async () => {
    expect(await guest.output('pgrep -f /usr/lib/gandi || true')).toBe('');
    expect(await guest.output('ss -Hltunp | grep gandi || true')).toBe('');
    expect(await guest.output("systemctl list-sockets --all --no-legend 'gandi*'")).toBe('');
  });

  it('tells what it did, without a secret', async () => {
    const status = await guest.run('gandi-guest status --wait');
    expect(status).toMatchObject({ exitCode: 0 });
    expect(status.stdout).toMatch(/^configured\n/);
    const traces = await guest.output(
      'journalctl -b -o cat -u gandi-bootstrap; cat /var/log/gandi.log $(ls /var/lib/gandi/*.json | grep -v /source.json)',
    );
    expect(traces).toContain('gandi-bootstrap');
    expect(traces).not.toContain(passwordHash);
    // What the host said is kept as a whole, as it is in /gandi: for root alone.
    expect(await guest.output('stat -c "%a %U" /var/lib/gandi/source.json')).toBe('600 root');
  });

  it('starts the runtime once for names, users, network and for what gandi-config does; its unit says so', async () => {
    expect(await guest.output('stat -c %s /run/gandi/done-gandi-config')).toBe('0');
    const said = await guest.output('journalctl -b -o cat -u gandi-config.service');
    expect(said).toMatch(/^gandi-config: .*ssh: .*90-gandi\.conf/m);
    expect(await guest.output('systemctl show -P Result -P ExecMainStatus gandi-config.service')).toBe(
      'success\n0',
    );
    expect((await guest.run('gandi-guest status')).stdout).toContain('gandi-config: configured (this boot');
  });

  it('has its log rotated', async () => {
    await guest.output('logrotate --force /etc/logrotate.d/gandi-guest');
    expect(await guest.output('stat -c "%n %a" /var/log/gandi.log*')).toBe('/var/log/gandi.log.1.gz 640');
    expect(await guest.output('zcat /var/log/gandi.log.1.gz')).toContain('"program":"gandi-bootstrap"');
  });

  it('mounts a data disk that the host attaches, as one sees who has logged in', async () => {
    const disk = await dataDisk(join(folder, 'data.img'), { mebibytes: 16, label: 'data' });
    const login = { user: 'root', keyFile: key.keyFile };
    const attached = await guest.attachDisk({ disk });
    await guest.waitFor('findmnt -rn /srv/data', 60);
    expect((await guest.ssh(login, 'findmnt -rn -o FSTYPE,LABEL /srv/data')).stdout).toBe('ext4 data\n');
    expect((await guest.ssh(login, 'gandi-mount eject data')).exitCode).toBe(0);
    expect((await guest.ssh(login, 'findmnt -rn /srv/data')).exitCode).toBe(1);
    await guest.detach(attached);
  });

  /** The host's disk is no data disk, and udev always has other work at that time of a boot. */
  const expectNoMountRun = async () =>
    expect(
      await guest.output('systemctl show -P Result -P ExecMainStartTimestampMonotonic gandi-mount.service'),
    ).toBe('exec-condition\n0');

  it('starts no executable for data disks, of which there are none', expectNoMountRun);

  it(
    'changes nothing at a second boot',
    async () => {
      const before = await guest.output(FINGERPRINT);
      const swapArea = 'blkid -p -s UUID -o value $(swapon --show=NAME --noheadings)';
      const uuid = await guest.output(swapArea);
      await guest.reboot();
      expect(await guest.waitForBoot()).toBe('running');
      const status = await guest.run('gandi-guest status --wait');
      expect(status.stdout).toMatch(/^unchanged\n/);
      for (const program of ['gandi-bootstrap', 'gandi-config'])
        expect(status.stdout).toContain(`${program}: unchanged (this boot, in which nothing was new`);
      expect(await guest.output(FINGERPRINT)).toBe(before);
      await expectNoMountRun();
      expect(await guest.output('sysctl -n vm.swappiness; ls /run/gandi/interfaces')).toBe('10\neth0\neth1');
      expect(await guest.output(swapArea)).toBe(uuid);
      expect((await guest.ssh({ user: 'admin1', keyFile: key.keyFile }, 'true')).exitCode).toBe(0);
    },
    5 * minutes,
  );

  // To the second boot this would be news.
  it('has accounts that the programs of shadow add to', async () => {
    await guest.output('useradd -m next');
    expect(await guest.output('id -u next; grep -h next /etc/subuid /etc/subgid; groups admin1')).toBe(
      '1001\nnext:165536:65536\nnext:165536:65536\nadmin1 : admin1 sudo',
    );
    await guest.output('userdel -r next 2> /dev/null');
  });

  // Behind the second boot, to which the files that it changes would be news.
  it('compares what was asked with what is, and names what somebody changed', async () => {
    const verify = () => guest.run('gandi-guest verify');
    const whole = await verify();
    expect(whole.stdout.split('\n').filter((line) => !/\tas asked$/.test(line))).toEqual(['']);
    expect(whole).toMatchObject({ exitCode: 0 });
    expect((await guest.run('gandi-guest doctor')).stdout).toBe('nothing is wrong\n');
    const keys = '/home/admin1/.ssh/authorized_keys';
    for (const [change, undo, line] of [
      [
        'ip address del 92.243.10.20/24 dev eth0',
        'ifdown --force eth0; ifup eth0',
        /^differs: eth0 has no 92\.243\.10\.20\/24$/m,
      ],
      ['hostname other', 'hostname web1', /^differs: the kernel has the name other, not web1$/m],
      [
        'chmod 777 /home/admin1',
        'chmod 755 /home/admin1',
        /^differs: sshd does not take the key .* of admin1: others can write to \/home\/admin1 \(mode 777\)/m,
      ],
      [
        `cp -a ${keys} /run/keys; sed -i d ${keys}`,
        `cp -a /run/keys ${keys}`,
        /^differs: sshd does not take the key .* of admin1: it is not in \/home\/admin1\/\.ssh\/authorized_keys$/m,
      ],
      [
        'swap=$(swapon --show=NAME --noheadings); echo $swap > /run/swap; swapoff $swap',
        'swapon $(cat /run/swap)',
        /^differs: \/dev\/sd[ab]1 is not used as swap/m,
      ],
      [
        'cp -a /etc/resolv.conf /run/; echo nameserver 192.0.2.1 > /etc/resolv.conf',
        'cp -a /run/resolv.conf /etc/resolv.conf',
        /^differs: name servers: .* not there$/m,
      ],
    ] as const) {
      await guest.output(change);
      const changed = await verify();
      const found = (await guest.run('gandi-guest doctor')).stdout;
      await guest.output(undo);
      expect(changed.stdout, change).toMatch(line);
      expect(changed.exitCode, change).toBe(1);
      expect(found, change).toContain('gandi-guest verify shows');
    }
    expect(await verify()).toMatchObject({ exitCode: 0 });
  });

  it(
    'notices a new archive on its disk, and a changed setting',
    async () => {
      await guest.output(`set -e
        sed s/web1/web2/ /gandi/config > /run/config.json
        gandi-guest seed /run/config.json -o /run/seed.img --layout raw
        swap=$(swapon --show=NAME --noheadings)
        swapoff $swap
        dd if=/run/seed.img of=$swap bs=512 skip=1024 seek=1024 count=64 conv=notrunc,fsync
        sed -i 's/^#*CONFIG_TIMEZONE=.*/CONFIG_TIMEZONE=Europe\\/Paris/' /etc/default/gandi`);
      await guest.reboot();
      expect(await guest.waitForBoot()).toBe('running');
      expect(await guest.output('hostname; cat /etc/hostname')).toBe('web2\nweb2');
      expect(await guest.output('readlink /etc/localtime')).toContain('Europe/Paris');
      expect((await guest.run('gandi-guest status --wait')).stdout).toMatch(/^configured\n/);
    },
    5 * minutes,
  );
});
