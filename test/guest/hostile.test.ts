import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packArchive } from '../../src/metadata/gandi/seed-disk.ts';
import { archive, CONFIG, DIRECTORY, member } from '../unit/metadata/gandi/tar-blocks.ts';
import type { CommandResult } from './control-shell.ts';
import { type DiskFile, dataDisk, overlayDisk } from './disk.ts';
import { Guest } from './guest.ts';
import type { Image } from './image.ts';
import { type KeyPair, makeKeyPair } from './ssh.ts';
import { hostConfig, hostNetworks, passwordHash, publicNetwork, seedDisk, toolkitImage } from './toolkit.ts';

const minutes = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'gandi-guest-hostile-'));
const guests: Guest[] = [];
let image: Image;
let key: KeyPair;

beforeAll(async () => {
  key = await makeKeyPair(join(folder, 'key'));
  // A file system in the place of the swap disk is a data disk to gandi-mount: here nobody is to touch it.
  image = await toolkitImage({ files: { '/etc/default/gandi': 'CONFIG_ALLOW_MOUNT=0\n' } });
}, 20 * minutes);

afterAll(async () => {
  await Promise.all(guests.map((guest) => guest.powerCut()));
  rmSync(folder, { recursive: true });
});

async function bootWith(name: string, disk: DiskFile): Promise<Guest> {
  const root = await overlayDisk(image, join(folder, `${name}.qcow2`), 2048);
  const guest = await Guest.boot({
    name,
    image,
    disks: [{ disk: root }, { disk }],
    interfaces: hostNetworks,
  });
  guests.push(guest);
  return guest;
}

describe('somebody’s file system at the place of the swap disk', () => {
  it(
    'is left as it is, whatever its label; the guest boots and says why it has no swap',
    async () => {
      const data = await dataDisk(join(folder, 'data.img'), { mebibytes: 32, label: 'swap' });
      const digest = () => createHash('sha256').update(readFileSync(data.file)).digest('hex');
      const before = digest();
      const guest = await bootWith('data', data);
      expect(await guest.waitForBoot()).toBe('running');
      expect(await guest.output('journalctl -b -o cat -u gandi-bootstrap')).toMatch(
        /01-config_swap: \/dev\/sd[ab] \(.*\) is left alone, it holds ext4 file system "swap".*: no swap was set up/,
      );
      expect(await guest.output('swapon --show --noheadings')).toBe('');
      await guest.powerOff();
      expect(digest()).toBe(before);
    },
    10 * minutes,
  );
});

/** In each test below the guest is as the one before left it. */
describe('a guest that gets hostile input', () => {
  let guest: Guest;
  const wrongNetwork = [
    {
      pna: [
        {
          pna_address: publicNetwork.guestAddress,
          pbn: { pbn_network: publicNetwork.network, pbn_gateway: '10.9.9.9' },
        },
      ],
    },
  ];

  beforeAll(async () => {
    const config = hostConfig(key.publicKey, { vif: wrongNetwork });
    guest = await bootWith('hostile', await seedDisk(folder, 'seed.img', { config, force: true }));
    await guest.waitForBoot();
  }, 10 * minutes);

  /** A seed in a file of the guest. */
  async function seedFile(name: string, changes: Record<string, unknown>): Promise<string> {
    const config = JSON.stringify(hostConfig(key.publicKey, changes));
    const bytes = await packArchive({ config: new TextEncoder().encode(config) });
    await guest.output(`base64 -d > /root/${name}.tar`, { input: Buffer.from(bytes).toString('base64') });
    return `/root/${name}.tar`;
  }

  const seedOfUser = (user: string) =>
    seedFile(user, { vm_conf: { user, password: passwordHash, ssh_key: key.publicKey } });

  const bootstrap = (options: string): Promise<CommandResult> => guest.run(`gandi-bootstrap ${options}`);

  it('refuses a wrong network whole, and does all of the rest', async () => {
    const status = await guest.run('gandi-guest status --wait');
    expect(status).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/^failed\n/) });
    expect(status.stdout).toContain('vif[0].pna[0].pbn.pbn_gateway');
    expect(await guest.output('systemctl is-system-running || true')).toBe('degraded');
    expect(await guest.output('systemctl is-active multi-user.target')).toBe('active');
    expect(await guest.output('ls /etc/network/interfaces.d; ip -4 -o address show dev eth0')).toBe('');
    expect(await guest.output('hostname; grep ^admin1: /etc/shadow | cut -d: -f2')).toBe(
      `web1\n${passwordHash}`,
    );
    expect(await guest.output('cat /home/admin1/.ssh/authorized_keys')).toBe(key.publicKey);
  });

  const script = member({ name: 'gandi/script', mode: '0000700\0' }, `#!/bin/sh\n${'#'.repeat(4000)}\n`);
  // More of them in test/unit/blackbox/archive.test.ts.
  const brokenArchives: [string, Buffer, string][] = [
    [
      'a member outside',
      archive(DIRECTORY, CONFIG, member({ name: 'gandi/../../etc/evil' }, 'x')),
      'etc/evil',
    ],
    [
      'a link out of /gandi',
      archive(DIRECTORY, CONFIG, member({ name: 'gandi/script', type: '2', link: '/etc/evil' })),
      'symbolic link',
    ],
    ['a cut in the middle', Buffer.concat([DIRECTORY, CONFIG, script]).subarray(0, 3072), 'gandi/script'],
  ];

  it.each(brokenArchives)('refuses an archive with %s whole, and keeps it', async (_, bytes, named) => {
    const kept = await guest.output('sha256sum /gandi/* /etc/hostname /etc/shadow');
    const disk = await guest.output('swapoff -a; blkid -L swap');
    const input = Buffer.concat([bytes, Buffer.alloc(8192)]).toString('base64');
    await guest.output(`base64 -d | dd of=${disk} bs=512 seek=1024 conv=fsync status=none`, { input });
    const result = await bootstrap('');
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain(named);
    expect((await guest.run('gandi-guest status')).exitCode).toBe(1);
    const left = await guest.output(`dd if=${disk} bs=512 skip=1024 count=6 status=none | base64 -w 0`);
    const whole = Buffer.concat([bytes, Buffer.alloc(8192)]).subarray(0, 3072);
    expect(left).toBe(whole.toString('base64'));
    expect(await guest.output('sha256sum /gandi/* /etc/hostname /etc/shadow')).toBe(kept);
    expect(await guest.output('hostname; ls /etc/evil 2>&1 || true')).toMatch(/^web1\n.*No such file/);
  });

  it('takes the next good archive from the same disk', async () => {
    const config = JSON.stringify(hostConfig(key.publicKey, { vm_hostname: 'web2' }));
    const bytes = await packArchive({ config: new TextEncoder().encode(config) });
    const input = Buffer.from(bytes).toString('base64');
    await guest.output('base64 -d | dd of=$(blkid -L swap) bs=512 seek=1024 conv=fsync status=none', {
      input,
    });
    const result = await bootstrap('');
    expect(result.exitCode, result.stderr).toBe(0);
    expect(await guest.output('hostname; swapon --show=TYPE --noheadings')).toBe('web2\npartition');
  });

  it('keeps the network that works when the next one is refused, or nothing of it can be read', async () => {
    const state =
      'cat /etc/network/interfaces.d/* /etc/hosts /etc/resolv.conf; ip -o address show scope global; ip route';
    const before = await guest.output(state);
    expect(before).toContain(publicNetwork.guestAddress);
    const refused = hostConfig(key.publicKey, { vm_hostname: 'web2', vif: wrongNetwork });
    for (const config of [JSON.stringify(refused), '{"vm_hostname":']) {
      const bytes = await packArchive({ config: new TextEncoder().encode(config) });
      const input = Buffer.from(bytes).toString('base64');
      await guest.output(
        'swapoff -a; base64 -d | dd of=$(blkid -L swap) bs=512 seek=1024 conv=fsync status=none',
        { input },
      );
      expect((await bootstrap('')).exitCode).toBe(1);
      // As systemd has it for an interface that the boot has not served.
      await guest.output(
        'rm -f /run/gandi/interfaces/*; systemctl restart gandi-iface@eth0 gandi-iface@eth1 || true',
      );
      expect(await guest.output(state)).toBe(before);
    }
    // What cannot be read is not stored: the one before it is.
    expect(await guest.output('cat /gandi/config')).toBe(JSON.stringify(refused));
  });

  it('leaves files intact where there is no space, or nothing can be written', async () => {
    const seed = await seedFile('space', { vm_hostname: 'web3' });
    await guest.output(
      [
        'mkdir -p /mnt/small && mount -t tmpfs -o size=64k none /mnt/small && cd /mnt/small',
        'mkdir etc gandi && echo old > etc/hostname && echo {} > gandi/config',
        'chmod 640 etc/hostname && chown 7:8 etc/hostname',
        'cat /dev/zero > full || true',
      ].join('\n'),
    );
    const state =
      'cd /mnt/small && stat -c "%a %u:%g" etc/hostname && cat etc/hostname gandi/config && ls -A etc gandi';
    const before = await guest.output(state);
    const full = await bootstrap(`--root /mnt/small --seed ${seed}`);
    expect(full).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no space left on device') });
    expect(full.stderr).toMatch(/identity: could not write \/etc\/hostname/);
    expect(await guest.output(state)).toBe(before);
    await guest.output('rm /mnt/small/full && mount -o remount,ro /mnt/small');
    const readOnly = await bootstrap(`--root /mnt/small --seed ${seed}`);
    expect(readOnly).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('read-only file system') });
    expect(await guest.output(state)).toBe(before);
    await guest.output('mount -o remount,rw /mnt/small');
    expect(await bootstrap(`--root /mnt/small --seed ${seed} --only identity`)).toMatchObject({
      exitCode: 0,
    });
    expect(
      await guest.output('cat /mnt/small/etc/hostname; stat -c "%a %u:%g" /mnt/small/etc/hostname'),
    ).toBe('web3\n640 7:8');
  });

  it('leaves everything as it is on a read-only root', async () => {
    const seed = await seedOfUser('late1');
    const state =
      'stat -c "%n %a %u:%g" /etc/passwd /etc/shadow /gandi/config; sha256sum /etc/passwd /etc/shadow /gandi/*';
    const before = await guest.output(state);
    const result = await guest.run(
      `unshare -m sh -c 'mount -o remount,bind,ro / && exec gandi-bootstrap --seed ${seed}'`,
    );
    expect(result).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('read-only file system') });
    expect(await guest.output(state)).toBe(before);
  });

  it('is configured once by two runs at the same time', async () => {
    const seed = await seedFile('twice', { vm_hostname: 'web4' });
    // The second finds the seed's files stored, and what they ask for done.
    const run = `gandi-bootstrap --seed ${seed} 2>&1 || echo failed`;
    const both = await guest.output(`(${run}) & (${run}); wait`);
    expect(both).not.toContain('failed');
    expect(both.match(/01-config_swap: /g)).toHaveLength(1);
    expect(both.match(/identity: /g)).toHaveLength(1);
    expect(await guest.output('hostname; grep -c web4 /etc/hosts')).toBe('web4\n1');
  });

  // One that hangs is ended after half a minute: config.disposable.test.ts has a plugin with a shorter limit, commands.test.ts the tools.
  it('names a tool that is missing or prints without end, and goes on', async () => {
    await guest.output('mv /usr/sbin/useradd /usr/sbin/useradd.away');
    const missing = await bootstrap(`--seed ${await seedOfUser('missing1')}`);
    expect(missing).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('useradd is not installed'),
    });
    expect(missing.stderr).toMatch(/identity: /);
    await guest.output('cat > /usr/local/sbin/useradd && chmod 755 /usr/local/sbin/useradd', {
      input: '#!/bin/sh\nexec head -c 1000000000 /dev/zero\n',
    });
    const printed = await bootstrap(`--seed ${await seedOfUser('printing1')} --only users`);
    expect(printed).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('useradd printed more than it may and was killed'),
    });
    await guest.output('rm /usr/local/sbin/useradd; mv /usr/sbin/useradd.away /usr/sbin/useradd');
    expect(await bootstrap(`--seed ${await seedOfUser('missing1')} --only users`)).toMatchObject({
      exitCode: 0,
    });
  });

  it('follows no symbolic link in a user’s home, and sets the password all the same', async () => {
    await guest.output('useradd -m linked1 && ln -s /etc /home/linked1/.ssh');
    // All that a key written through the link would change; shadow has the password, group who may be root.
    const state = `find /etc -mindepth 1 ! -name 'shadow*' ! -name 'g*shadow*' ! -name 'group*' ! -name .pwd.lock -printf '%p %m %U:%G %T@\n' | sort`;
    const before = await guest.output(state);
    const result = await bootstrap(`--seed ${await seedOfUser('linked1')} --only users`);
    expect(result).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('symbolic link') });
    expect(await guest.output(state)).toBe(before);
    expect(await guest.output('grep ^linked1: /etc/shadow | cut -d: -f2')).toBe(passwordHash);
  });

  it('honours what an admin turned off in a settings file full of other things', async () => {
    const settings = [
      'CONFIG_HOSTNAME="0"  # not the host’s business',
      '\u0000\u0001 garbage',
      "export CONFIG_USERS='0'",
      'CONFIG_UNKNOWN=1',
      'CONFIG_NAMESERVER=nonsense',
    ];
    const before = await guest.output('hostname');
    await guest.output('cp /etc/default/gandi /root/settings; cat > /etc/default/gandi', {
      input: `${settings.join('\r\n')}\r\n`,
    });
    const result = await bootstrap(`--seed ${await seedFile('off', { vm_hostname: 'web9' })} --json`);
    const report: { steps: { name: string; status: string }[] } = JSON.parse(result.stdout);
    const statuses = Object.fromEntries(report.steps.map(({ name, status }) => [name, status]));
    expect(statuses).toMatchObject({ identity: 'off', users: 'off' });
    for (const line of [2, 4, 5]) expect(result.stderr).toContain(`/etc/default/gandi:${line}: `);
    expect(await guest.output('hostname')).toBe(before);
    await guest.output('cp /root/settings /etc/default/gandi');
  });

  it('does not depend on its clock', async () => {
    const now = await guest.output('date +%s');
    for (const [index, date] of ['2046-01-01', '1999-01-01'].entries()) {
      await guest.output(`date -s ${date}`);
      const seed = await seedFile('clock', { vm_hostname: `year${index}` });
      const result = await bootstrap(`--seed ${seed}`);
      expect(result.exitCode, result.stderr).toBe(0);
      expect(await guest.output('hostname')).toBe(`year${index}`);
      const again = await bootstrap(`--seed ${seed} --only identity --json`);
      expect(again.stdout).toContain('"status": "unchanged"');
    }
    await guest.output(`date -s @${now}`);
  });

  it('has a peak memory of at most 60 MiB', async () => {
    const seed = await seedFile('memory', { vm_hostname: 'web6' });
    // getrusage(2) of the children, call 98 of x86-64: ru_maxrss in KiB lies behind two struct timeval.
    const measure = String.raw`perl -e 'system @ARGV; $u = "\0" x 144; syscall 98, -1, $u; print unpack "x32 q", $u'`;
    const kibibytes = Number(await guest.output(`${measure} gandi-bootstrap --seed ${seed}`));
    expect(kibibytes).toBeGreaterThan(1024);
    expect(kibibytes).toBeLessThanOrEqual(60 * 1024);
  });
});
