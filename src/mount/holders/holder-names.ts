import type { DeviceWriter } from '../../machine/devices/device-writers.ts';
import type { Holder } from '../../machine/devices/holders.ts';
import type { NamespaceKeeper } from '../../machine/devices/mount-namespaces.ts';
import { unitOf } from './services.ts';

/** What people know a container's long number by. */
const SHORT_NUMBER = 12;

/** Control groups that container managers make, each with the part that names the container. */
const CONTAINERS: readonly (readonly [RegExp, string])[] = [
  [/\/(?:docker-|docker\/)([0-9a-f]{12,64})/, 'Docker container'],
  [/\/libpod-(?:conmon-)?([0-9a-f]{12,64})/, 'Podman container'],
  [/\/(?:cri-containerd|crio|cri-o)-([0-9a-f]{12,64})/, 'Kubernetes container'],
  [/\/lxc(?:\.payload\.|\/)([^/]+)/, 'LXC container'],
  [/\/machine-([^/]+)\.scope/, 'machine'],
  [/\/systemd-nspawn@([^/]+)\.service/, 'machine'],
];

/** systemd writes what is not plain in a unit's name as `\xNN` (systemd-escape(1)). */
const unescapeUnit = (name: string) =>
  name.replace(/\\x([0-9a-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));

/** The container that a control group is of, by the names that its manager gives; undefined if it is none's. */
export function containerOf(controlGroup: string): string | undefined {
  for (const [pattern, kind] of CONTAINERS) {
    const name = pattern.exec(controlGroup)?.[1];
    if (name === undefined) continue;
    return `${kind} ${/^[0-9a-f]{12,64}$/.test(name) ? name.slice(0, SHORT_NUMBER) : unescapeUnit(name)}`;
  }
  return undefined;
}

/** Where a process of another mount namespace runs: its container, or else its unit. */
export function placeOf({ controlGroup }: Pick<Holder, 'controlGroup'>): string {
  const container = containerOf(controlGroup);
  if (container !== undefined) return `in ${container}`;
  const unit = unitOf({ controlGroup });
  return `in a mount namespace of its own${unit === undefined ? '' : ` (${unit})`}`;
}

/** A process and the file that it uses. */
export function describeProcess({ pid, command, file, controlGroup, isElsewhere }: Holder): string {
  const place = isElsewhere === true ? ` ${placeOf({ controlGroup })}` : '';
  return `process ${pid} (${command})${place} with ${file}`;
}

/** A process that writes to a device. */
export const describeWriter = ({ pid, command }: DeviceWriter, node: string) =>
  `process ${pid} (${command}), which has ${node} open for writing`;

/** A namespace in which nothing runs, and how to look into it. */
export function describeKeeper(keeper: NamespaceKeeper): string {
  return 'mountPoint' in keeper
    ? `a mount namespace in which nothing runs, kept by ${keeper.mountPoint} (umount ${keeper.mountPoint} ends it)`
    : `a mount namespace in which nothing runs, which process ${keeper.pid} (${keeper.command}) keeps open`;
}
