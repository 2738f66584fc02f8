import type { CommandResult } from '../../machine/commands/commands.ts';
import type { FileView } from '../../machine/files/files.ts';
import type { World } from '../source.ts';

const COMMAND_SECONDS = 10;

/** IPv4 addresses that the kernel has, in its table of routes: any but the loopback's (proc(5), net/fib_trie). */
function hasAddress(files: Pick<FileView, 'readText'>): boolean {
  const trie = files.readText('/proc/net/fib_trie') ?? '';
  return [...trie.matchAll(/\|-- (\S+)\n\s+\/32 host LOCAL/g)].some(
    ([, address = '']) => !address.startsWith('127.'),
  );
}

/** The first device that is no loopback and made of nothing else. */
function firstInterface(files: Pick<FileView, 'list' | 'status'>): string | undefined {
  const names = files.list('/sys/class/net').toSorted();
  return names.find((name) => files.status(`/sys/class/net/${name}/device`) !== undefined);
}

/** An address of RFC 3927 that the hardware address decides, so that two guests rarely choose the same. */
function linkLocalOf(mac: string): string {
  const [fifth = 1, sixth = 1] = mac
    .split(':')
    .slice(-2)
    .map((byte) => Number.parseInt(byte, 16));
  return `169.254.${1 + (fifth % 168)}.${1 + (sixth % 254)}`;
}

/**
 * Does the work with a link-local address on the first interface, where the guest has no address at all, as at its first boot.
 * It is taken back in any case.
 */
export async function withLinkLocal<T>({ files, commands }: World, work: () => Promise<T>): Promise<T> {
  const name = firstInterface(files);
  if (name === undefined || hasAddress(files)) return await work();
  const mac = files.readText(`/sys/class/net/${name}/address`)?.trim() ?? '';
  const ip = (...words: string[]): Promise<CommandResult> =>
    commands.run(['ip', ...words], { timeoutSeconds: COMMAND_SECONDS });
  const address = `${linkLocalOf(mac)}/16`;
  await ip('link', 'set', 'dev', name, 'up');
  await ip('address', 'add', address, 'dev', name, 'scope', 'link');
  try {
    return await work();
  } finally {
    await ip('address', 'delete', address, 'dev', name);
  }
}
