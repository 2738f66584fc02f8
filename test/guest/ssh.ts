import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { execa } from 'execa';
import type { CommandGuest } from './command-guest.ts';
import type { CommandResult } from './control-shell.ts';
import { waitUntil } from './wait.ts';

/** Who logs in and by which private key. */
export interface SshLogin {
  readonly user: string;
  readonly keyFile: string;
}

/** A key pair as files; `publicKey` is the line for `authorized_keys`. */
export interface KeyPair {
  readonly keyFile: string;
  readonly publicKey: string;
}

/** Makes an ed25519 key pair without passphrase in `keyFile` and `keyFile.pub`. */
export async function makeKeyPair(keyFile: string, comment = 'test'): Promise<KeyPair> {
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', keyFile]);
  const { stdout } = await execa('ssh-keygen', ['-y', '-f', keyFile]);
  return { keyFile, publicKey: stdout };
}

/**
 * Logs in by key only and runs a command.
 *
 * @param port - the port on 127.0.0.1 that leads to the guest's.
 * @param seconds - for how long a guest is asked that does not answer (yet).
 * @returns how the command ended; exit code 255 and ssh's message when the login was refused.
 */
export async function runBySsh(
  port: number,
  login: SshLogin,
  command: string,
  seconds = 30,
): Promise<CommandResult> {
  return waitUntil(`an SSH server at port ${port}`, seconds, async () => {
    const result = await execa('ssh', [...sshOptions(port, login), '127.0.0.1', command], {
      reject: false,
      stdin: 'ignore',
      stripFinalNewline: false,
    });
    // QEMU accepts the connection itself, and closes it while nobody listens in the guest.
    if (result.exitCode === 255 && /closed by|reset by|timed out|refused/.test(result.stderr))
      return undefined;
    const { exitCode = 255, stdout, stderr } = result;
    return { exitCode, stdout, stderr };
  });
}

/** Logs in to a guest within itself, by key only, for which it needs no network, and asks for the name of the user. */
export async function logInWithin(
  guest: CommandGuest,
  user: string,
  { keyFile }: KeyPair,
): Promise<CommandResult> {
  const inGuest = '/run/key';
  await guest.output(`umask 077; cat > ${inGuest}`, { input: await readFile(keyFile, 'utf8') });
  const options = sshOptions(22, { user, keyFile: inGuest }).join(' ');
  return guest.run(`ssh ${options} 127.0.0.1 id -un`);
}

function sshOptions(port: number, login: SshLogin): string[] {
  const settings = [
    'BatchMode=yes',
    'ConnectTimeout=10',
    'IdentitiesOnly=yes',
    'LogLevel=ERROR',
    'PasswordAuthentication=no',
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
  ];
  const options = settings.flatMap((setting) => ['-o', setting]);
  return ['-F', 'none', ...options, '-i', login.keyFile, '-p', String(port), '-l', login.user];
}

/** A TCP port of 127.0.0.1 that nothing used a moment ago. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address && typeof address === 'object') resolve(address.port);
        else reject(new Error('no free TCP port on 127.0.0.1'));
      });
    });
  });
}
