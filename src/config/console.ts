import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { isMask } from '../machine/system/units.ts';
import { ensureFile } from '../plan/ensure-file.ts';
import type { Plan, Step } from '../plan/step.ts';

/** Consoles that the kernel writes to, the last one being /dev/console (Documentation/ABI/testing/sysfs-tty). */
const ACTIVE = '/sys/class/tty/console/active';

const CONSOLE_SETUP = '/etc/default/console-setup';
const SECURETTY = '/etc/securetty';
const COMMAND_SECONDS = 30;

/** Places where a unit is wanted: enabled by someone, or by systemd-getty-generator(8). */
const GETTY_WANTS = [
  '/run/systemd/generator/getty.target.wants',
  '/run/systemd/generator.late/getty.target.wants',
  '/etc/systemd/system/getty.target.wants',
  '/usr/lib/systemd/system/getty.target.wants',
];

/** The hypervisor's consoles among the active ones, such as `ttyS0` (KVM) or `hvc0` (Xen); a screen's are left out. */
export function serialConsoles(active: string): string[] {
  return active.split(/\s+/).filter((name) => /^(ttyS|ttyAMA|hvc|xvc)\d+$/.test(name));
}

function gettyChanges(console: string, files: FileView): Change[] {
  const unit = `serial-getty@${console}.service`;
  const masked = isMask(files, `/etc/systemd/system/${unit}`);
  const wanted = GETTY_WANTS.some((directory) => files.status(`${directory}/${unit}`) !== undefined);
  if (masked || wanted || files.status('/run/systemd/system') === undefined) return [];
  return [
    {
      kind: 'run-command',
      argv: ['systemctl', 'start', '--no-block', unit],
      timeoutSeconds: COMMAND_SECONDS,
      thisBootOnly: true,
      why: `log in on ${console}`,
    },
  ];
}

/**
 * /etc/default/console-setup with the consoles in ACTIVE_CONSOLES, where that is the distribution's own value or one
 * that this function gave it.
 */
export function renderConsoleSetup(text: string, consoles: readonly string[]): string {
  const value = ['/dev/tty[1-6]', ...consoles.map((name) => `/dev/${name}`)].join(' ');
  return text.replace(
    /^ACTIVE_CONSOLES="?\/dev\/tty\[1-6\]( \/dev\/(ttyS|ttyAMA|hvc|xvc)\d+)*"?[ \t]*$/m,
    `ACTIVE_CONSOLES="${value}"`,
  );
}

/** securetty(5) with the consoles added at its end. */
export function renderSecureTty(text: string, consoles: readonly string[]): string {
  const known = new Set(text.split('\n').map((line) => line.trim()));
  const missing = consoles.filter((name) => !known.has(name));
  const before = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  return missing.length === 0 ? text : `${before}${missing.join('\n')}\n`;
}

/** Lets an admin log in where the hypervisor shows the guest's console. */
export const console: Step = {
  name: '01-config_console',
  setting: 'CONFIG_CONSOLE',
  summary: 'login on the consoles that the kernel uses (ttyS0, hvc0)',
  plan({ facts, files }): Plan {
    if (!facts.live) return { changes: [] };
    const consoles = serialConsoles(files.readText(ACTIVE) ?? '');
    if (consoles.length === 0) return { changes: [] };
    const changes = consoles.flatMap((name) => gettyChanges(name, files));
    const setup = files.readText(CONSOLE_SETUP);
    if (setup !== undefined) {
      const content = renderConsoleSetup(setup, consoles);
      changes.push(...ensureFile(files, { path: CONSOLE_SETUP, content, mode: 0o644 }));
    }
    const secure = files.readText(SECURETTY);
    if (secure !== undefined) {
      const content = renderSecureTty(secure, consoles);
      changes.push(...ensureFile(files, { path: SECURETTY, content, mode: 0o644 }));
    }
    return { changes };
  },
};
