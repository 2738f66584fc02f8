import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { knownDisk } from './data-disks.ts';
import type { DiskFile } from './disk.ts';
import { answering, blockName } from './machine.ts';
import { makeKeyPair } from './ssh.ts';
import { hostConfig, hostNetworks, seedDisk } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

const minutes = 60_000;

describe('a configured guest', () => {
  let seed: DiskFile;
  const { guest, folder, powerOn } = useGuest('silent-disks', {
    machine: async (folder) => {
      const { publicKey } = await makeKeyPair(join(folder, 'key'));
      seed = await seedDisk(folder, 'seed.img', { config: hostConfig(publicKey) });
      return { disks: [{ disk: seed, scsiId: 5 }], interfaces: hostNetworks };
    },
  });

  it(
    'boots past its own disk and a data disk that do not answer, with what it was told before, and powers off',
    async () => {
      // Before udev is told of any disk: the initial RAM disk has looked at all of them for root's.
      const unit = '/etc/systemd/system/systemd-udev-trigger.service.d';
      await guest.output(`mkdir -p ${unit} && cat > ${unit}/silence.conf`, {
        input: '[Service]\nExecStartPre=/bin/sh -c "echo ready for silence > /dev/console; sleep 15"\n',
      });
      await guest.powerOff();
      const [silent, other] = await Promise.all(
        ['silent', 'other'].map((label) => knownDisk(folder, label, { mebibytes: 64, label })),
      );
      if (silent === undefined || other === undefined) throw new Error('the disks were made');
      await powerOn([
        { disk: seed, scsiId: 5, ...answering },
        { disk: silent, scsiId: 6, ...answering },
        { disk: other, scsiId: 7 },
      ]);
      await guest.waitFor(async () => guest.console().includes('ready for silence'), 120);
      for (const index of [1, 2]) await guest.silence({ backend: blockName(index) });
      // The host's disk cannot be read: that is a failure, and all the same the end of the boot.
      expect(await guest.waitForBoot(5 * 60)).toBe('degraded');
      expect(await guest.output('hostname; cat /etc/hostname')).toBe('web1\nweb1');
      expect(await guest.output('findmnt -rno TARGET -S LABEL=other')).toBe('/srv/other');
      const nodes = await guest.output(
        'for id in 5 6; do ls /sys/bus/scsi/devices/*:0:$id:0/block; done | sed s,^,/dev/,',
      );
      const silentDisks = nodes.split('\n');
      expect(silentDisks).toHaveLength(2);
      const { programs } = JSON.parse((await guest.run('gandi-guest status --json')).stdout) as {
        programs: { program: string; problems: { path: string; found: string }[] }[];
      };
      const problems = programs.find(({ program }) => program === 'gandi-bootstrap')?.problems ?? [];
      expect(problems.map(({ path, found }) => [path, found])).toEqual(
        expect.arrayContaining(silentDisks.map((node) => [node, 'no answer within 5 s'])),
      );
      const { stdout } = await guest.run('gandi-guest status');
      for (const node of silentDisks) expect(stdout).toContain(node);
      // In guest's seconds, from the start of a unit to its end.
      for (const unit of ['gandi-bootstrap', 'gandi-mount']) {
        const times = await guest.output(
          `for name in InactiveExit ActiveEnter InactiveEnter; do systemctl show -P "$name"TimestampMonotonic ${unit}.service; done`,
        );
        const [start = 0, ...ends] = times.split('\n').map(Number);
        expect(Math.max(...ends) - start, unit).toBeLessThan(90_000_000);
      }
      await guest.powerOff(8 * 60);
    },
    20 * minutes,
  );
});
