import { beforeAll, describe, expect, it } from 'vitest';
import {
  errorsInJournal,
  HOOK_LOG,
  hookCalls,
  type KnownDisk,
  knownDisk,
  listedDisk,
  recordHooks,
  untilIdle,
  untilMounted,
} from './data-disks.ts';
import type { Attached } from './hot-plug.ts';
import { useGuest } from './use-guest.ts';

const minutes = 60_000;

/** A mount(8) that is found before the real one and takes its time, before or after the work. */
const slowMount = (steps: string) => `#!/bin/sh\n${steps}\n`;

describe('data disks when something goes wrong', () => {
  const { guest, folder, powerOn } = useGuest('faults', { root: { scsiId: 100 } });

  const attach = async (label: string) =>
    guest.attachDisk({ disk: await knownDisk(folder, label, { mebibytes: 16, label }) });
  const hooksOf = async (path: string) =>
    (await hookCalls(guest)).filter((call) => call.includes(` ${path}`)).map((call) => call.split(' ')[0]);
  const journal = () => guest.output('journalctl -b -o cat -u gandi-disks.service');

  beforeAll(async () => {
    await recordHooks(guest);
  });

  it.each([
    ['before it is mounted', 'touch /run/mounting; sleep 3; exec /bin/mount "$@"', []],
    [
      'as soon as it is mounted',
      '/bin/mount "$@"; status=$?; touch /run/mounting; sleep 3; exit $status',
      ['post-disk-attach', 'pre-disk-detach'],
    ],
  ])('gets over a disk that goes away %s', async (_, steps, hooks) => {
    await guest.output('cat > /usr/local/sbin/mount && chmod 755 /usr/local/sbin/mount', {
      input: slowMount(steps),
    });
    const attached = await attach('fleeting');
    await guest.waitFor('test -e /run/mounting', 60);
    await guest.detach(attached);
    await guest.output('rm /usr/local/sbin/mount');
    await untilIdle(guest);
    await guest.waitFor('! findmnt -rn /srv/fleeting && ! test -e /srv/fleeting', 60);
    expect(await listedDisk(guest, 'fleeting')).toMatchObject({ present: false, state: 'gone' });
    expect(await hooksOf('/srv/fleeting')).toEqual(hooks);
    const next = await attach('next');
    await untilMounted(guest, '/srv/next');
    await guest.detach(next);
    await guest.waitFor('! test -e /srv/next', 60);
    await untilIdle(guest);
    await guest.output(`rm -f /run/mounting ${HOOK_LOG}; systemctl reset-failed`);
  });

  it('serves a disk once, whatever runs at the same time and whatever udev says again', async () => {
    const attached = await attach('once');
    const runs = await guest.output('for run in 1 2 3; do gandi-mount rescan & done; wait; wait; echo done');
    expect(runs).toBe('done');
    await untilMounted(guest, '/srv/once');
    await untilIdle(guest);
    const unitRuns = async () => (await journal()).match(/^Started gandi-disks/gm)?.length;
    const before = await unitRuns();
    expect(before).toBeGreaterThan(0);
    await guest.output(
      'for each in 1 2; do udevadm trigger --action=change --settle /sys/class/block/sd*; done',
    );
    await untilIdle(guest);
    // A change that is none, such as udev tells after each resize2fs, takes no process.
    expect(await unitRuns()).toBe(before);
    await guest.output('udevadm trigger --action=add --settle /sys/class/block/sd*');
    await untilIdle(guest);
    expect(await hooksOf('/srv/once')).toEqual(['post-disk-attach']);
    expect((await journal()).match(/is mounted at \/srv\/once/g)?.length ?? 0).toBeLessThanOrEqual(1);
    await guest.detach(attached);
    await guest.waitFor('! test -e /srv/once', 60);
    await untilIdle(guest);
    expect(await hooksOf('/srv/once')).toEqual(['post-disk-attach', 'pre-disk-detach']);
  });

  it('serves a disk that comes when a run has looked for the last time', async () => {
    const unit = '/run/systemd/system/gandi-disks.service.d';
    await guest.output(`mkdir -p ${unit} && cat > ${unit}/slow.conf && systemctl daemon-reload`, {
      input: '[Service]\nExecStopPost=/bin/sh -c "touch /run/ending; sleep 8"\n',
    });
    const first = await attach('first');
    await guest.waitFor('test -e /run/ending', 60);
    await guest.output(`rm -r ${unit} && systemctl daemon-reload`);
    const last = await attach('last');
    await untilMounted(guest, '/srv/last');
    await guest.detach(first);
    await guest.detach(last);
    await guest.waitFor('[ -z "$(ls /srv)" ]', 60);
    await untilIdle(guest);
    await guest.output('rm /run/ending');
  });

  it('takes up what a run that was killed left', async () => {
    await guest.output('cat > /usr/local/sbin/mount && chmod 755 /usr/local/sbin/mount', {
      input: slowMount('/bin/mount "$@"; touch /run/mounting; sleep 600'),
    });
    const attached = await attach('killed');
    await guest.waitFor('test -e /run/mounting', 60);
    await guest.output(
      'systemctl kill --signal=KILL gandi-disks.service; rm /usr/local/sbin/mount /run/mounting',
    );
    await untilIdle(guest);
    await guest.detach(attached);
    await guest.waitFor('! findmnt -rn /srv/killed && ! test -e /srv/killed', 60);
    expect(await hooksOf('/srv/killed')).toEqual(['pre-disk-detach']);
    await guest.output('systemctl reset-failed');
  });

  it('goes on with the disks that the boot did not wait for', async () => {
    const attached = await attach('late');
    await untilMounted(guest, '/srv/late');
    await untilIdle(guest);
    // As a boot finds it, with a disk that takes longer than its limit.
    const unit = '/run/systemd/system/gandi-mount.service.d';
    await guest.output(`umount /srv/late && rm /run/gandi/disks.json && mkdir -p ${unit}`);
    await guest.output(`cat > ${unit}/limit.conf && systemctl daemon-reload`, {
      input: '[Service]\nTimeoutStartSec=20s\n',
    });
    await guest.output('cat > /usr/local/sbin/mount && chmod 755 /usr/local/sbin/mount', {
      input: slowMount('rm /usr/local/sbin/mount; sleep 600'),
    });
    await guest.run('systemctl restart gandi-mount.service', { seconds: 90 });
    expect(await guest.output('systemctl show -P Result gandi-mount.service')).toBe('timeout');
    await untilMounted(guest, '/srv/late');
    await untilIdle(guest);
    expect(await guest.output('systemctl show -P Result gandi-disks.service')).toBe('success');
    await guest.output(`rm -r ${unit} && systemctl daemon-reload && systemctl reset-failed`);
    await guest.detach(attached);
    await guest.waitFor('! test -e /srv/late', 60);
    await untilIdle(guest);
  });

  it('mounts while the root file system is full, and says what it could not note', async () => {
    await guest.output(
      'mkdir -p /srv/full; fallocate -l "$(df --output=avail -B1 / | tail -1)" /fill; dd if=/dev/zero of=/fill2 bs=4k 2>/dev/null; true',
    );
    const attached = await attach('full');
    await untilMounted(guest, '/srv/full');
    await untilIdle(guest);
    expect(await journal()).toMatch(/could not note .*disks\.json: no space left on device/);
    const second = await attach('second');
    await guest.waitFor('gandi-mount list | grep "^/dev.*failed.*no space left on device"', 60);
    await guest.output('rm /fill /fill2');
    await guest.output('gandi-mount rescan');
    await untilMounted(guest, '/srv/second');
    expect(await guest.output('cat /var/lib/gandi/disks.json')).toContain('"full"');
    await guest.detach(attached);
    await guest.detach(second);
    await guest.waitFor('! test -e /srv/full && ! test -e /srv/second', 60);
    await guest.output('systemctl reset-failed');
  });

  it('refuses with one line while the root file system is read-only', async () => {
    // As the kernel does after an error: whoever writes is not asked.
    await guest.output('echo u > /proc/sysrq-trigger');
    await guest.waitFor('findmnt -rno OPTIONS / | grep -q "^ro"');
    const attached = await attach('readonly');
    await guest.waitFor('gandi-mount list | grep "^/dev.*failed"', 60);
    await untilIdle(guest);
    expect(await journal()).toMatch(/is not mounted: read-only file system/);
    await guest.output('mount -o remount,rw / && gandi-mount rescan');
    await untilMounted(guest, '/srv/readonly');
    await guest.detach(attached);
    await guest.waitFor('! test -e /srv/readonly', 60);
    await guest.output('systemctl reset-failed');
  });

  it('waits for who uses a disk, or ends them, if it is told so', async () => {
    const attached = await attach('held');
    await untilMounted(guest, '/srv/held');
    await untilIdle(guest);
    await guest.output('(setsid sh -c "cd /srv/held; sleep 6" > /dev/null 2>&1 &)');
    const refused = await guest.run('gandi-mount eject held --wait 1');
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('in use by process') });
    expect(await guest.output('gandi-mount eject held --wait 60')).toContain('it can be detached');
    await guest.output('gandi-mount attach "$(readlink -f /dev/disk/by-label/held)"');
    await untilMounted(guest, '/srv/held');
    await guest.output(
      '(setsid sh -c "trap : TERM; cd /srv/held; while :; do sleep 1; done" > /dev/null 2>&1 &)',
    );
    await guest.waitFor('ls -l /proc/*/cwd 2> /dev/null | grep -q /srv/held');
    const forced = await guest.run('gandi-mount eject held --force');
    expect(forced).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('it can be detached') });
    expect(forced.stderr).toMatch(/ending process \d+ \((sh|sleep)\)/);
    await guest.detach(attached);
    await untilIdle(guest);
  });

  it('tells logged-in users if CONFIG_DISK_NOTIFY asks for it', async () => {
    await guest.output("sed -i 's/^#*CONFIG_DISK_NOTIFY=.*/CONFIG_DISK_NOTIFY=1/' /etc/default/gandi");
    await guest.output(
      'systemd-run --quiet --unit terminal sh -c \'sleep 600 | script -qfc "login -f root" /run/terminal\'',
    );
    await guest.waitFor('who | grep -q root', 30);
    const attached = await attach('told');
    await untilMounted(guest, '/srv/told');
    await guest.waitFor('grep -q "ext4, label told) is mounted at /srv/told" /run/terminal', 30);
    await guest.detach(attached);
    await guest.waitFor('grep -q "went away while it was mounted at /srv/told" /run/terminal', 30);
    await guest.output('systemctl stop terminal');
  });

  it('gives each of three equal labels up by itself, and the path back to the one that had it', async () => {
    const three = [];
    const there = new Set<Attached>();
    const attach = async (disk: KnownDisk) => {
      const attached = await guest.attachDisk({ disk });
      there.add(attached);
      return attached;
    };
    const detach = async (attached: Attached) => {
      there.delete(attached);
      await guest.detach(attached);
    };
    try {
      for (const name of ['one', 'two', 'three']) {
        const disk = await knownDisk(folder, name, { mebibytes: 16, label: 'same' });
        three.push({ disk, attached: await attach(disk) });
        await guest.waitFor(`findmnt -rn UUID=${disk.uuid}`, 60);
      }
      await untilIdle(guest);
      const [, second] = three;
      if (second === undefined) throw new Error('three disks were made');
      await detach(second.attached);
      await guest.waitFor('! test -e /srv/same_2', 60);
      expect(await guest.output('ls /srv')).toBe('same\nsame_3');
      second.attached = await attach(second.disk);
      await guest.waitFor(`[ "$(findmnt -rno TARGET UUID=${second.disk.uuid})" = /srv/same_2 ]`, 60);
      await untilIdle(guest);
      for (const { attached } of three) await detach(attached);
      await guest.waitFor('[ -z "$(ls /srv)" ]', 60);
      await untilIdle(guest);
    } finally {
      // What follows begins without them.
      for (const attached of there) await guest.detach(attached);
    }
  });

  it(
    'checks and mounts a disk again after a power cut in the middle of writing',
    async () => {
      const disk = await knownDisk(folder, 'power', { mebibytes: 64, label: 'power' });
      await guest.attachDisk({ disk, scsiId: 200 });
      await untilMounted(guest, '/srv/power');
      await untilIdle(guest);
      await guest.output('echo kept > /srv/power/kept && sync /srv/power/kept');
      await guest.output(
        '(setsid sh -c "while :; do cp -r /usr/bin/[a-d]* /srv/power; rm -f /srv/power/[a-d]*; done" > /dev/null 2>&1 &) ; sleep 2',
      );
      await guest.powerCut();
      await powerOn([{ disk, scsiId: 200 }]);
      expect(await guest.waitForBoot()).toBe('running');
      // The boot does not wait for a disk that is checked.
      await untilMounted(guest, '/srv/power');
      expect(await guest.output('cat /srv/power/kept')).toBe('kept');
      expect(await guest.output('systemctl show -P Result gandi-mount.service')).toBe('success');
      expect(await guest.output('ls -A /run/gandi')).not.toContain('e2undo');
      expect(await errorsInJournal(guest)).not.toMatch(/gandi/);
    },
    5 * minutes,
  );
});
