import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { freePort } from '../guest/ssh.ts';
import type { LibvirtRig } from './libvirt-rig.ts';

/** A server of SSH that sees the libvirt of a rig: who logs in there is on another host. Only root's key of the test is let in. */
export class SshServer {
  /** Of the rig's libvirt, by this server. */
  readonly uri: string;
  readonly #folder: string;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    const key = encodeURIComponent(join(folder, 'key'));
    this.uri = `qemu+ssh://root@127.0.0.1:${port}/system?keyfile=${key}&known_hosts=/dev/null&no_verify=1`;
  }

  /** @throws if sshd does not start */
  static async start(rig: LibvirtRig): Promise<SshServer> {
    const folder = join(rig.folder, 'ssh');
    await mkdir(folder, { mode: 0o700 });
    // Where sshd shuts its unprivileged part in; a package's service makes it.
    await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
    for (const name of ['key', 'host'])
      await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
    const port = await freePort();
    const settings = [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${join(folder, 'host')}`,
      `AuthorizedKeysFile ${join(folder, 'key.pub')}`,
      `PidFile ${join(folder, 'pid')}`,
      'PermitRootLogin prohibit-password',
      'PasswordAuthentication no',
      // The folder lies below /tmp, which anybody may write to.
      'StrictModes no',
      'UsePAM no',
    ];
    await writeFile(join(folder, 'config'), `${settings.join('\n')}\n`);
    const sshd = ['/usr/sbin/sshd', '-f', join(folder, 'config'), '-E', join(folder, 'log')];
    const { status, stderr } = await rig.run(sshd);
    if (status !== 0) throw new Error(`sshd does not start: ${stderr}`);
    return new SshServer(folder, port);
  }

  async stop(): Promise<void> {
    const pid = Number(await readFile(join(this.#folder, 'pid'), 'utf8').catch(() => '0'));
    if (pid > 1) process.kill(pid, 'SIGTERM');
    await rm(this.#folder, { recursive: true, force: true });
  }
}
