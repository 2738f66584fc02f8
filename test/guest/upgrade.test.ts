import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { quickPackage } from '../packages/build.ts';
import { ScratchRoot } from '../packages/scratch-root.ts';
import { OLD_PATHS, OLD_TRACES, oldDebianPackage } from '../packages/version-2.ts';
import { errorsInJournal, knownDisk } from './data-disks.ts';
import { blankDisk, type DiskFile } from './disk.ts';
import { type Image, rootImage } from './image.ts';
import { rootFileSystem } from './rootfs.ts';
import { makeKeyPair } from './ssh.ts';
import { hostConfig, hostNetworks, seedDisk } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

const minutes = 60_000;

/** What the guest's admin had made of version 2: settings, a plugin, a hook, and a step that is turned off. */
const ADMIN = `cd /etc/gandi
  sed -i 's/^CONFIG_TIMEZONE=1/CONFIG_TIMEZONE=0/' /etc/default/gandi
  printf '. /etc/gandi/plugins-lib\\necho plugin >> /var/log/mine\\n' > plugins.d/50-mine
  printf 'echo hook >> /var/log/mine\\n' > hooks/post-vm-config
  chmod 750 plugins.d/50-mine hooks/post-vm-config
  chmod a-x plugins.d/13-config_motd`;

/** A Debian 12 with version 2 as its admin has it. Nothing of it is booted to be made. */
async function imageWithVersion2(folder: string): Promise<Image> {
  const root = await ScratchRoot.create();
  try {
    await root.install(await oldDebianPackage(folder));
    await root.run(ADMIN);
    const tree = join(folder, 'with-version-2');
    await root.exportChanges(tree);
    return await rootImage({ rootfs: await rootFileSystem(), overlays: [tree] });
  } finally {
    await root.remove();
  }
}

/** A disk, labelled `packages`, with our package on it. */
async function packageDisk(folder: string): Promise<DiskFile> {
  const tree = join(folder, 'packages');
  await mkdir(tree);
  await quickPackage('deb', tree);
  const disk = await blankDisk(join(folder, 'packages.img'), 256);
  await execa('mkfs.ext4', ['-q', '-L', 'packages', '-d', tree, disk.file]);
  return disk;
}

/** Whether a disk's own file system is mounted at a path, which is not accessed by that. */
const isMounted = (path: string) => `findmnt -rno TARGET -t ext4 | grep -qx ${path}`;

describe('a guest with version 2.43 that runs, its data disks mounted by autofs', () => {
  const { guest, folder, powerOn } = useGuest('upgrade', {
    image: imageWithVersion2,
    root: { scsiId: 100 },
    machine: async (folder) => ({
      disks: [{ disk: await packageDisk(folder), vendor: 'QEMU' }],
      interfaces: hostNetworks,
    }),
  });
  let data: DiskFile;
  let later: DiskFile;

  beforeAll(async () => {
    data = await knownDisk(folder, 'data', { mebibytes: 32, label: 'data' });
    later = await knownDisk(folder, 'later', { mebibytes: 32, label: 'later' });
    expect((await guest.output(`sort -u ${OLD_TRACES}`)).split('\n')).toEqual(
      expect.arrayContaining(['bootstrap', 'config', 'mount', 'postboot']),
    );
    await guest.attachDisk({ disk: data });
    await guest.waitFor('ls -d /srv/data/lost+found', 60);
    await guest.output('(setsid sh -c "exec sleep 10000 > /srv/data/in-use" > /dev/null 2>&1 &)');
  }, 5 * minutes);

  it('is upgraded while it runs, and a disk that is in use stays so', async () => {
    const said = await guest.output('mount LABEL=packages /mnt && dpkg --install /mnt/*.deb 2>&1', {
      seconds: 300,
    });
    expect(said).toContain('data disks stay with autofs until the next boot');
    await guest.output(isMounted('/srv/data'));
    expect(await guest.output('readlink /proc/$(pgrep -x sleep)/fd/1')).toBe('/srv/data/in-use');
    expect(await guest.output('systemctl --failed --no-legend')).toBe('');
  });

  it('reaches disks that are attached before its next boot, where version 2 had them', async () => {
    await guest.attachDisk({ disk: later });
    await guest.waitFor('ls -d /srv/later/lost+found', 60);
    await guest.output(isMounted('/srv/later'));
    // As an upgrade of autofs would have it.
    await guest.output('systemctl reload autofs && findmnt -rn -t autofs /srv');
    expect((await guest.run('ls -d /srv/nothing')).exitCode).not.toBe(0);
    expect(await guest.output('systemctl --failed --no-legend')).toBe('');
    expect(await errorsInJournal(guest)).toBe('');
  });

  it(
    'is the new tools’ from its next boot on',
    async () => {
      await guest.output(`rm ${OLD_TRACES}`);
      await guest.powerOff();
      const { publicKey } = await makeKeyPair(join(folder, 'key'));
      const seed = { disk: await seedDisk(folder, 'seed.img', { config: hostConfig(publicKey) }) };
      await powerOn([{ disk: data }, { disk: later }, seed]);
      const state = await guest.waitForBoot();
      const status = (await guest.run('gandi-guest status --wait')).stdout;
      expect(state, status).toBe('running');
      expect(status).toMatch(/^configured\n/);
      expect(await guest.output('hostname')).toBe('web1');
    },
    5 * minutes,
  );

  it('runs nothing of version 2 any more', async () => {
    expect((await guest.run(`cat ${OLD_TRACES}`)).exitCode).not.toBe(0);
    // The plugin reads the one, and the name of the other turns a step off.
    const stay = ['/etc/gandi/plugins-lib', '/etc/gandi/plugins.d/13-config_motd'];
    // gandi-mount has commented the entry out.
    const paths = OLD_PATHS.filter((path) => !path.startsWith('/etc/auto.master.d'));
    const { stdout } = await guest.run(`ls -d ${paths.join(' ')} 2> /dev/null`);
    expect(stdout.trim().split('\n')).toEqual(stay);
  });

  it('runs the admin’s plugin and hook, and the hooks that came with version 2', async () => {
    expect(await guest.output('cat /var/log/mine')).toBe('plugin\nhook');
    expect(await guest.output('grep CONFIG_TIMEZONE /etc/default/gandi')).toBe('CONFIG_TIMEZONE=0');
    expect((await guest.run('gandi-guest doctor')).stdout).not.toMatch(/hook|plugin/);
  });

  it('mounts the data disks itself', async () => {
    for (const path of ['/srv/data', '/srv/later']) await guest.output(isMounted(path));
    expect((await guest.run('findmnt -rn -t autofs /srv')).exitCode).toBe(1);
    expect(await guest.output('grep -v "^#" /etc/auto.master.d/gandi.autofs || true')).toBe('');
    expect(await errorsInJournal(guest)).toBe('');
  });
});
