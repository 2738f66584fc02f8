import type { FileView } from '../../machine/files/files.ts';
import { startGraph } from '../order/graph.ts';
import { problemText } from '../order/guest-order.ts';
import type { HostGuest } from '../order/host-guests.ts';

/** Something that is wrong, and what to do, each in one line. */
export interface HostFinding {
  /** `problem` makes doctor fail. */
  level: 'problem' | 'warning';
  text: string;
  remedy: string;
}

/** Where distributions have the settings of libvirt-guests; the last one that says something counts. */
const LIBVIRT_GUESTS = ['/etc/sysconfig/libvirt-guests', '/etc/default/libvirt-guests'];

/** Of libvirt's QEMU driver. */
const QEMU_CONF = '/etc/libvirt/qemu.conf';

/**
 * A setting of a file of `name = value` lines, as a shell or libvirt has them; comments do not count.
 * @returns its value without quotes, and the line it stands in; undefined if no line says anything
 */
export function settingIn(text: string, name: string): { value: string; line: number } | undefined {
  let found: { value: string; line: number } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const [, key, value = ''] = /^\s*([A-Za-z_]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key === name) found = { value: value.replace(/^(["'])(.*)\1$/, '$2'), line: index + 1 };
  }
  return found;
}

/** Others that start or stop the same guests. @param files of this host */
export function rivalFindings(files: Pick<FileView, 'readText'>): HostFinding[] {
  const findings: HostFinding[] = [];
  for (const path of LIBVIRT_GUESTS) {
    const boot = settingIn(files.readText(path) ?? '', 'ON_BOOT');
    if (boot?.value === 'start')
      findings.push({
        level: 'warning',
        text: `${path}:${boot.line}: ON_BOOT=start: libvirt-guests starts the guests that ran before, in no order`,
        remedy: 'set ON_BOOT=ignore',
      });
  }
  const qemu = files.readText(QEMU_CONF) ?? '';
  for (const name of ['auto_shutdown_try_save', 'auto_shutdown_try_shutdown', 'auto_shutdown_poweroff']) {
    const setting = settingIn(qemu, name);
    // libvirt's own words for them are all, persistent, transient and none.
    if (setting !== undefined && setting.value !== 'none' && setting.value !== '0')
      findings.push({
        level: 'warning',
        text: `${QEMU_CONF}:${setting.line}: ${name} is ${setting.value}: libvirt stops guests by itself, in no order`,
        remedy: `set ${name} to "none"`,
      });
  }
  return findings;
}

/** What is wrong with the order of guests. */
export function orderFindings(guests: readonly HostGuest[]): HostFinding[] {
  const { refusals, warnings } = startGraph(guests);
  const autostart = guests.filter(({ inOrder, entry }) => inOrder && entry.autostart);
  return [
    ...refusals.map(({ guest, reason }): HostFinding => {
      const bad = guest.problems.map(problemText).join('; ');
      const remedy =
        bad === ''
          ? 'gandi-host order plan shows who waits for whom'
          : 'gandi-host order set gives it another value';
      return { level: 'problem', text: `${guest.name} is not started: ${bad || reason}`, remedy };
    }),
    ...warnings.map(
      (text): HostFinding => ({
        level: 'warning',
        text,
        remedy: 'gandi-host order set NAME --after names others',
      }),
    ),
    ...autostart.map(
      ({ name }): HostFinding => ({
        level: 'warning',
        text: `libvirt's autostart of ${name} is on, and knows no order`,
        remedy: `gandi-host order adopt ${name}`,
      }),
    ),
  ];
}
