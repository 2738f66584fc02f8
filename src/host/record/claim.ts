import type { HostContext } from '../context/context.ts';
import type { Virsh } from '../libvirt/virsh.ts';

/** UUID of whoever has a name; undefined where nobody has it, or libvirt does not say. */
async function ownerOf(virsh: Virsh, name: string): Promise<string | undefined> {
  const { failure, stdout } = await virsh.ask('domuuid', '--domain', name);
  return failure === undefined ? stdout.trim() : undefined;
}

export const isNameTaken = async (virsh: Virsh, name: string): Promise<boolean> =>
  (await ownerOf(virsh, name)) !== undefined;

export const nameTaken = (name: string): Error =>
  new Error(`there is a domain ${name} already: choose another name`);

/**
 * Takes a name by defining a domain, which libvirt does for no name that somebody has.
 * @param xml definition of a domain with this name and UUID
 * @throws Error in one line
 */
export async function claimName(
  { effects, virsh }: HostContext,
  { name, uuid }: { name: string; uuid: string },
  xml: string,
): Promise<void> {
  try {
    await effects.apply({ kind: 'define', xml });
  } catch (error) {
    const owner = await ownerOf(virsh, name);
    // Where only the answer was lost, the name is ours.
    if (owner !== undefined && owner !== uuid) throw nameTaken(name);
    if (owner === undefined) throw error;
  }
}
