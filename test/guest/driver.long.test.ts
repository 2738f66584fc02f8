import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataDisk } from './disk.ts';
import { rootImage } from './image.ts';
import { installPrerequisites } from './prerequisites.ts';
import { rootFileSystem } from './rootfs.ts';
import { type KeyPair, makeKeyPair } from './ssh.ts';
import { useGuest } from './use-guest.ts';

const minutes = 60_000;

describe('the guest driver', () => {
  let key: KeyPair;
  const { guest, folder } = useGuest('driver', {
    image: async () => {
      await installPrerequisites();
      return rootImage({ rootfs: await rootFileSystem() });
    },
    root: { mebibytes: 2048 },
    machine: async (folder) => {
      key = await makeKeyPair(join(folder, 'key'));
      return {
        hotplugPorts: 1,
        interfaces: [
          { network: '92.243.10.0/22', hostAddress: '92.243.11.254', guestAddress: '92.243.10.20' },
        ],
      };
    },
  });

  it('tells exit code, output and errors of a command apart', async () => {
    const result = await guest.run('cat; printf "two\\nlines"; echo wrong >&2; exit 7', { input: 'given, ' });
    expect(result).toEqual({ exitCode: 7, stdout: 'given, two\nlines', stderr: 'wrong\n' });
  });

  it.each([
    '',
    ' spaces \t\r\n\n',
    'back\\slash \\n \\0 \\c %s é',
    'zero\0bytes',
    'the separator \u001e\n',
    'x'.repeat(5000),
  ])('passes input and output as they are: %j', async (input) => {
    expect(await guest.run('tee /dev/stderr', { input })).toEqual({
      exitCode: 0,
      stdout: input,
      stderr: input,
    });
  });

  it('runs commands side by side and passes large output whole', async () => {
    const slow = guest.run('sleep 2; echo slow');
    const large = await guest.output('head -c 300000 /dev/zero | tr "\\0" x');
    expect(large).toBe('x'.repeat(300_000));
    expect((await slow).stdout).toBe('slow\n');
  });

  it('logs in by SSH with a key, and not without', async () => {
    await guest.output(
      'ip address add 92.243.10.20/22 dev eth0 && ip link set eth0 up && install -m 700 -d /root/.ssh && cat > /root/.ssh/authorized_keys',
      { input: `${key.publicKey}\n` },
    );
    expect(await guest.ssh({ user: 'root', keyFile: key.keyFile }, 'id -un; exit 3')).toMatchObject({
      exitCode: 3,
      stdout: 'root\n',
    });
    const other = await makeKeyPair(join(folder, 'other'));
    const refused = await guest.ssh({ user: 'root', keyFile: other.keyFile }, 'id -un');
    expect(refused.exitCode).toBe(255);
    expect(refused.stderr).toContain('Permission denied');
  });

  it('attaches a disk and takes it out again', async () => {
    const disk = await dataDisk(join(folder, 'data.img'), { mebibytes: 64, label: 'data' });
    const attached = await guest.attachDisk({ disk, serial: 'first' });
    await guest.waitFor('test -b /dev/disk/by-label/data');
    expect(
      await guest.output('lsblk --noheadings --output VENDOR,SIZE,LABEL /dev/disk/by-label/data'),
    ).toMatch(/gandi\.ne\s+64M\s+data/);
    await guest.detach(attached);
    await guest.waitFor('! test -e /dev/disk/by-label/data');
  });

  it('attaches an interface and takes it out again', async () => {
    const nic = await guest.attachInterface({ network: '192.168.10.0/24', hostAddress: '192.168.10.1' });
    await guest.waitFor('test -e /sys/class/net/eth1');
    await guest.detach(nic);
    await guest.waitFor('! test -e /sys/class/net/eth1');
  });

  it(
    'restarts, keeps its disks, and fails commands that a restart cut off',
    async () => {
      const before = await guest.output('touch /var/kept; cat /proc/sys/kernel/random/boot_id');
      const cutOff = expect(guest.run('sleep 1000')).rejects.toThrow(
        'QEMU ended with status 0 before the command ended',
      );
      await guest.reboot();
      await cutOff;
      expect(await guest.output('ls /var/kept; cat /proc/sys/kernel/random/boot_id')).not.toContain(before);
    },
    5 * minutes,
  );

  it('shows the console when something fails', async () => {
    await guest.output('echo "a last word" > /dev/ttyS0');
    await expect(guest.output('ls /nowhere')).rejects.toThrow(/No such file[\s\S]*a last word/);
    await expect(guest.waitFor('false', 1)).rejects.toThrow(/waited 1 s in vain for "false"/);
  });

  it(
    'powers off',
    async () => {
      await guest.powerOff();
      expect(guest.running).toBe(false);
      await expect(guest.run('true')).rejects.toThrow('QEMU ended with status 0');
    },
    3 * minutes,
  );
});
