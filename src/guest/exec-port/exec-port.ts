import type { System } from '../../plan/system.ts';

const ID_SECONDS = 10;

/**
 * Serves the host's port until this program is ended.
 * @param path of the guest's end
 * @throws the system's error if there is no such port, or another process has it
 */
export async function serveExecPort(path: string, { commands }: Pick<System, 'commands'>): Promise<void> {
  const [{ openVirtioPort }, { startStreamedCommand }, { serveCommands }] = await Promise.all([
    import('../../machine/devices/virtio-port.ts'),
    import('../../machine/commands/streamed-command.ts'),
    import('./serve-commands.ts'),
  ]);
  const groupOf = async (user: string) => {
    // Not by /etc/passwd: it may be an account of a directory.
    const { stdout, failure } = await commands.run(['id', '-g', '--', user], { timeoutSeconds: ID_SECONDS });
    return failure === undefined ? stdout.trim() : undefined;
  };
  await serveCommands(await openVirtioPort(path), { start: startStreamedCommand, groupOf });
}
