import type { Asked } from '../state/asked.ts';
import { compareHostName } from './host-name.ts';
import { compareLogin } from './login.ts';
import { compareNetwork } from './network.ts';
import { compareResolver } from './resolver.ts';
import type { Row } from './row.ts';
import { compareSwap } from './storage.ts';
import type { View } from './view.ts';

/**
 * Compares what the host asked for with what is. Files are read, of /proc, /sys and /run too; nobody is asked over the
 * network. No process is started but sshd, where its files do not say which keys it reads, and the network manager, where
 * the network is not as asked.
 */
export function compare(asked: Asked, view: View): Row[] {
  return [
    ...compareHostName(asked, view),
    ...compareNetwork(asked, view),
    ...compareResolver(asked, view),
    ...compareLogin(asked, view),
    ...compareSwap(asked, view.files),
  ];
}
