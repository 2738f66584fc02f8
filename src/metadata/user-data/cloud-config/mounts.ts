import { describeYaml, type Findings } from '../../fields/map-reader.ts';
import { quote } from '../../fields/problem.ts';
import {
  isNull,
  isYamlList,
  isYamlScalar,
  type YamlList,
  type YamlValue,
} from '../../fields/yaml/yaml-text.ts';
import type { MountConfig } from '../../guest-config.ts';
import { type CloudConfig, isRefused } from './cloud-config.ts';
import { isPath } from './storage.ts';

/** An order behind a unit that is not there; with `requires` nothing would be mounted. */
const OF_CLOUD_INIT = /^x-systemd\.(?:after|requires)=cloud-init[\w-]*\.(?:service|target)$/;
/** Without a dependency on a unit of cloud-init's. */
const OPTIONS = ['defaults', 'nofail'];
const MOUNT = 'a list: device, directory, and, if need be, type and options';
/** Names that the kernel gives disks, without their directory (cloud-init, cc_mounts.py). */
const KERNEL_NAME = /^(?:x?[shv]d[a-z]+\d*|sr\d+|nvme\d+n\d+(?:p\d+)?|mmcblk\d+(?:p\d+)?)$/;
const OF_THE_HOST = /^(?:ephemeral|ebs|ami|root|swap)[0-9.]*$/;
const isOverNetwork = (device: string) => /^(?:\/\/|[^/=]+:\/)/.test(device);

/** `mounts` and `mount_default_fields` (cc_mounts). Each entry stands for itself. */
export function readMounts(config: CloudConfig): MountConfig[] {
  const defaults = readDefaults(config);
  const mounts: MountConfig[] = [];
  for (const { value, path, findings } of config.list('mounts', 'storage') ?? []) {
    if (isYamlScalar(value) && isNull(value)) continue;
    if (!isYamlList(value)) {
      findings.refuse(path, describeYaml(value), MOUNT);
      continue;
    }
    const mount = readMount(value, defaults, path, findings);
    if (mount === undefined || isRefused(findings)) continue;
    mounts.push(mount);
    const said = mount.remove ? 'removed' : `${mount.device} ${mount.type}`;
    findings.origin(`mount ${quote(mount.mountPoint || mount.device)}`, said, path);
  }
  return mounts;
}

/** What stands in place of fields that a mount does not name. */
function readDefaults(config: CloudConfig): (string | undefined)[] {
  const items = config.list('mount_default_fields', 'storage') ?? [];
  return items.map(({ value, path, findings }) => textOf(value, path, findings));
}

function readMount(
  list: YamlList,
  defaults: readonly (string | undefined)[],
  path: string,
  findings: Findings,
): MountConfig | undefined {
  const fields = list.map((value, index) => textOf(value, `${path}[${index}]`, findings));
  const [device, mountPoint, type = defaults[2] ?? 'auto', options = defaults[3]] = fields;
  if (device === undefined || list.length > 6) {
    findings.refuse(path, device === undefined ? 'no device' : `${list.length} fields`, MOUNT);
    return undefined;
  }
  const isGone = mountPoint === undefined || mountPoint === '';
  if (OF_THE_HOST.test(device)) {
    // Nothing of such a name is there that could be removed.
    if (!isGone) findings.refuse(`${path}[0]`, quote(device), 'the path of a device, LABEL= or UUID=');
    return undefined;
  }
  const node = KERNEL_NAME.test(device) ? `/dev/${device}` : device;
  if (!isWord(node)) findings.refuse(`${path}[0]`, quote(node), 'a device without blanks');
  if (!isWord(type)) findings.refuse(`${path}[2]`, quote(type), 'the type of a file system');
  if (isGone) return { device: node, mountPoint: '', type, options: [], remove: true };
  if (mountPoint !== 'none' && !isPath(mountPoint))
    findings.refuse(`${path}[1]`, quote(mountPoint), 'an absolute path, or none for swap');
  return { device: node, mountPoint, type, options: optionsOf(options, node, `${path}[3]`, findings) };
}

const isWord = (text: string) => /^[^\s\p{Cc}]{1,4096}$/u.test(text);

function optionsOf(text: string | undefined, device: string, path: string, findings: Findings): string[] {
  if (text === undefined) return [...OPTIONS, ...(isOverNetwork(device) ? ['_netdev'] : [])];
  const wanted = text.split(',').filter((option) => option !== '' && !OF_CLOUD_INIT.test(option));
  if (!wanted.every(isWord)) findings.refuse(path, 'options with blanks', 'options with commas alone');
  return wanted.length === 0 ? ['defaults'] : wanted;
}

function textOf(value: YamlValue, path: string, findings: Findings): string | undefined {
  if (isNull(value)) return undefined;
  if (isYamlScalar(value)) return value.text;
  findings.refuse(path, describeYaml(value), 'text');
  return undefined;
}
