import type { Step } from '../plan/step.ts';
import { readOrder } from './order.ts';

const COMMAND_SECONDS = 30;

/** autofs would mount data disks although the admin turned that off. */
export const autofs: Step = {
  name: 'autofs',
  setting: 'CONFIG_POSTBOOT',
  summary: 'stops autofs where mounting of data disks is off',
  plan({ files }) {
    if (readOrder(files)?.stopAutofs !== true) return { changes: [] };
    return {
      changes: [
        {
          kind: 'run-command',
          argv: ['systemctl', 'stop', 'autofs.service'],
          timeoutSeconds: COMMAND_SECONDS,
          thisBootOnly: true,
          why: 'mounting of data disks is off',
        },
      ],
    };
  },
};
