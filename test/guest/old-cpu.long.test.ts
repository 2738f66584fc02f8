import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { blankDisk, type DiskFile } from './disk.ts';
import { type KeyPair, makeKeyPair } from './ssh.ts';
import { hostConfig, hostNetworks, seedDisk } from './toolkit.ts';
import { useGuest } from './use-guest.ts';

const MOUNT_POINT = '/opt/node';
const NODE_DISK_MEBIBYTES = 256;
const ADVICE =
  'cannot start: this guest lacks a CPU with SSE4.2: install Node.js 20.16 or later, or choose a newer CPU model on the host';

/**
 * A disk with the Node.js that runs this test. It comes with its own libraries and loader: the guest's may be older.
 */
async function nodeDisk(folder: string): Promise<DiskFile> {
  const tree = join(folder, 'node');
  mkdirSync(join(tree, 'lib'), { recursive: true });
  const { stdout } = await execa('ldd', [process.execPath]);
  const libraries = [...stdout.matchAll(/(\/\S+) \(0x/g)].flatMap(([, path]) => path ?? []);
  const loader = libraries.find((path) => basename(path).startsWith('ld-'));
  if (loader === undefined) throw new Error(`ldd ${process.execPath} names no loader: ${stdout}`);
  for (const path of libraries) copyFileSync(path, join(tree, 'lib', basename(path)));
  copyFileSync(process.execPath, join(tree, 'lib/node'));
  const library = `${MOUNT_POINT}/lib`;
  const command = `${library}/${basename(loader)} --library-path ${library} ${library}/node`;
  writeFileSync(join(tree, 'node'), `#!/bin/sh\nexec ${command} "$@"\n`);
  chmodSync(join(tree, 'node'), 0o755);
  const disk = await blankDisk(join(folder, 'node.img'), NODE_DISK_MEBIBYTES);
  await execa('mke2fs', ['-q', '-t', 'ext4', '-L', 'node', '-d', tree, disk.file]);
  return disk;
}

describe('a guest whose CPU the executable does not support', () => {
  let key: KeyPair;
  const { guest } = useGuest('old-cpu', {
    machine: async (folder) => {
      key = await makeKeyPair(join(folder, 'key'));
      const seed = await seedDisk(folder, 'seed.img', { config: hostConfig(key.publicKey) });
      return {
        cpuModel: 'qemu64',
        disks: [{ disk: seed }, { disk: await nodeDisk(folder), readOnly: true }],
        interfaces: hostNetworks,
      };
    },
    // Units of ours have failed; all else has come up.
    state: 'degraded',
    minutes: 20,
  });

  it('lacks SSE4.2 and Node.js', async () => {
    expect(await guest.output('grep -c sse4_2 /proc/cpuinfo || true')).toBe('0');
    expect((await guest.run('command -v node')).exitCode).not.toBe(0);
  });

  it('says in one line what it lacks and what to do', async () => {
    for (const program of ['gandi-guest', 'gandi-bootstrap']) {
      expect(await guest.run(`${program} --version`)).toEqual({
        exitCode: 1,
        stdout: '',
        stderr: `${program}: ${ADVICE}\n`,
      });
    }
  });

  it('boots all the same; only units of ours have failed, with that line in the journal and on the console', async () => {
    const failed = await guest.output('systemctl --failed --plain --no-legend | cut -d " " -f 1');
    expect(failed.split('\n')).toContain('gandi-bootstrap.service');
    expect(failed.split('\n').filter((unit) => !unit.startsWith('gandi-'))).toEqual([]);
    expect(await guest.output('systemctl show -P ExecMainStatus gandi-bootstrap')).toBe('1');
    expect(await guest.output('systemctl is-active ssh.service')).toBe('active');
    expect(await guest.output('journalctl -b -o cat -t gandi-bootstrap -u gandi-bootstrap.service')).toBe(
      `gandi-bootstrap: ${ADVICE}`,
    );
    expect(guest.console()).toContain(`gandi-bootstrap: ${ADVICE}`);
  });

  it('runs the programs on Node.js once that is there', async () => {
    const mount = `mkdir -p ${MOUNT_POINT} && mount -o ro /dev/disk/by-label/node ${MOUNT_POINT}`;
    await guest.output(`${mount} && ln -s ${MOUNT_POINT}/node /usr/local/bin/node`);
    expect(await guest.output('node --version')).toBe(process.version);
    expect(await guest.output('gandi-guest --version')).toMatch(/^gandi-guest \d+\.\d+\.\d+/);
    expect(await guest.run('gandi-bootstrap --nonsense')).toMatchObject({ exitCode: 2 });
  });

  it('is configured by its unit then', async () => {
    await guest.output('systemctl restart gandi-bootstrap.service && systemctl restart networking.service');
    expect((await guest.run('gandi-guest status')).stdout).toMatch(
      /^gandi-bootstrap: configured \(this boot/m,
    );
    expect(await guest.output('hostname; swapon --show=LABEL --noheadings')).toBe('web1\nswap');
    const login = await guest.ssh({ user: 'admin1', keyFile: key.keyFile }, 'id -nG');
    expect(login.stdout).toBe('admin1 sudo\n');
  });

  it('has nothing left to do at the next run', async () => {
    expect(await guest.run('gandi-bootstrap')).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    expect((await guest.run('gandi-guest status')).stdout).toMatch(
      /^gandi-bootstrap: unchanged \(this boot/m,
    );
  });
});
