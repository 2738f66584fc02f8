import { appendNode, childrenOf, type Element, findElement, type XmlNode, xmlText } from '../libvirt/xml.ts';
import { interfaceNode, type Nic } from './interfaces.ts';
import { fileSystemNodes, type GuestMount } from './mounts.ts';

/** Ports of every guest of ours: without paths, so that a copy of its XML gets its own. */
export const EXEC_PORT = 'net.gandi.exec.0';
export const REPORT_PORT = 'net.gandi.report.0';

/** A disk's file and its format. */
export interface DiskFile {
  path: string;
  format: 'qcow2' | 'raw';
  readOnly?: boolean;
  /** By which the guest finds it below /dev/disk/by-id. */
  serial?: string;
}

export interface Machine {
  /** `kvm`, or `qemu` where that is not to be had. */
  type: 'kvm' | 'qemu';
  /** Features of the host's CPU that its guests are not to have. */
  withoutFeatures?: readonly string[];
  memoryMebibytes: number;
  cpus: number;
}

export interface BootFiles {
  kernel: string;
  initrd: string;
}

/** What a kernel is told that is started without a boot loader. */
export const COMMAND_LINE = 'root=LABEL=root rw console=ttyS0 net.ifnames=0 quiet';
/** The oldest CPU that the toolkit's executable runs on, and the one that emulation is fastest with. */
export const EMULATED_CPU = 'Nehalem';

export function diskNode({ path, format, readOnly, serial }: DiskFile, index: number): XmlNode {
  return {
    name: 'disk',
    attributes: { type: 'file', device: 'disk' },
    children: [
      { name: 'driver', attributes: { name: 'qemu', type: format, discard: 'unmap' } },
      { name: 'source', attributes: { file: path } },
      { name: 'target', attributes: { dev: `vd${String.fromCharCode(97 + index)}`, bus: 'virtio' } },
      ...(serial === undefined ? [] : [{ name: 'serial', text: serial }]),
      ...(readOnly ? [{ name: 'readonly' }] : []),
    ],
  };
}

const channelNode = (port: string): XmlNode => ({
  name: 'channel',
  attributes: { type: 'unix' },
  children: [{ name: 'target', attributes: { type: 'virtio', name: port } }],
});

function bootNodes(boot: BootFiles | undefined): XmlNode[] {
  if (boot === undefined) return [{ name: 'boot', attributes: { dev: 'hd' } }];
  return [
    { name: 'kernel', text: boot.kernel },
    { name: 'initrd', text: boot.initrd },
    { name: 'cmdline', text: COMMAND_LINE },
  ];
}

/**
 * The domain of a golden image: never started, the template of its guests. Admins change it with `virsh edit`.
 * @param machine what its guests are
 * @param disk of its current version
 */
export function goldenNode(
  name: string,
  uuid: string,
  machine: Machine,
  disk: DiskFile,
  boot?: BootFiles,
): XmlNode {
  const cpu: XmlNode =
    machine.type === 'kvm'
      ? {
          name: 'cpu',
          attributes: { mode: 'host-passthrough' },
          children: (machine.withoutFeatures ?? []).map((name) => ({
            name: 'feature',
            attributes: { policy: 'disable', name },
          })),
        }
      : {
          name: 'cpu',
          attributes: { mode: 'custom', match: 'exact' },
          children: [{ name: 'model', attributes: { fallback: 'allow' }, text: EMULATED_CPU }],
        };
  return {
    name: 'domain',
    attributes: { type: machine.type },
    children: [
      { name: 'name', text: name },
      { name: 'uuid', text: uuid },
      { name: 'title', text: 'golden image of gandi-host: never started, the template of its guests' },
      { name: 'memory', attributes: { unit: 'MiB' }, text: String(machine.memoryMebibytes) },
      { name: 'vcpu', text: String(machine.cpus) },
      {
        name: 'os',
        children: [
          { name: 'type', attributes: { arch: 'x86_64', machine: 'q35' }, text: 'hvm' },
          ...bootNodes(boot),
        ],
      },
      { name: 'features', children: [{ name: 'acpi' }, { name: 'apic' }] },
      cpu,
      { name: 'on_poweroff', text: 'destroy' },
      { name: 'on_reboot', text: 'restart' },
      { name: 'on_crash', text: 'destroy' },
      {
        name: 'devices',
        children: [
          diskNode({ ...disk, readOnly: true }, 0),
          { name: 'controller', attributes: { type: 'usb', model: 'none' } },
          { name: 'serial', attributes: { type: 'pty' } },
          channelNode(EXEC_PORT),
          channelNode(REPORT_PORT),
          { name: 'memballoon', attributes: { model: 'none' } },
          {
            name: 'rng',
            attributes: { model: 'virtio' },
            children: [{ name: 'backend', attributes: { model: 'random' }, text: '/dev/urandom' }],
          },
        ],
      },
    ],
  };
}

/** What makes a guest of a template. */
export interface GuestParts {
  name: string;
  uuid: string;
  /** The root disk first. */
  disks: readonly DiskFile[];
  boot?: BootFiles;
  /** Each with its MAC address. */
  nics: readonly (Nic & { mac: string })[];
  mounts: readonly GuestMount[];
  memoryMebibytes?: number;
  cpus?: number;
  /** Path of a file that libvirt writes what its console says into. */
  consoleLog?: string;
}

function removeAll(parent: Element, ...names: readonly string[]): void {
  for (const name of names) for (const child of childrenOf(parent, name)) parent.removeChild(child);
}

function setText(parent: Element, name: string, text: string, attributes: XmlNode['attributes'] = {}): void {
  removeAll(parent, name);
  appendNode(parent, { name, text, attributes });
}

/** A template's addresses on its buses stay with it: what is added must get free ones. */
function removeAddresses(devices: Element): void {
  for (const device of childrenOf(devices)) removeAll(device, 'address', 'alias');
}

/**
 * The definition of a guest, made from its template: all that is its own is new. What an admin gave the template stays.
 * @param template root element, which is not changed
 * @returns XML text
 */
export function guestXml(template: Element, parts: GuestParts): string {
  const domain = template.cloneNode(true) as Element;
  removeAll(domain, 'metadata', 'title', 'description');
  setText(domain, 'name', parts.name);
  setText(domain, 'uuid', parts.uuid);
  const { memoryMebibytes, cpus, boot, mounts } = parts;
  if (memoryMebibytes !== undefined) {
    removeAll(domain, 'currentMemory');
    setText(domain, 'memory', String(memoryMebibytes), { unit: 'MiB' });
  }
  if (cpus !== undefined) setText(domain, 'vcpu', String(cpus));
  const os = findElement(domain, 'os');
  if (os !== undefined && boot !== undefined) {
    setText(os, 'kernel', boot.kernel);
    setText(os, 'initrd', boot.initrd);
  }
  const devices = findElement(domain, 'devices');
  if (devices === undefined) throw new Error(`the template of ${parts.name} has no devices`);
  removeAll(devices, 'disk', 'interface', 'filesystem');
  removeAddresses(devices);
  for (const channel of childrenOf(devices, 'channel')) removeAll(channel, 'source');
  const [serial] = childrenOf(devices, 'serial');
  if (parts.consoleLog !== undefined && serial !== undefined)
    appendNode(serial, { name: 'log', attributes: { file: parts.consoleLog, append: 'off' } });
  for (const [index, disk] of parts.disks.entries()) appendNode(devices, diskNode(disk, index));
  for (const nic of parts.nics) appendNode(devices, interfaceNode(nic, nic.mac));
  for (const node of fileSystemNodes(mounts)) appendNode(devices, node);
  if (mounts.some(({ kind }) => kind === 'virtiofs')) {
    // virtiofsd reads the guest's memory (formatdomain, "Filesystems").
    removeAll(domain, 'memoryBacking');
    appendNode(domain, {
      name: 'memoryBacking',
      children: [
        { name: 'source', attributes: { type: 'memfd' } },
        { name: 'access', attributes: { mode: 'shared' } },
      ],
    });
  }
  return xmlText(domain);
}
