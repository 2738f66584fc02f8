import type { Change } from '../../machine/changes/change.ts';
import type { BlockDevice } from '../../machine/devices/block-devices.ts';
import { NO_ANSWER } from '../../machine/devices/device-answers.ts';
import type { Holder } from '../../machine/devices/holders.ts';
import type { Files } from '../../machine/files/files.ts';
import { readRootsText } from '../../machine/files/roots-text.ts';
import type { Mount } from '../../machine/formats/text/mounts.ts';
import { reasonOf } from '../../machine/runtime/errors.ts';
import type { MountRun } from '../run/run.ts';

/** Stopping a service takes up to 90 s by default (DefaultTimeoutStopSec of systemd-system.conf(5)). */
const STOP_SECONDS = 120;
const SYSTEMCTL_SECONDS = 30;

const SERVICES = '.gandi/services';

/** More units than this are nobody's list. */
const MOST_SERVICES = 100;

/** Names of systemd.unit(5) of services, without escapes; of a template one that names an instance. */
const SERVICE_NAME = /^[A-Za-z0-9:_.][A-Za-z0-9:_.@-]*(?<!@)\.service$/;

/** What the guest itself is run, reached and logged by: no disk has these stopped, whoever uses it. */
const SYSTEM_SERVICES = [
  '(systemd|gandi|cloud|initrd|dracut|plymouth|selinux|apparmor)[-.@].*',
  '(dbus|polkit|udev|rc|init|emergency|rescue|user|user-runtime-dir|autofs|udisks2|lvm2|mdadm|multipath)([-.@].*)?',
  '(ssh|sshd|dropbear|.*getty|display-manager|login)([-.@].*)?',
  '(networking|network|NetworkManager|ifup|ifupdown|wicked|wickedd|dhcpcd|dhclient|resolvconf|firewalld|nftables|iptables)([-.@].*)?',
  '(elogind|sssd|nslcd|wpa_supplicant|iwd|connman|openvpn|wg-quick|tailscaled|containerd|docker)([-.@].*)?',
  '(open-vm-tools|walinuxagent|google-guest-agent|amazon-ssm-agent|hv-.*)([-.@].*)?',
  '(rsyslog|syslog|syslog-ng|auditd|cron|crond|anacron|atd|acpid|qemu-guest-agent|xe-daemon|xen.*)([-.@].*)?',
];

let systemServices: RegExp | undefined;

/** Most disks name no service: the pattern is made where one does. */
function isSystemService(name: string): boolean {
  systemServices ??= new RegExp(`^(${SYSTEM_SERVICES.join('|')})\\.service$`);
  return systemServices.test(name);
}

/** Whether a disk may name a unit to be stopped. */
const mayBeNamed = (name: string) => name.length <= 255 && SERVICE_NAME.test(name) && !isSystemService(name);

/** The services that a list names, one a line, without the system's own; `.service` may be left out. */
export function parseServices(text: string): string[] {
  const names = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => (line.includes('.') ? line : `${line}.service`));
  return [...new Set(names.filter(mayBeNamed))].slice(0, MOST_SERVICES);
}

/**
 * The services that may be stopped before a disk goes, from the disk itself: only if nobody but root can have written the list.
 * @throws Error if a link is in the way or the disk cannot be read
 */
export function readServices(files: Pick<Files, 'locate'>, mountPoint: string): string[] {
  return parseServices(readRootsText(files.locate(mountPoint), SERVICES) ?? '');
}

/** The units that a disk names; none if they cannot be read, which is told. */
export function servicesOf(run: MountRun, mountPoint: string): string[] {
  try {
    return readServices(run.machine.files, mountPoint);
  } catch (error) {
    return untold(run, mountPoint, reasonOf(error));
  }
}

/** The same of a disk that may have stopped answering since it was read: who reads it then waits for ever. */
export async function servicesNow(run: MountRun, device: BlockDevice, mountPoint: string): Promise<string[]> {
  const isSilent = !(await run.answers.answersStill(run.machine.commands, device));
  return isSilent ? untold(run, mountPoint, NO_ANSWER) : servicesOf(run, mountPoint);
}

function untold(run: MountRun, mountPoint: string, why: string): string[] {
  run.tell('warning', `${mountPoint}/${SERVICES} is not used: ${why}`);
  return [];
}

/**
 * The unit of the system that a process belongs to, by its control group: the first part that is no slice (systemd,
 * src/basic/cgroup-util.c, cg_path_get_unit). What a user's own manager runs belongs to that user's `user@UID.service`.
 */
export function unitOf({ controlGroup }: Pick<Holder, 'controlGroup'>): string | undefined {
  return controlGroup.split('/').find((part) => part !== '' && !part.endsWith('.slice'));
}

/**
 * Of the services that a disk names those whose processes use it.
 * @throws the system's error if the mount point or /proc cannot be read
 */
export async function servicesInUse(
  run: Pick<MountRun, 'findHolders'>,
  { mountPoint, deviceNumber }: Mount,
  named: readonly string[],
): Promise<string[]> {
  const candidates = named.filter(mayBeNamed);
  if (candidates.length === 0) return [];
  const units = new Set((await run.findHolders(mountPoint, deviceNumber)).map(unitOf));
  return candidates.filter((name) => units.has(name));
}

/** Of services those that run, by systemd's word; none where it does not say: what is not stopped need not be started. */
export async function runningOf(run: MountRun, services: readonly string[]): Promise<readonly string[]> {
  if (services.length === 0 || run.dryRun) return services;
  const argv = ['systemctl', 'is-active', '--', ...services] as const;
  const { stdout, failure } = await run.machine.commands.run(argv, { timeoutSeconds: SYSTEMCTL_SECONDS });
  // One line for each (systemctl(1)).
  const states = stdout.trimEnd().split('\n');
  if (states.length !== services.length || states[0] === '') {
    const reason = failure ?? 'systemctl is-active does not say';
    run.tell(
      'warning',
      `${services.join(', ')}: not stopped, for it is not known whether they run: ${reason}`,
    );
    return [];
  }
  return services.filter((_, index) => ['active', 'activating', 'reloading'].includes(states[index] ?? ''));
}

/** Stops services, or starts them again after a detach that was given up. */
export function planServices(services: readonly string[], action: 'stop' | 'start'): Change[] {
  if (services.length === 0) return [];
  return [
    {
      kind: 'run-command',
      argv: ['systemctl', action, '--', ...services],
      timeoutSeconds: STOP_SECONDS,
      thisBootOnly: true,
      why: action === 'stop' ? 'they use the disk' : 'the disk stays',
    },
  ];
}
