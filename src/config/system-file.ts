import type { Change } from '../machine/changes/change.ts';
import type { RootFileSystem } from '../machine/system/facts.ts';
import { ensureFile } from '../plan/ensure-file.ts';
import type { Plan, Step, StepContext } from '../plan/step.ts';
import type { Note } from '../state/note.ts';

const HOSTS = '/etc/hosts';
const FSTAB = '/etc/fstab';

/** Names that depend on the order in which disks are found; other ways to name a device stay. */
const BARE_DEVICE = /^\/dev\/((sd|vd|xvd|hd)[a-z]+\d*|nvme\d+n\d+(p\d+)?|mmcblk\d+(p\d+)?)$/;

/** The device that fstab(5) gives for root, as it is written there; undefined if it has no entry for root. */
export function rootEntry(fstab: string): string | undefined {
  for (const line of fstab.split('\n')) {
    const [device, mountPoint] = line.trim().split(/\s+/);
    if (device !== undefined && !device.startsWith('#') && mountPoint === '/') return device;
  }
  return undefined;
}

/** Whether a device is given by a name that another disk may have at the next boot. */
export const isBareDevice = (device: string) => BARE_DEVICE.test(device);

/** fstab(5) with root named by its UUID; nothing else of that line, and no other line, is touched. */
export function renderFstab(fstab: string, uuid: string): string {
  const lines = fstab.split('\n');
  const at = lines.findIndex((line) => rootEntry(line) !== undefined);
  const line = lines[at];
  if (line === undefined) return fstab;
  lines[at] = line.replace(/\S+/, `UUID=${uuid}`);
  return lines.join('\n');
}

function newFstab({ type, uuid }: RootFileSystem): string {
  const check = type.startsWith('ext') ? 1 : 0;
  return `# device\tmount point\ttype\toptions\tdump\tcheck: see fstab(5)\nUUID=${uuid}\t/\t${type}\tdefaults\t0\t${check}\n`;
}

function planHosts({ files }: StepContext): Change[] {
  if (files.status(HOSTS) !== undefined) return [];
  const name = files.readText('/etc/hostname')?.trim() ?? '';
  const own = name === '' || name === 'localhost' ? '' : `127.0.1.1\t${name}\n`;
  const content = `127.0.0.1\tlocalhost\n${own}::1\tlocalhost ip6-localhost ip6-loopback\n`;
  return [{ kind: 'write-file', path: HOSTS, content, mode: 0o644 }];
}

/** Root is only looked at where something is to be written: that costs reading the disk. */
function planFstab({ files, facts }: StepContext): { changes: Change[]; notes: Note[] } {
  const text = files.readText(FSTAB);
  const device = text === undefined ? undefined : rootEntry(text);
  const missing = text === undefined;
  const bare = device !== undefined && isBareDevice(device);
  if (!facts.live || !(missing || bare)) return { changes: [], notes: [] };
  const { root } = facts;
  if (root?.uuid === undefined) {
    const what = missing ? `${FSTAB} is missing` : `${FSTAB} names root ${device}, which may change`;
    return { changes: [], notes: [{ level: 'warning', text: `${what}; root's UUID is not known` }] };
  }
  if (text === undefined) {
    return {
      changes: [{ kind: 'write-file', path: FSTAB, content: newFstab(root), mode: 0o644 }],
      notes: [],
    };
  }
  const content = renderFstab(text, root.uuid);
  return { changes: ensureFile(files, { path: FSTAB, content, mode: 0o644, backup: 'dated' }), notes: [] };
}

/** The files that a guest cannot do without. */
export const systemFile: Step = {
  name: '02-config_system_file',
  setting: 'CONFIG_SYSTEM_FILE',
  summary: 'missing /etc/hosts and /etc/fstab; root by its UUID in fstab',
  plan(context): Plan {
    const { changes, notes } = planFstab(context);
    return { changes: [...planHosts(context), ...changes], notes };
  },
};
