import type { HostContext } from '../context/context.ts';
import { findPool, isActivePool, isOfFiles, type Pool } from '../libvirt/storage.ts';

/**
 * Our pool, made and started where it is not.
 * @throws LibvirtError, ActionFailed; Error in one line if its volumes are no files
 */
export async function ensurePool({ settings, virsh, effects }: HostContext): Promise<Pool> {
  const pool = settings.values.pool.value;
  const directory = settings.values['pool-directory'].value;
  const found = await findPool(virsh, pool);
  if (found === undefined) {
    await effects.apply({ kind: 'define-pool', pool, directory });
    await effects.apply({ kind: 'build-pool', pool });
    await effects.apply({ kind: 'autostart-pool', pool });
  }
  if (found !== undefined && !isOfFiles(found))
    throw new Error(
      `pool ${pool} is of the type ${found.type}: images need one that is a directory; name another one in the setting pool`,
    );
  if (!(await isActivePool(virsh, pool))) await effects.apply({ kind: 'start-pool', pool });
  return found ?? { name: pool, type: 'dir', path: directory };
}
