import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { type KnownDisk, knownDisk, listedDisk, untilIdle, untilMounted } from './data-disks.ts';
import type { Attached } from './hot-plug.ts';
import type { GuestDisk } from './machine.ts';
import { toolkitImage } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

const minutes = 60_000;

/** Longer than a boot takes. */
const CHECK_SECONDS = 150;

/** An e2fsck(8) that is found before the real one and takes its time for disks whose labels begin with `slow`. */
const SLOW_CHECK = `#!/bin/sh
for last; do :; done
for label in /dev/disk/by-label/slow*; do
  [ "$(readlink -f "$label")" != "$last" ] || sleep ${CHECK_SECONDS}
done
exec /sbin/e2fsck "$@"
`;

const SEEN = '/run/seen-by-hook';

/** Notes whether the disk is mounted when it begins, and still so when it ends. */
const SLOW_HOOK = `#!/bin/sh
echo "$2 $(findmnt -rno FSTYPE "$2")" >> ${SEEN}
sleep 5
echo "$2 $(findmnt -rno FSTYPE "$2")" >> ${SEEN}
`;

const service = (mountPoint: string) => `[Unit]
RequiresMountsFor=${mountPoint}
[Service]
ExecStart=/bin/sh -c 'mkdir -p ${mountPoint} && date > ${mountPoint}/by-service; exec sleep infinity'
[Install]
WantedBy=multi-user.target
`;

describe('data disks that somebody waits for', () => {
  const disks = new Map<string, KnownDisk>();
  const LABELS = ['slow', 'slow-2', 'data', 'away', 'late', 'more'];
  const attached = (...labels: string[]): GuestDisk[] =>
    labels.map((label) => {
      const disk = disks.get(label);
      if (disk === undefined) throw new Error(`no disk ${label}`);
      return { disk, scsiId: 10 + LABELS.indexOf(label) };
    });
  const { guest, powerOn } = useGuest('waited-for', {
    image: () => toolkitImage({ files: { '/etc/default/gandi': 'CONFIG_DISK_UNITS=1\n' } }),
    root: { scsiId: 100 },
    machine: async (folder) => {
      for (const label of LABELS) disks.set(label, await knownDisk(folder, label, { mebibytes: 16, label }));
      return { disks: attached('slow', 'slow-2', 'data', 'away') };
    },
  });
  const isActive = async (unit: string) => (await guest.run(`systemctl is-active ${unit}`)).stdout.trim();

  /** As after a power cut. */
  const cutOff = (label: string) =>
    execa('debugfs', ['-w', '-R', 'set_super_value state 0', String(disks.get(label)?.file)]);

  beforeAll(async () => {
    for (const label of ['slow', 'slow-2', 'data', 'away']) await untilMounted(guest, `/srv/${label}`);
    await untilIdle(guest);
  });

  it('are known to systemd by a mount unit each, which binds nobody and mounts nothing by itself', async () => {
    const show = (properties: string) =>
      guest.output(`systemctl show --property=${properties} --value srv-data.mount`);
    expect(await show('FragmentPath')).toBe('/etc/systemd/system/srv-data.mount');
    expect(await show('ActiveState')).toBe('active');
    expect(await show('NeedDaemonReload')).toBe('no');
    const node = await guest.output('findmnt -rno SOURCE /srv/data');
    expect(await show('Requires')).toContain(`dev-${node.slice('/dev/'.length)}.device`);
    expect(await guest.output('systemctl show --property=Requires,Wants local-fs.target')).not.toContain(
      'srv-',
    );
    expect(await guest.output('systemd-analyze verify srv-data.mount 2>&1 || true')).not.toMatch(
      // There are no manual pages in it.
      /^(?!.*man gandi-mount).*(gandi|srv-)/m,
    );
    // It is left alone neither by us nor at the next look.
    expect(await listedDisk(guest, 'data')).toMatchObject({ state: 'mounted' });
    await guest.output('gandi-mount rescan');
    expect(await listedDisk(guest, 'data')).toMatchObject({ state: 'mounted' });
  });

  it('are remounted by a start of their units, and not when they were ejected', async () => {
    await guest.output('systemctl stop srv-data.mount && systemctl start srv-data.mount');
    expect(await guest.output('findmnt -rno FSTYPE /srv/data')).toBe('ext4');
    expect(await guest.output('gandi-mount eject data')).toContain('it can be detached');
    expect((await guest.run('systemctl start srv-data.mount')).exitCode).not.toBe(0);
    expect((await guest.run('findmnt -rn /srv/data')).exitCode).toBe(1);
    await guest.output('systemctl reset-failed; gandi-mount attach $(readlink -f /dev/disk/by-label/data)');
    expect(await isActive('srv-data.mount')).toBe('active');
  });

  it('stay mounted, where the host takes two of them, until the hook has run for each', async () => {
    const taken: Attached[] = [];
    for (const label of ['late', 'more']) {
      taken.push(await guest.attachDisk({ disk: disks.get(label) as KnownDisk, scsiId: 30 + taken.length }));
      await untilMounted(guest, `/srv/${label}`);
    }
    await untilIdle(guest);
    expect(await isActive('gandi-detach@srv-late.service')).toBe('active');
    const hook = '/etc/gandi/hooks/pre-disk-detach';
    await guest.output(`mkdir -p /etc/gandi/hooks; cat > ${hook} && chmod 755 ${hook}`, { input: SLOW_HOOK });
    await guest.output(
      'systemd-run --unit kept --property RequiresMountsFor=/srv/late sh -c "exec sleep 1000 3> /srv/late/file"',
    );
    for (const one of taken) await guest.detach(one);
    for (const label of ['late', 'more'])
      await guest.waitFor(`! findmnt -rn /srv/${label} && ! test -e /srv/${label}`, 60);
    expect(await guest.output(`cat ${SEEN}`)).toBe(
      '/srv/late ext4\n/srv/late ext4\n/srv/more ext4\n/srv/more ext4',
    );
    expect(await isActive('kept.service')).not.toBe('active');
    await untilIdle(guest);
    expect(await guest.output('systemctl list-units --plain --no-legend gandi-detach@*')).not.toMatch(
      /late|more/,
    );
    await guest.output(`rm ${hook}; systemctl reset-failed`);
  });

  let late: Attached | undefined;

  describe('when the guest boots, and two of them were not unmounted in order and one is away', () => {
    beforeAll(async () => {
      await guest.output('mkdir -p /srv/data/www /var/www && echo right > /srv/data/www/page');
      await guest.output("echo '/srv/data/www /var/www none bind' >> /etc/fstab");
      await guest.output('cat > /usr/local/sbin/e2fsck && chmod 755 /usr/local/sbin/e2fsck', {
        input: SLOW_CHECK,
      });
      for (const label of ['slow', 'away']) {
        await guest.output(`cat > /etc/systemd/system/needs-${label}.service`, {
          input: service(`/srv/${label}`),
        });
      }
      await guest.output('systemctl daemon-reload && systemctl enable needs-slow needs-away && sync');
      await guest.powerOff();
      for (const label of ['slow', 'slow-2']) await cutOff(label);
      await powerOn(attached('slow', 'slow-2', 'data'));
    }, 10 * minutes);

    it('lets people log in, and mounts the others, while it checks them', async () => {
      await guest.waitFor(
        'systemctl is-active systemd-user-sessions.service && systemctl is-active serial-getty@ttyS0.service',
        120,
      );
      expect(await guest.output('findmnt -rno TARGET /srv/data')).toBe('/srv/data');
      expect(await guest.output('cat /var/www/page')).toBe('right');
      late = await guest.attachDisk({ disk: disks.get('late') as KnownDisk, scsiId: 30 });
      await untilMounted(guest, '/srv/late');
      for (const label of ['slow', 'slow-2']) {
        await guest.waitFor(`gandi-mount list | grep -P "\\tchecking\\t.*\\t${label}\\t"`, 60);
        expect(await listedDisk(guest, label)).toMatchObject({
          state: 'checking',
          progress: { doing: 'check', seconds: expect.any(Number) },
        });
      }
      expect((await guest.run('findmnt -rn /srv/slow')).exitCode).toBe(1);
      expect(await isActive('needs-slow.service')).toBe('inactive');
    });

    it('says at once what an eject waits for, and has the disk stay unmounted', async () => {
      await guest.output('(gandi-mount eject slow-2 > /run/ejected 2> /run/waits &) < /dev/null');
      await guest.waitFor(
        'grep -E "check of /dev/sd. \\(slow-2\\) is under way, since [0-9]+ s; waiting" /run/waits',
        30,
      );
      expect(await guest.output('cat /run/ejected')).toBe('');
      await guest.waitFor('grep "is not mounted: it can be detached" /run/ejected', CHECK_SECONDS + 60);
      expect((await guest.run('findmnt -rn /srv/slow-2')).exitCode).toBe(1);
    });

    it('starts what needs one once that is mounted, and does not what needs the one that is away', async () => {
      await guest.waitFor('systemctl is-active needs-slow.service', CHECK_SECONDS + 60);
      expect(await guest.output('findmnt -rno SOURCE -T /srv/slow/by-service')).toMatch(/^\/dev\/sd/);
      await guest.waitFor('journalctl -b -u needs-away.service | grep -i "dependency failed"', 180);
      expect(await guest.output('ls /srv/away')).toBe('');
      expect(await guest.output('journalctl -b -o cat _PID=1 | grep -c "ordering cycle" || true')).toBe('0');
    });

    it('stops what needs a disk that is ejected or goes, and starts what needs one that came', async () => {
      expect(await guest.output('gandi-mount eject slow')).toContain('it can be detached');
      await guest.waitFor('! systemctl is-active needs-slow.service', 60);
      await guest.output('systemd-run --unit idle --property RequiresMountsFor=/srv/late sleep infinity');
      if (late === undefined) throw new Error('no disk was attached');
      await guest.detach(late);
      await guest.waitFor('! systemctl is-active idle.service', 60);
      await untilIdle(guest);
      await guest.output('systemctl add-wants srv-away.mount needs-away.service');
      await guest.output('cat > /usr/local/sbin/mount && chmod 755 /usr/local/sbin/mount', {
        input: '#!/bin/sh\ntouch /run/mounting; sleep 10; exec /bin/mount "$@"\n',
      });
      await guest.attachDisk({ disk: disks.get('away') as KnownDisk, scsiId: 31 });
      await guest.waitFor('test -e /run/mounting', 60);
      // Whoever comes meanwhile is told what he waits for.
      const { stderr } = await guest.run('gandi-mount eject nothing');
      expect(stderr).toMatch(
        /another gandi-mount \(process \d+\) works on the disks, mounting of \/dev\/sd[a-z]+ \(away\) is under way, since \d+ s; waiting/,
      );
      await untilMounted(guest, '/srv/away');
      await guest.waitFor('test -e /srv/away/by-service');
      expect(await guest.output('findmnt -rno SOURCE -T /srv/away/by-service')).toMatch(/^\/dev\/sd/);
    });
  });
});
