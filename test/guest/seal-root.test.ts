import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GuestTree } from './guest-tree.ts';
import { rootFileSystem, type Suite } from './rootfs.ts';
import { builtProgram } from './toolkit.ts';

const minutes = 60_000;

/** Stands in all that must not be in an image, in capitals that no program writes by itself. */
const SECRET = 'GOLDENQUINCE';

const MACHINE_ID = 'd41d8cd98f00b204e9800998ecf8427e';

const CHECK_SECONDS = 2;
const CHECK_KIBIBYTES = 80 * 1024;
const SEAL_SECONDS = 5;

interface Measured {
  exitCode: number | undefined;
  stdout: string;
  seconds: number;
  kibibytes: number;
}

/** Runs the executable, and looks meanwhile how much memory it takes. */
async function measure(args: readonly string[]): Promise<Measured> {
  const began = performance.now();
  const running = execa(builtProgram, ['gandi-guest', ...args], { reject: false, stdin: 'ignore' });
  let kibibytes = 0;
  const look = () => {
    try {
      const [, peak] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${running.pid}/status`, 'utf8')) ?? [];
      kibibytes = Math.max(kibibytes, Number(peak ?? 0));
    } catch (error) {
      // It has ended between two looks.
      if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  };
  const timer = setInterval(look, 10);
  const { exitCode, stdout } = await running;
  clearInterval(timer);
  return { exitCode, stdout, seconds: (performance.now() - began) / 1000, kibibytes };
}

/** A guest that was used: what each part of a sealing is about. */
function plant(tree: GuestTree): void {
  const line = `${SECRET}\n`;
  tree.put('/etc/machine-id', `${MACHINE_ID}\n`, 0o444);
  tree.put('/var/lib/dbus/machine-id', `${MACHINE_ID}\n`);
  tree.put('/etc/ssh/ssh_host_ed25519_key', line, 0o600);
  tree.put('/var/lib/systemd/random-seed', line, 0o600);
  tree.put('/var/lib/systemd/credential.secret', line, 0o400);
  tree.put('/root/.bash_history', line, 0o600);
  tree.put('/root/.ssh/authorized_keys', `ssh-ed25519 AAAA ${line}`, 0o600);
  tree.put('/gandi/config', line, 0o600);
  tree.put('/var/log/syslog', line);
  tree.put('/var/log/syslog.1', line);
  tree.put(`/var/log/journal/${MACHINE_ID}/system.journal`, line);
  tree.put('/var/lib/dhcp/dhclient.eth0.leases', line);
  tree.put('/var/lib/NetworkManager/secret_key', line, 0o600);
  tree.put('/etc/network/interfaces.d/50-cloud-init', line);
  tree.put('/etc/netplan/50-cloud-init.yaml', `# ${line}`, 0o600);
  tree.put('/etc/systemd/network/10-cloud-init-eth0.network', line);
  tree.put('/etc/NetworkManager/system-connections/cloud-init-eth0.nmconnection', line, 0o600);
  tree.put('/etc/NetworkManager/system-connections/admin.nmconnection', '[connection]\nid=admin\n', 0o600);
  for (let number = 0; number < 200; number++)
    tree.put(`/var/lib/apt/lists/deb.debian.org_${number}`, `${line.repeat(1000)}`);
  for (let number = 0; number < 50; number++) tree.put(`/var/log/app/${number}.log`, line);
  tree.put('/var/lib/docker/engine-id', line);
}

describe.each<Suite>(['bookworm', 'trixie'])('an unpacked Debian %s', (suite) => {
  let tree: GuestTree;
  let cached: string;

  beforeAll(async () => {
    const rootfs = await rootFileSystem(suite);
    cached = rootfs.tree;
    tree = await GuestTree.make(rootfs);
    plant(tree);
  }, 20 * minutes);

  afterAll(() => tree.remove());

  const secrets = async () =>
    (
      await execa('grep', ['-rlI', SECRET, 'etc', 'var', 'root', 'home', 'gandi', 'tmp'], {
        cwd: tree.path('/'),
        reject: false,
      })
    ).stdout;

  it('is checked in little time and memory, and says what must not be in an image', async () => {
    const { exitCode, stdout, seconds, kibibytes } = await measure([
      'seal',
      '--check',
      '--root',
      tree.path('/'),
    ]);
    expect(exitCode).toBe(1);
    for (const part of ['machine-id', 'host-keys', 'authorized-keys', 'credential-secret', 'our-state'])
      expect(stdout).toMatch(new RegExp(`^E ${part} /`, 'm'));
    for (const part of ['random-seed', 'history', 'network', 'logs', 'ids', 'temporary'])
      expect(stdout).toMatch(new RegExp(`^W ${part} /`, 'm'));
    expect(stdout).not.toContain(SECRET);
    expect(seconds).toBeLessThan(CHECK_SECONDS);
    expect(kibibytes).toBeGreaterThan(0);
    expect(kibibytes).toBeLessThan(CHECK_KIBIBYTES);
  });

  it('is sealed in little time, and has nothing left; what its files are links to is not touched', async () => {
    const logs = ['var/log/wtmp', 'var/log/lastlog', 'etc/shadow', 'etc/passwd'].map((path) =>
      join(cached, path),
    );
    const before = logs.map((path) => `${statSync(path).mtimeMs} ${readFileSync(path, 'latin1')}`);
    const { exitCode, stdout, seconds } = await measure(['seal', '--root', tree.path('/')]);
    expect(exitCode, stdout).toBe(0);
    expect(seconds).toBeLessThan(SEAL_SECONDS);
    expect(await secrets()).toBe('');
    expect(logs.map((path) => `${statSync(path).mtimeMs} ${readFileSync(path, 'latin1')}`)).toEqual(before);
    expect(
      readFileSync(tree.path('/etc/NetworkManager/system-connections/admin.nmconnection'), 'utf8'),
    ).toContain('admin');
    const { stdout: left, exitCode: status } = await measure(['seal', '--check', '--root', tree.path('/')]);
    expect({ left, status }).toEqual({ left: 'ready to be an image', status: 0 });
    expect((await measure(['seal', '--root', tree.path('/')])).stdout).toBe('gandi-guest seal: unchanged');
  });
});
