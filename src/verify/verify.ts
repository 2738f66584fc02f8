import type { Asked } from '../plan/asked.ts';
import { compareHostName } from './host-name.ts';
import { compareLogin } from './login.ts';
import { compareNetwork } from './network.ts';
import { compareResolver } from './resolver.ts';
import type { Row } from './row.ts';
import { compareSwap } from './storage.ts';
import type { View } from './view.ts';

/**
 * Compares what the host asked for with what is. Files are read, of /proc, /sys and /run too; no process is started where
 * the network is as asked, and nobody is asked over it.
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
