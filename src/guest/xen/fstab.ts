import type { FileView } from '../../machine/files/files.ts';
import { ensureFile } from '../../plan/ensure-file.ts';
import { KVM_NAME, labels, uuids } from './device-names.ts';
import type { XenFinding } from './xen-finding.ts';

const FSTAB = '/etc/fstab';

/**
 * A name for a device that it keeps under Xen. Swap goes by its label where it has one: a host that formats it anew
 * gives it another UUID.
 */
function lastingName(files: FileView, device: string, type: string | undefined): string | undefined {
  const label = type === 'swap' ? labels(files).get(device) : undefined;
  if (label !== undefined) return `LABEL=${label}`;
  const uuid = uuids(files).get(device);
  return uuid === undefined ? undefined : `UUID=${uuid}`;
}

/** Entries of fstab(5) whose device has another name under Xen. */
export function fstabFindings(files: FileView): XenFinding[] {
  const text = files.readText(FSTAB);
  if (text === undefined) return [];
  const bare: string[] = [];
  const lines = text.split('\n').map((line) => {
    const [device = '', , type] = line.trim().split(/\s+/);
    if (!KVM_NAME.test(device)) return line;
    bare.push(device);
    return line.replace(device, lastingName(files, device, type) ?? device);
  });
  if (bare.length === 0) return [];
  const content = lines.join('\n');
  return [
    {
      level: 'problem',
      subject: FSTAB,
      text: `${bare.join(', ')} ${bare.length > 1 ? 'have other names' : 'has another name'} under Xen`,
      remedy: 'name file systems by UUID=, as blkid tells it',
      ...(content === text
        ? {}
        : { fix: ensureFile(files, { path: FSTAB, content, mode: 0o644, backup: 'dated' }) }),
    },
  ];
}
