import type { Line } from '../../machine/devices/lines/line.ts';
import { openSocketLine } from '../../machine/devices/lines/socket-line.ts';
import type { HostCommands } from '../commands/commands.ts';
import type { RemoteHost } from './remote-host.ts';

const CONNECT_MILLISECONDS = 30_000;
const LOOK_MILLISECONDS = 100;
const SECONDS = 60;

/**
 * Connects to a Unix socket of another host by ssh(1), which makes one of this host of it, in a directory that this user
 * alone may enter. Closing the line ends ssh.
 * @throws Error in one line if ssh does not lead there
 */
export async function openForwardedLine(
  commands: HostCommands,
  { destination, options }: RemoteHost,
  path: string,
): Promise<Line> {
  const made = await commands.run(['mktemp', '-d', '--tmpdir', 'gandi-host-port-XXXXXXXX'], {
    timeoutSeconds: SECONDS,
  });
  if (made.failure !== undefined) throw new Error(made.failure);
  const directory = made.stdout.trim();
  const local = `${directory}/port`;
  const forward = commands.follow(
    // It asks nothing: there may be no terminal, and libvirt's own connection has a key as well.
    [
      'ssh',
      '-N',
      '-T',
      '-o',
      'BatchMode=yes',
      '-o',
      'ExitOnForwardFailure=yes',
      ...options,
      '-L',
      `${local}:${path}`,
      '--',
      destination,
    ],
    () => undefined,
  );
  const end = async () => {
    forward.end();
    await commands.run(['rm', '-rf', '--', directory], { timeoutSeconds: SECONDS });
  };
  let isEnded = false;
  void forward.ended.then(() => {
    isEnded = true;
  });
  const until = performance.now() + CONNECT_MILLISECONDS;
  while (!isEnded && performance.now() < until) {
    try {
      const line = await openSocketLine(local, until);
      return {
        read: (deadline) => line.read(deadline),
        write: (bytes, deadline) => line.write(bytes, deadline),
        close() {
          line.close();
          void end();
        },
      };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ECONNREFUSED') {
        await end();
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
    }
  }
  await end();
  throw new Error(`ssh to ${destination} does not lead to ${path}: it must log in without a question`);
}
