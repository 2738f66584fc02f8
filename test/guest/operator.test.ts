import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { overlayDisk } from './disk.ts';
import { Guest } from './guest.ts';
import type { MachineOptions } from './machine.ts';
import { SerialMetadataHost } from './metadata-socket.ts';
import { rootFileSystem } from './rootfs.ts';
import { toolkitImage } from './toolkit.ts';

const minutes = 60_000;
const UUID = 'c1f0d2aa-3a8e-4c11-9f27-5b1d8f0f8a02';
const PORT = 'net.gandi.report.0';
const HASH = '$6$saltsalt$QwErTyUiOpAsDfGhJkLzXcVbNm0123456789';

/** Each boot that comes as far as ordinary services leaves its number; so does the network's. */
const SENTINEL = `[Unit]
Description=Note that services were started
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'cat /proc/sys/kernel/random/boot_id >> /root/services'
[Install]
WantedBy=multi-user.target
`;

/** It fails, and prints what nobody is to be told. Nobody listens at the port by then. */
const FAILS = `#!/bin/sh
# gandi-operator: timeout=60
${'# The firmware gives what is longer than a page in several pieces.\n'.repeat(200)}touch /root/operator-ran
systemctl list-units --type=service --state=active,activating --plain --no-legend > /root/services-then
echo "chpasswd: root:${HASH}"
echo "cannot clean: no such thing"
exit 3
`;

/** What linux-prepare-image of Triton calls, in its order (sdc-imgapi). */
const PREPARES = `#!/bin/bash
set -o errexit
set -o pipefail
exec > >(tee /var/log/prepare-image.log) 2>&1
function fail {
    /usr/sbin/mdata-put prepare-image:error "$*"
    /usr/sbin/mdata-put prepare-image:state error
    shutdown -h now
    exit 1
}
/usr/sbin/mdata-put prepare-image:state running
[[ "$(/usr/sbin/mdata-get sdc:uuid)" == ${UUID} ]] || fail "another guest"
if /usr/sbin/mdata-get root_pw; then fail "it has a password"; fi
systemctl list-units --type=service --state=active,activating --plain --no-legend | /usr/sbin/mdata-put guest:services
for file in /var/log/*.log; do : > "$file"; done
: > /etc/hostname
/usr/sbin/mdata-put prepare-image:state success
shutdown -h now
`;

/** It ignores every word, prints a gigabyte, and never ends; so do its children. */
const HANGS = `#!/bin/sh
# gandi-operator: timeout=25
trap '' TERM
(trap '' TERM; setsid sh -c 'trap "" TERM; while :; do sleep 1; done') &
head -c 1000000000 /dev/zero | tr '\\0' x
echo printed
while :; do sleep 1; done
`;

describe('the operator stage of a Debian 13', () => {
  const guest = new Guest('operator');
  let folder: string;
  let serial: SerialMetadataHost;
  let machine: MachineOptions;
  let port: Socket | undefined;
  let heard = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gandi-guest-operator-'));
    const units = join(folder, 'overlay/etc/systemd/system');
    await mkdir(join(units, 'multi-user.target.wants'), { recursive: true });
    await writeFile(join(units, 'sentinel.service'), SENTINEL);
    await symlink('../sentinel.service', join(units, 'multi-user.target.wants/sentinel.service'));
    const image = await toolkitImage({
      rootfs: await rootFileSystem('trixie'),
      overlays: [join(folder, 'overlay')],
    });
    serial = await SerialMetadataHost.listen(join(folder, 'metadata.sock'), { values: {} });
    machine = {
      image,
      disks: [{ disk: await overlayDisk(image, join(folder, 'root.qcow2')) }],
      uuid: UUID,
      serialPorts: [PORT],
    };
  }, 10 * minutes);
  afterAll(async () => {
    port?.destroy();
    await guest.powerCut();
    serial?.close();
    await rm(folder, { recursive: true });
  });

  /** Switches the guest on, and listens at its port. */
  async function powerOn(other: Partial<MachineOptions> = {}): Promise<void> {
    port?.destroy();
    heard = '';
    await guest.powerOn({ ...machine, ...other });
    port = createConnection(join(guest.folder, PORT));
    port.on('error', () => undefined);
    port.on('data', (bytes) => {
      heard += bytes.toString();
    });
  }
  const isOff = async () => !guest.running;
  const reports = () =>
    heard
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  const ofSmartos: Partial<MachineOptions> = {
    get secondSerial() {
      return serial.path;
    },
    smbios: ['manufacturer=Joyent', 'product=SmartDC HVM', 'version=7.1', `serial=${UUID}`, `uuid=${UUID}`],
  };
  /** What was put to a key, in its order. */
  const puts = (key: string) =>
    serial.host.seen.flatMap((line) => {
      const [, payload] = / PUT (\S+)$/.exec(line) ?? [];
      if (payload === undefined) return [];
      const [name = '', value = ''] = Buffer.from(payload, 'base64').toString().split(' ');
      return Buffer.from(name, 'base64').toString() === key ? [Buffer.from(value, 'base64').toString()] : [];
    });

  it(
    'powers off behind a script that fails, also where the host hangs up meanwhile, and tells no secret',
    async () => {
      const script = Buffer.from(FAILS).toString('base64');
      const oemStrings = [`io.systemd.credential.binary:gandi.operator-script=${script}`];
      machine = { ...machine, oemStrings };
      await powerOn();
      port?.once('data', () => port?.destroy());
      await guest.waitFor(isOff, 240);
      expect(reports()[0]).toEqual({ v: 1, instance: UUID, stage: 'operator', state: 'running' });
      const told = guest
        .console()
        .split('\n')
        .filter((line) => line.startsWith('GANDI-REPORT '));
      expect(told.map((line) => JSON.parse(line.slice(13)).state)).toEqual(['running', 'error']);
      expect(told[1]).toMatch(/exit status 3[\s\S]*cannot clean: no such thing/);
      expect(told.join('\n')).not.toContain(HASH);
    },
    6 * minutes,
  );

  it(
    'runs what Triton prepares images with to its end, and the host sees its states in their order',
    async () => {
      serial.behave({ values: { 'sdc:uuid': UUID, 'sdc:nics': '[]', 'sdc:operator-script': PREPARES } });
      await powerOn(ofSmartos);
      await guest.waitFor(isOff, 240);
      const { values } = serial.host.behaviour;
      expect(values['prepare-image:state']).toBe('success');
      expect(values).not.toHaveProperty('prepare-image:error');
      expect(puts('prepare-image:state').filter((state, index, all) => state !== all[index - 1])).toEqual([
        'running',
        'success',
      ]);
      // Nothing that waits for sysinit.target, nor a network.
      expect(values['guest:services']).toMatch(/systemd-journald\.service/);
      expect(values['guest:services']).not.toMatch(
        /dbus|ssh|cron|getty|networking\.service|networkd\.service|sentinel|gandi-(config|mount|postboot)/,
      );
    },
    6 * minutes,
  );

  it(
    'stops one that hangs, tells so, and the boot goes on as that host is used to',
    async () => {
      serial.behave({ values: { 'sdc:uuid': UUID, 'sdc:hostname': 'web1', 'sdc:operator-script': HANGS } });
      await powerOn(ofSmartos);
      expect(await guest.waitForBoot(400)).toBe('running');
      const { values } = serial.host.behaviour;
      expect(puts('prepare-image:state')).toEqual(['running', 'error']);
      expect(values['prepare-image:error']).toMatch(/^the operator script did not end within 25 s/);
      expect(await guest.output('hostname')).toBe('web1');
      // The two boots before came to none.
      expect(await guest.output('cat /root/services')).toBe(
        await guest.output('cat /proc/sys/kernel/random/boot_id'),
      );
      expect(await guest.output('cat /root/services-then')).not.toMatch(/dbus|ssh|cron|networking\.service/);
      expect((await guest.run('pgrep -f "while :"')).exitCode).toBe(1);
      await guest.waitFor(async () => reports().at(-1)?.stage === 'ready', 60);
      expect(reports().map(({ stage, state }) => `${stage} ${state}`)).toEqual([
        'operator running',
        'operator error',
        'bootstrap success',
        'ready success',
      ]);
      expect(values['gandi:state']).toBe(`{"v":1,"instance":"${UUID}","stage":"ready","state":"success"}`);
      await guest.output('rm /root/operator-ran');
      await guest.powerOff();
    },
    10 * minutes,
  );

  it(
    'boots as ever where the script was run once, and says by the shell alone that it is ready',
    async () => {
      await powerOn();
      expect(await guest.waitForBoot()).toBe('running');
      expect((await guest.run('test -e /root/operator-ran')).exitCode).toBe(1);
      await guest.waitFor(async () => heard.includes('"stage":"ready"'), 60);
      expect(heard).toContain(`{"v":1,"instance":"${UUID}","stage":"ready","state":"success"}\n`);
      expect(await guest.output('systemctl show -p Result --value gandi-ready')).toBe('success');
      // One program has the port at a time; who comes meanwhile waits for it, and does not wait for ever.
      const busy = await guest.run(
        `exec 7> /dev/virtio-ports/${PORT}; gandi-guest report seal running; echo "status $?"; exec 7>&-; gandi-guest report seal success`,
      );
      expect(busy.stdout).toContain('status 1');
      expect(busy.stderr).toContain('another program has it');
      await guest.waitFor(async () => heard.includes('"stage":"seal","state":"success"'), 20);
      await guest.powerOff();
    },
    8 * minutes,
  );
});
