import { isRemote } from '../channel/remote-host.ts';
import type { HostContext } from '../context/context.ts';
import { type Pool, volumeNames } from '../libvirt/storage.ts';
import { isNameTaken, nameTaken } from '../record/claim.ts';

/**
 * Volumes that are to be made must not be there: one that is, is somebody else's, or an earlier guest's that was kept, and
 * what removes ours would remove it. Files that libvirt does not know of yet count as well.
 * @param domain that they are for; where somebody has its name, that is what is wrong
 * @throws Error in one line; LibvirtError
 */
export async function checkNew(
  { virsh, system }: Pick<HostContext, 'virsh' | 'system'>,
  pool: Pool,
  names: readonly string[],
  domain: string,
): Promise<void> {
  const known = new Set(await volumeNames(virsh, pool));
  const isFile = (name: string) =>
    !isRemote(virsh.uri ?? '') && system.files.status(`${pool.path}/${name}`) !== undefined;
  const taken = names.find((name) => known.has(name) || isFile(name));
  if (taken === undefined) return;
  if (await isNameTaken(virsh, domain)) throw nameTaken(domain);
  throw new Error(
    `there is a volume ${pool.name}/${taken} already: choose another name, or remove it with "virsh vol-delete" if nobody needs it`,
  );
}
