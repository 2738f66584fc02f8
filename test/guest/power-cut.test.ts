import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyDisk, type DiskFile, exportDisk, mebibyte, overlayDisk } from './disk.ts';
import { Guest } from './guest.ts';
import type { GuestFile, Image } from './image.ts';
import { makeKeyPair } from './ssh.ts';
import { hostConfig, hostNetworks, passwordHash, seedDisk, toolkitImage } from './toolkit.ts';

const minutes = 60_000;
const RELEASE = '6.12.0-gandi';

/** Stands before a tool in the search path, and stops for good where the kernel command line says so. */
const STOPPING_TOOL = `#!/bin/sh
tool=\${0##*/}
case " $(cat /proc/cmdline) " in
  *" stop=before-$tool "*) echo "stopped before-$tool" > /dev/console; while :; do sleep 60; done ;;
esac
PATH=/usr/sbin:/usr/bin exec "$tool" "$@"
`;

const STOPPING_TOOLS: Record<string, GuestFile> = Object.fromEntries(
  ['swapon', 'depmod', 'resize2fs'].map((tool) => [
    `/usr/local/sbin/${tool}`,
    { text: STOPPING_TOOL, mode: 0o755 },
  ]),
);

/** Where the power is cut: what the kernel is told, and what then stands on the console. */
const CUTS = [
  // The swap area is made, the archive is erased, nothing is recorded; the large file of the modules is being written.
  { stop: 'before-depmod', shown: 'gandi-bootstrap: 01-config_swap: ' },
  // Once more before the swap area is used.
  { stop: 'before-swapon', shown: 'stopped before-swapon' },
  // The accounts are written; what follows them may be cut anywhere.
  { stop: 'before-resize2fs', shown: 'gandi-bootstrap: users: ' },
  // All but the root file system is done, and recorded as done.
  { stop: 'before-resize2fs', shown: 'stopped before-resize2fs' },
];

/** Made anew in each guest, or copies that the account tools keep of what was before. */
const OWN_TO_GUEST =
  "grep -Ev '^/etc/(machine-id|adjtime|ssh/ssh_host.*|(passwd|shadow|group|gshadow|subuid|subgid)-?)( |$)'";

/** All that bootstrap leaves, without times, ids and device names. */
const STATE = [
  `find /etc /gandi /home /root /boot /lib/modules/${RELEASE} /var/lib/gandi/backup -xdev -printf '%p %y %m %u:%g %l\\n' | sort | ${OWN_TO_GUEST}`,
  `find /etc /gandi /home /root /lib/modules/${RELEASE} /var/lib/gandi/backup -xdev -type f | sort | ${OWN_TO_GUEST} | xargs sha256sum`,
  'cat /etc/passwd /etc/group /etc/gshadow /etc/subuid /etc/subgid',
  // What is recorded counts, not the order in which parts came to be done.
  'tr -d , < /var/lib/gandi/applied/gandi-bootstrap.json | sort',
  'cut -d: -f1,2,4- /etc/shadow',
  'ls -A /lib/modules',
  'hostname; sysctl -n vm.swappiness net.ipv4.conf.all.arp_announce',
  'ip -o address show | grep -o "inet .*"; ip -4 route show default; cat /etc/resolv.conf',
  'blkid -p -s LABEL -o value $(swapon --show=NAME --noheadings)',
  'for at in 1032 1536; do od -A n -t u4 -j $at -N 4 $(swapon --show=NAME --noheadings); done',
  'stat -f -c %b /',
].join('\n');

describe('a guest whose power is cut in its first boot', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gandi-guest-power-'));
  const guests: Guest[] = [];
  let image: Image;
  let seed: DiskFile;

  beforeAll(async () => {
    const { publicKey } = await makeKeyPair(join(folder, 'key'));
    // What gandi-config does differs from guest to guest by design, such as the times of cron's jobs. An empty unit file
    // masks the unit (systemd.unit(5)).
    const masked = { '/etc/systemd/system/gandi-config.service': '' };
    image = await toolkitImage({ files: { ...STOPPING_TOOLS, ...masked } });
    const modules = await largeModulesArchive(folder);
    const script = '#!/bin/sh\ntrue\n';
    seed = await seedDisk(folder, 'seed.img', { config: hostConfig(publicKey), script, modules });
  }, 20 * minutes);

  afterAll(async () => {
    await Promise.all(guests.map((guest) => guest.powerCut()));
    rmSync(folder, { recursive: true });
  });

  async function boot(name: string, root: DiskFile, disk: DiskFile, stop: string): Promise<Guest> {
    const guest = await Guest.boot({
      name,
      image,
      disks: [{ disk: root }, { disk }],
      interfaces: hostNetworks,
      kernelArguments: [`stop=${stop}`],
    });
    guests.push(guest);
    return guest;
  }

  async function stateAfterBoot(guest: Guest): Promise<string> {
    const ended = await guest.waitForBoot();
    const status = await guest.run('gandi-guest status; systemctl --failed --plain');
    expect(ended, status.stdout).toBe('running');
    const state = await guest.output(STATE);
    await guest.powerCut();
    return state;
  }

  it(
    'ends in the state of a guest that was left in peace',
    async () => {
      const [peaceful, cut] = await Promise.all(
        ['peaceful', 'cut'].map(async (name) => ({
          root: await overlayDisk(image, join(folder, `${name}.qcow2`), 2048),
          disk: await copyDisk(seed, join(folder, `${name}.img`)),
        })),
      );
      if (peaceful === undefined || cut === undefined) throw new Error('two pairs of disks were to be made');
      const reference = await boot('peaceful', peaceful.root, peaceful.disk, 'nowhere');
      const wanted = await stateAfterBoot(reference);
      expect(wanted).toContain('/home/admin1/.bashrc');

      for (const { stop, shown } of CUTS) {
        const guest = await boot(stop, cut.root, cut.disk, stop);
        await guest.waitFor(async () => guest.console().includes(shown), 120);
        await guest.powerCut();
        expect(guest.console()).not.toContain('03-resize_main_disk: ');
      }
      const last = await boot('last', cut.root, cut.disk, 'nowhere');
      expect((await stateAfterBoot(last)).split('\n')).toEqual(wanted.split('\n'));

      const disk = readFileSync(await exportDisk(cut.disk, join(folder, 'after.img')));
      for (const secret of [passwordHash, 'vm_hostname', 'gandi/config', 'ustar']) {
        expect(disk.includes(secret), secret).toBe(false);
      }
    },
    15 * minutes,
  );
});

/** A modules archive that takes a while to unpack. */
async function largeModulesArchive(folder: string): Promise<string> {
  const tree = join(folder, 'modules');
  const release = join(tree, 'lib/modules', RELEASE);
  await mkdir(release, { recursive: true });
  await writeFile(join(release, 'modules.order'), '');
  await writeFile(join(release, 'modules.builtin'), '');
  await writeFile(join(release, 'large'), '');
  await truncate(join(release, 'large'), 128 * mebibyte);
  const archive = join(folder, `${RELEASE}-modules.tar.gz`);
  await execa('tar', ['-C', tree, '-czf', archive, 'lib']);
  rmSync(tree, { recursive: true });
  return archive;
}
