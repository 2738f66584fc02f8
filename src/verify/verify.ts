import type { Asked } from '../plan/asked.ts';
import { compareHostName } from './host-name.ts';
import { compareLogin } from './login.ts';
import { compareNetwork, type View } from './network.ts';
import { compareResolver } from './resolver.ts';
import type { Row } from './row.ts';
import { compareSwap } from './storage.ts';

/**
 * Compares what the host asked for with what is. Files are read, of /proc, /sys and /run too; no process is started and
 * nobody is asked over the network.
 */
export function compare(asked: Asked, view: View): Row[] {
  return [
    ...compareHostName(asked, view),
    ...compareNetwork(asked, view),
    ...compareResolver(asked, view),
    ...compareLogin(asked, view.files),
    ...compareSwap(asked, view.files),
  ];
}
