import type { HostContext } from '../context/context.ts';
import { LibvirtError } from '../libvirt/virsh.ts';
import { type HostGuest, readGuests } from './host-guests.ts';

const TRY_AGAIN_MILLISECONDS = 1000;

/**
 * All domains, after waiting for a libvirt that is away for a moment: its daemon ends when nobody needs it, and starts again.
 * @param seconds how long it is waited for
 * @throws LibvirtError
 */
export async function guestsOnceConnected(
  { virsh, system }: HostContext,
  seconds: number,
): Promise<HostGuest[]> {
  const end = system.elapsed() + 1000 * seconds;
  for (;;) {
    try {
      return await readGuests(virsh);
    } catch (error) {
      if (!(error instanceof LibvirtError) || system.elapsed() >= end) throw error;
      await system.sleep(TRY_AGAIN_MILLISECONDS);
    }
  }
}
