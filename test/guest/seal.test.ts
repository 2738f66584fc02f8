import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DiskFile, exportDisk, overlayDisk } from './disk.ts';
import { Guest } from './guest.ts';
import type { Image } from './image.ts';
import { isoSeed } from './nocloud-seed.ts';
import { makeKeyPair } from './ssh.ts';
import { toolkitImage } from './toolkit.ts';

const minutes = 60_000;

/** Stands in all that must not be in an image, in capitals that no program writes by itself. */
const SECRET = 'GOLDENQUINCE';

/** What is planted in the running guest, and what an admin did there. */
const GOLDEN = `set -e
useradd -m -s /bin/bash ann
echo 'ann:${SECRET}' | chpasswd
install -d -m 700 -o ann -g ann /home/ann/.ssh
echo 'ssh-ed25519 AAAA ${SECRET}' > /home/ann/.ssh/authorized_keys
echo '${SECRET}' > /home/ann/.ssh/id_ed25519
echo '${SECRET}' > /home/ann/.bash_history
echo '${SECRET}' > /home/ann/.netrc
mkdir -p /var/log/journal /var/lib/docker /etc/iscsi /var/lib/cloud/data /etc/netplan /var/lib/systemd/timers
systemctl restart systemd-journald; journalctl --flush
logger -t admin '${SECRET}'; journalctl --sync
echo '${SECRET}' > /var/lib/docker/engine-id
echo 'InitiatorName=iqn.1993-08.org.debian:01:${SECRET}' > /etc/iscsi/initiatorname.iscsi
echo '${SECRET}' > /var/lib/cloud/data/instance-id
echo 'network: {version: 2} # ${SECRET} 52:54:00:67:61:00' > /etc/netplan/50-cloud-init.yaml
echo '${SECRET}' > /var/lib/dhcp/dhclient.eth0.leases
echo '${SECRET}' > /var/log/app.log
touch /var/lib/systemd/timers/stamp-fstrim.timer
# Without it the UUID of a file system with checksums cannot be changed while that is mounted (tune2fs(8)).
tune2fs -O metadata_csum_seed $(findmnt -no SOURCE /)
rm -f /var/lib/dbus/machine-id; cat /etc/machine-id > /var/lib/dbus/machine-id
echo '${SECRET}' > /var/lib/systemd/credential.secret
mkdir -p /root/deleted; yes '${SECRET}' | head -c 4000000 > /root/deleted/file; sync; rm -r /root/deleted
systemctl disable --now ssh.socket cron.service 2>/dev/null; systemctl disable cron.service
sync`;

/** Writes when it is stopped, as a shell does when its terminal goes. */
const LATE_WRITER = `systemd-run --quiet --unit=late-writer --property=ExecStop='/bin/sh -c "echo ${SECRET} >> /root/.bash_history"' --property=ExecStop='/usr/bin/logger ${SECRET}' sleep infinity`;

/** A shell at a terminal, in which somebody has typed: it writes its history when the terminal goes. */
const TYPED = `systemd-run --quiet --unit=typed --setenv=HOME=/root --setenv=HISTFILE=/root/.bash_history sh -c '(echo "echo ${SECRET}"; exec sleep infinity) | exec script -qec "bash -i" /dev/null'`;

const SEGMENT = '230.0.0.71:17871';

/** What must differ between two guests. */
const OWN = {
  'machine id': 'cat /etc/machine-id',
  'host keys': 'cat /etc/ssh/ssh_host_*_key.pub',
  'random seed': 'sha256sum < /var/lib/systemd/random-seed',
  'minutes of cron': "grep -E 'cron\\.(hourly|daily)' /etc/crontab",
  'machine ID of D-Bus': 'cat /var/lib/dbus/machine-id',
} as const;

const network = (address: string) =>
  `version: 2\nethernets:\n  eth0:\n    match: {name: eth0}\n    addresses: [${address}/24]\n`;

describe('a golden guest that is sealed at its shutdown, and its clones', () => {
  let folder: string;
  const golden = new Guest('golden');
  const clones = [new Guest('clone-1'), new Guest('clone-2')] as const;
  let image: Image;
  let sealed: DiskFile;
  let oldId: string;
  let oldUuid: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gandi-guest-seal-'));
    image = await toolkitImage();
    const root = await overlayDisk(image, join(folder, 'golden.qcow2'));
    const { publicKey } = await makeKeyPair(join(folder, 'key'));
    const seed = await isoSeed(folder, 'golden.iso', {
      'meta-data': `instance-id: golden\nlocal-hostname: golden\npublic-keys: ["${publicKey.trim()} ${SECRET}"]\n`,
      'network-config': network('192.0.2.1'),
      'user-data': '',
    });
    await golden.powerOn({
      image,
      disks: [{ disk: root }, { disk: seed, bus: 'optical' }],
      interfaces: [
        { network: '192.0.2.0/24', hostAddress: '192.0.2.254', segment: SEGMENT, mac: '52:54:00:67:61:00' },
      ],
      uuid: '6f1d0a52-7c1e-4f0b-9d4e-000000000001',
    });
    await golden.waitForBoot();
    oldId = await golden.output('cat /etc/machine-id');
    oldUuid = await golden.output('findmnt -no UUID /');
    await golden.output(GOLDEN);
    await golden.output(LATE_WRITER);
    await golden.output(TYPED);
    sealed = { file: join(folder, 'sealed.img'), format: 'raw' };
    const check = await golden.run('gandi-guest seal --check --all-users');
    expect(check.exitCode).toBe(1);
    for (const part of [
      'machine-id',
      'host-keys',
      'authorized-keys',
      'user-secrets',
      'credential-secret',
      'our-state',
    ])
      expect(check.stdout).toMatch(new RegExp(`^E ${part} /`, 'm'));
    expect(check.stdout).not.toContain(SECRET);
    // By hand the work of the unit is not to be had: it is refused, and the order is kept.
    await golden.output('gandi-guest seal --yes --all-users --zero --fs-uuids --no-poweroff');
    expect((await golden.run('gandi-guest seal --now --as-ordered --yes')).exitCode).toBe(1);
    expect(await golden.output('cat /etc/machine-id')).toBe(oldId);
    await golden.powerOff(600);
    await exportDisk(root, sealed.file);
  }, 30 * minutes);

  afterAll(async () => {
    await Promise.all([golden, ...clones].map((guest) => guest.powerCut()));
    rmSync(folder, { recursive: true });
  });

  it('leaves none of its secrets in the raw image', async () => {
    const places = ['--text', '--only-matching', '--byte-offset', '-E', `[ -~]{0,60}${SECRET}[ -~]{0,20}`];
    const { stdout } = await execa('grep', [...places, sealed.file], { reject: false });
    expect(stdout, golden.console()).toBe('');
    const id = await execa('debugfs', ['-R', 'cat /etc/machine-id', sealed.file]);
    expect(id.stdout).toBe('');
    const record = await execa('debugfs', ['-R', 'cat /var/lib/gandi/seal.json', sealed.file]);
    expect(JSON.parse(record.stdout)).toMatchObject({ state: 'sealed', users: [] });
    expect(golden.console()).toContain('gandi-guest seal: sealed');
  });

  it('has another UUID on its file system, which is whole', async () => {
    expect(oldUuid).toMatch(/^[0-9a-f-]{36}$/);
    const { stdout } = await execa('blkid', ['-p', '-o', 'value', '-s', 'UUID', sealed.file]);
    expect(stdout).toMatch(/^[0-9a-f-]{36}$/);
    expect(stdout).not.toBe(oldUuid);
    const check = await execa('e2fsck', ['-fn', sealed.file], { reject: false });
    expect(check.exitCode, check.stdout).toBe(0);
  });

  it(
    'makes two guests that share nothing, and reach each other',
    async () => {
      await Promise.all(
        clones.map(async (clone, index) => {
          const number = index + 2;
          const seed = await isoSeed(folder, `clone-${number}.iso`, {
            'meta-data': `instance-id: clone-${number}\nlocal-hostname: clone-${number}\n`,
            'network-config': network(`192.0.2.${number}`),
            'user-data': '',
          });
          await clone.powerOn({
            image,
            disks: [
              { disk: await overlayDisk(sealed, join(folder, `clone-${number}.qcow2`)) },
              { disk: seed, bus: 'optical' },
            ],
            interfaces: [
              {
                network: '192.0.2.0/24',
                hostAddress: '192.0.2.254',
                segment: SEGMENT,
                mac: `52:54:00:67:61:0${number}`,
              },
            ],
            uuid: `6f1d0a52-7c1e-4f0b-9d4e-00000000000${number}`,
          });
        }),
      );
      for (const [index, clone] of clones.entries()) {
        const ended = await clone.waitForBoot();
        expect(ended, (await clone.run('systemctl --failed; gandi-guest status')).stdout).toBe('running');
        expect(await clone.output('hostname')).toBe(`clone-${index + 2}`);
        expect(await clone.output('ip -4 -o address show eth0')).toContain(`192.0.2.${index + 2}/24`);
        // What the admin turned off stays so, and what is gone is gone.
        expect(await clone.output('systemctl is-enabled cron.service || true')).toBe('disabled');
        expect(await clone.output('find /root /home -name "*history*"')).toBe('');
        expect(await clone.output('cat /etc/machine-id')).not.toBe(oldId);
        expect(await clone.output('journalctl --list-boots --no-pager | grep -cE "^ *-?[0-9]+ "')).toBe('1');
        expect(await clone.output('grep ^ann: /etc/shadow | cut -d: -f2')).toBe('!');
      }
      const [one, other] = clones;
      expect(await one.output('ping -c 2 -W 5 192.0.2.3 > /dev/null && echo reached')).toBe('reached');
      for (const [what, command] of Object.entries(OWN)) {
        const said = await one.output(command);
        expect(said, what).not.toBe('');
        expect(await other.output(command), what).not.toBe(said);
      }
    },
    20 * minutes,
  );
});
