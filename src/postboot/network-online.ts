import type { Step } from '../plan/step.ts';
import { hasCustomerWork, readOrder } from './order.ts';

/** A network that is not up by then will hardly be; the script may not need it. */
const ONLINE_SECONDS = 90;

/**
 * The unit does not want the target itself: waiting for the network would then be paid at every boot, work or not.
 */
export const networkOnline: Step = {
  name: 'network-online',
  setting: 'CONFIG_POSTBOOT',
  summary: 'waits until the network is up, for script and command need it',
  plan({ files }) {
    if (!hasCustomerWork(readOrder(files))) return { changes: [] };
    return {
      changes: [
        {
          kind: 'run-command',
          argv: ['systemctl', 'start', 'network-online.target'],
          timeoutSeconds: ONLINE_SECONDS,
          thisBootOnly: true,
          optional: true,
          why: 'wait for the network',
        },
      ],
    };
  },
};
