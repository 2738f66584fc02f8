import type { Virsh } from '../libvirt/virsh.ts';
import { parseXml, textOf } from '../libvirt/xml.ts';

/**
 * What tells whether a volume's file was changed: its size and the time of its last change, by libvirt's word.
 * @returns undefined if there is no such volume
 */
export async function volumeStamp(virsh: Virsh, pool: string, name: string): Promise<string | undefined> {
  const { stdout, failure } = await virsh.ask('vol-dumpxml', '--pool', pool, '--vol', name);
  const volume = failure === undefined ? parseXml(stdout) : undefined;
  const size = textOf(volume, 'physical');
  const changed = textOf(volume, 'target', 'timestamps', 'mtime');
  return size === undefined || changed === undefined ? undefined : `${size} bytes at ${changed}`;
}
