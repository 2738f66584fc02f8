import type { HostContext } from '../context/context.ts';
import { findPool, type Pool } from '../libvirt/storage.ts';

/**
 * Our pool, made and started where it is not.
 * @throws LibvirtError, ActionFailed
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
  const active = (await virsh.query('pool-list', '--name')).split('\n').map((line) => line.trim());
  if (!active.includes(pool)) await effects.apply({ kind: 'start-pool', pool });
  return found ?? { name: pool, type: 'dir', path: directory };
}
