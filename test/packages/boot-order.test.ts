import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderDropIn, renderMountUnit } from '../../src/mount/mounts/disk-units.ts';
import { project } from './build.ts';
import { ScratchRoot } from './scratch-root.ts';

/** Lines of /etc/fstab beside that of the root file system. */
const TABLES: Record<string, string> = {
  'nothing else': '',
  '/home from a server (NFS)': 'nas:/home /home nfs defaults 0 0',
  '/home from a server, mounted on first access':
    'nas:/home /home nfs noauto,x-systemd.automount,x-systemd.mount-timeout=30 0 0',
  '/home over iSCSI': '/dev/disk/by-path/ip-10.0.0.1:3260-iscsi-x-lun-0 /home ext4 _netdev 0 2',
  '/home on LUKS':
    '/dev/mapper/home /home ext4 defaults,x-systemd.requires=systemd-cryptsetup@home.service 0 2',
  '/home on a disk that may be missing': 'LABEL=home /home ext4 nofail,x-systemd.device-timeout=5 0 2',
  'homes of single users': 'nas:/a /home/a nfs _netdev 0 0\nLABEL=b /home/b xfs nofail 0 2',
  '/home as a part of another file system':
    'LABEL=data /srv ext4 defaults 0 2\n/srv/home /home none bind 0 0',
  '/home as a part of one from a server':
    'nas:/data /srv nfs defaults 0 0\n/srv/home /home none bind,_netdev 0 0',
  '/root over the network': '/dev/sdc1 /root ext4 _netdev 0 2',
  '/boot over the network': '/dev/sdc1 /boot ext4 _netdev 0 2',
  '/boot with the firmware’s part':
    'LABEL=boot /boot ext4 defaults 0 2\nLABEL=EFI /boot/efi vfat umask=0077 0 1',
  '/usr of its own': 'LABEL=usr /usr ext4 ro 0 2',
  '/var of its own': 'LABEL=var /var ext4 defaults 0 2\nLABEL=log /var/log ext4 defaults 0 2',
  '/tmp of its own': 'LABEL=tmp /tmp ext4 defaults 0 2',
  'a disk root from a server': 'nas:/srv /srv nfs defaults 0 0',
  'a directory of a data disk elsewhere': '/srv/data/www /var/www none bind 0 0',
  'the same, with /var of its own':
    'LABEL=var /var ext4 defaults 0 2\n/srv/data/www /var/www none bind 0 0\n/srv/data/home /home none bind,nofail 0 0',
  'swap over iSCSI': '/dev/disk/by-path/ip-10.0.0.1:3260-iscsi-x-lun-1 none swap _netdev 0 0',
  'the state of the toolkit on a disk of its own': 'LABEL=state /var/lib/gandi ext4 defaults 0 2',
  '/var/log in memory': 'log /var/log tmpfs mode=755 0 0',
  'the same, with swap': 'LABEL=swap none swap sw 0 0\nlog /var/log tmpfs mode=755 0 0',
  '/var on first access': 'LABEL=var /var ext4 x-systemd.automount 0 2',
  '/home of a cluster': 'gl1:/vol /home glusterfs defaults,_netdev 0 0',
  '/home over SSH': 'user@nas:/home /home fuse.sshfs _netdev,allow_other 0 0',
  'an overlay with files from a server':
    'nas:/conf /srv/conf nfs defaults 0 0\noverlay /opt overlay lowerdir=/usr,upperdir=/srv/conf/u,workdir=/srv/conf/w,_netdev 0 0',
  'a data disk’s directory in a home from a server':
    'nas:/home /home nfs defaults 0 0\n/srv/data/www /home/www none bind,_netdev 0 0',
  'all at once':
    'LABEL=usr /usr ext4 ro 0 2\nLABEL=var /var ext4 defaults 0 2\nLABEL=tmp /tmp ext4 nofail 0 2\n' +
    'nas:/home /home nfs defaults 0 0\n/dev/sdc1 /root ext4 _netdev 0 2\n/dev/sdc2 /boot ext4 _netdev 0 2',
};

/**
 * What the generator makes of the table goes where units are looked for: the check has generators' directories of its own.
 * In a container the generator of Debian 13 leaves swap out.
 */
const PREPARE = `
rm -rf /run/systemd; mkdir -p /run/systemd/system/swap.target.requires; cd /run/systemd/system
printf '%s\\n' 'LABEL=root / ext4 defaults 0 1' "$TABLE" > fstab
SYSTEMD_FSTAB=$PWD/fstab /usr/lib/systemd/system-generators/systemd-fstab-generator "$PWD" "$PWD" "$PWD"
printf '[Unit]\\n[Swap]\\nWhat=/dev/disk/by-partlabel/gandiswap\\n' > 'dev-disk-by\\x2dpartlabel-gandiswap.swap'
ln -s '../dev-disk-by\\x2dpartlabel-gandiswap.swap' swap.target.requires/
`;

const CHECK = 'SYSTEMD_LOG_TARGET=console systemd-analyze verify --man=no multi-user.target 2>&1 || :';

describe.each(['bookworm', 'trixie'] as const)('the order of a boot on Debian %s', (suite) => {
  let root: ScratchRoot;

  beforeAll(async () => {
    root = await ScratchRoot.create(suite);
    await root.outside('mkdir -p "$ROOT/usr/lib/gandi" && cp -r "$UNITS" "$ROOT/units"', {
      UNITS: join(project, 'units'),
    });
    await root.run(`cp -r /units/* /usr/lib/systemd/system/
      for name in lib/gandi/gandi-steady lib/gandi/gandi-mount-needed lib/gandi/gandi-await-unmount \\
        sbin/gandi-bootstrap sbin/gandi-mount sbin/gandi-config sbin/gandi-postboot; do cp /bin/true /usr/$name; done
      sed -n 's/^enable //p' /units/*.preset | xargs systemctl enable
      systemctl enable autofs.service`);
    // A data disk that was mounted before, and a service that needs it.
    const disk = { uuid: '11111111-2222-4333-8444-555555555555', mountPoint: '/srv/data' };
    const units = {
      'srv-data.mount': renderMountUnit(disk),
      'gandi-attach@srv-data.service.d/disk.conf': renderDropIn(disk),
      'needs-data.service': `[Unit]\nRequiresMountsFor=/srv/data\n[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n`,
    };
    for (const [name, text] of Object.entries(units)) {
      const encoded = Buffer.from(text).toString('base64');
      const place = `/etc/systemd/system/${name}`;
      await root.run(`mkdir -p "$(dirname ${place})"; echo ${encoded} | base64 -d > ${place}`);
    }
    await root.run('systemctl enable needs-data.service');
  });

  afterAll(async () => {
    await root.remove();
  });

  const verify = async (table: string) => await root.run(`TABLE='${table}'\n${PREPARE}\n${CHECK}`);
  const cycles = (text: string) =>
    text.split('\n').filter((line) => /ordering cycle|deleted to break/.test(line));

  it.each(Object.entries(TABLES))('has no cycle with %s', async (_, table) => {
    expect(cycles(await verify(table))).toEqual([]);
  });

  it('would be seen to have one', async () => {
    const drop = '/etc/systemd/system/gandi-bootstrap.service.d';
    await root.run(`mkdir ${drop}; printf '[Unit]\\nAfter=home.mount\\n' > ${drop}/cycle.conf`);
    try {
      expect(cycles(await verify('nas:/home /home nfs defaults 0 0'))).not.toEqual([]);
    } finally {
      await root.run(`rm -r ${drop}`);
    }
  });

  it('has no unit that systemd complains about', async () => {
    const complaints = (await verify('')).split('\n').filter((line) => line.includes('gandi'));
    expect(complaints).toEqual([]);
  });
});
