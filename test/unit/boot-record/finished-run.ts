import type { FinishedRun } from '../../../src/boot-record/record-boot.ts';
import { ReadTrace } from '../../../src/machine/files/trace/read-trace.ts';
import { readSettings } from '../../../src/machine/settings/settings.ts';
import type { Report } from '../../../src/state/report.ts';
import { temporaryRoot } from '../temporary-root.ts';

export const RECORD = '/var/lib/gandi/steady/gandi-config';

export const report: Report = {
  program: 'gandi-config',
  version: '3.0.0',
  startedAt: '2026-11-21T04:16:09.000Z',
  bootId: 'b',
  status: 'configured',
  source: '/etc/default/gandi',
  problems: [],
  steps: [{ name: 'motd', status: 'changed', changes: ['write'], notes: [], durationMilliseconds: 1 }],
};

export const MOUNTS = '26 1 254:0 / / rw - ext4 /dev/vda rw\n27 26 0:20 / /proc rw - proc proc rw\n';

/** A guest with one disk, which gandi-config is to leave a record in. */
export const guestWithDisk = () =>
  temporaryRoot({ '/sys/class/block/sda/size': '8\n', '/proc/self/mountinfo': MOUNTS });

/** A run that has read these paths; what is at them is this machine's. */
export function finished(
  paths: { read?: string[]; looked?: string[] } = {},
  part: Partial<FinishedRun> = {},
): FinishedRun {
  const trace = new ReadTrace();
  for (const path of paths.read ?? []) trace.read(path);
  for (const path of paths.looked ?? []) trace.looked(path);
  const system = { environment: { GANDI_BOOT: '1' }, say: () => undefined };
  return { system, report, settings: readSettings(temporaryRoot()), trace, applied: [], ...part };
}
