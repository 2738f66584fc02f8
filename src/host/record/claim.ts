import type { HostContext } from '../context/context.ts';

/**
 * Takes a name by defining a domain, which libvirt does for no name that somebody has.
 * @param xml definition of a domain with this name and a new UUID
 * @throws Error in one line
 */
export async function claimName({ effects, virsh }: HostContext, name: string, xml: string): Promise<void> {
  try {
    await effects.apply({ kind: 'define', xml });
  } catch (error) {
    const isTaken = (await virsh.ask('domuuid', '--domain', name)).failure === undefined;
    throw isTaken ? new Error(`there is a domain ${name} already: choose another name`) : error;
  }
}
