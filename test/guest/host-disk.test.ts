import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { archive, member } from '../unit/metadata/gandi/tar-blocks.ts';
import { blankDisk, copyDisk, type DiskFile } from './disk.ts';
import { makeKeyPair } from './ssh.ts';
import { hostConfig, hostNetworks, seedDisk } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

const minutes = 60_000;

/**
 * Fills memory with the page that it reads, has the kernel page it out (madvise(2), MADV_PAGEOUT) and stays for a while.
 * Without a C library it is small enough for the control shell. x86-64: numbers of the system calls are its.
 */
const PAGER = `
static long call(long n, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return result;
}
void _start(void) {
  static char page[4096];
  const long size = 24L << 20;
  if (call(0, 0, (long)page, 4096, 0, 0, 0) != 4096) call(60, 2, 0, 0, 0, 0, 0);
  char *memory = (char *)call(9, 0, size, 3, 0x22, -1, 0);
  for (long at = 0; at < size; at++) memory[at] = page[at & 4095];
  for (int round = 0; round < 5; round++) {
    long pause[2] = {1, 0};
    call(28, (long)memory, size, 21, 0, 0, 0);
    call(35, (long)pause, 0, 0, 0, 0, 0);
  }
  call(60, 0, 0, 0, 0, 0, 0);
}
`;

/** An archive of one page, as the host would write it, with a command that root is to run. */
const FORGED = Buffer.alloc(4096);
archive(
  member({ name: 'gandi/config' }, '{"vm_hostname":"taken","vm_conf":{"run":"touch /root/taken"}}'),
).copy(FORGED);

/** The ordinary swap area, whatever the kernel calls it. */
const AREA = '/dev/disk/by-id/virtio-ordinary';

describe('a configured guest', () => {
  let seed: DiskFile;
  let stranger: DiskFile;
  let ordinary: DiskFile;
  const { guest, folder, powerOn } = useGuest('host-disk', {
    machine: async (folder) => {
      const { publicKey } = await makeKeyPair(join(folder, 'key'));
      seed = await seedDisk(folder, 'seed.img', { config: hostConfig(publicKey) });
      const other = { vm_hostname: 'taken', vm_conf: { run: 'touch /root/taken' } };
      stranger = await seedDisk(folder, 'stranger.img', { config: other });
      ordinary = await blankDisk(join(folder, 'ordinary.img'), 32);
      return {
        disks: [
          { disk: seed, scsiId: 5 },
          { disk: ordinary, bus: 'virtio-blk', serial: 'ordinary' },
        ],
        interfaces: hostNetworks,
      };
    },
  });

  const expectUnchanged = async () => {
    expect(await guest.output('hostname; cat /etc/hostname')).toBe('web1\nweb1');
    expect(await guest.output('ls /root; grep -c taken /gandi/config || true')).not.toContain('taken');
  };
  const problems = async () => {
    const { stdout } = await guest.run('gandi-guest status --json');
    const { programs } = JSON.parse(stdout) as {
      programs: { program: string; problems: { path: string; found: string }[] }[];
    };
    return programs.find(({ program }) => program === 'gandi-bootstrap')?.problems ?? [];
  };

  it(
    'takes nothing that a user had the kernel write into an ordinary swap area',
    async () => {
      writeFileSync(join(folder, 'pager.c'), PAGER);
      const options = ['-Os', '-static', '-nostdlib', '-fno-builtin', '-fno-stack-protector', '-s'];
      await execa('cc', [...options, '-o', join(folder, 'pager'), join(folder, 'pager.c')]);
      const files = [
        ['/usr/local/bin/pager', readFileSync(join(folder, 'pager'))],
        ['/usr/local/lib/page', FORGED],
      ] as const;
      for (const [path, content] of files)
        await guest.output(`base64 -d > ${path} && chmod 755 ${path}`, { input: content.toString('base64') });
      await guest.output(`swapoff ${AREA} 2> /dev/null; mkswap ${AREA} && swapon -p 100 ${AREA}`);
      await guest.output(
        `echo "UUID=$(blkid -p -s UUID -o value ${AREA}) none swap pri=100 0 0" >> /etc/fstab`,
      );
      await guest.output('setpriv --reuid=65534 --regid=65534 --clear-groups pager < /usr/local/lib/page');
      await guest.output(`sync; swapoff ${AREA}`);
      // The kernel wrote it just where the host's archive would lie.
      await guest.output(
        `dd if=${AREA} iflag=direct bs=4096 skip=128 count=1 status=none | cmp - /usr/local/lib/page`,
      );
      // An unchanged boot looks at the host's disk alone, and so has nothing to say.
      await guest.output('rm -f /var/lib/gandi/steady/gandi-bootstrap');
      await guest.reboot();
      await guest.waitForBoot();
      await expectUnchanged();
      expect(await problems()).toEqual([
        expect.objectContaining({
          found: expect.stringContaining('any process can write'),
        }),
      ]);
      expect(await guest.output('swapon --show=NAME --noheadings | grep -c /dev/vd')).toBe('1');
    },
    10 * minutes,
  );

  it(
    'is not taken over by other disks named gandiswap, before and behind its own',
    async () => {
      // The ordinary area is not there any more, and a boot would wait a minute and a half for what /etc/fstab has.
      await guest.output('sed -i /pri=100/d /etc/fstab');
      await guest.powerOff();
      const [before, behind] = [join(folder, 'before.img'), join(folder, 'behind.img')];
      await powerOn([
        { disk: await copyDisk(stranger, before), scsiId: 2 },
        { disk: seed, scsiId: 5 },
        { disk: await copyDisk(stranger, behind), scsiId: 9 },
      ]);
      await guest.waitForBoot();
      await expectUnchanged();
      const found = 'another disk that claims to be the host’s (partition label gandiswap)';
      expect(await problems()).toEqual([1, 2].map(() => expect.objectContaining({ found })));
    },
    10 * minutes,
  );
});
