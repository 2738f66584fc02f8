import { COMMAND_LINE, EMULATED_CPU } from '../../src/host/guest/definition.ts';
import type { DiskFile } from './disk.ts';
import type { Image } from './image.ts';
import { type GuestInterface, interfaceArguments } from './machine-interfaces.ts';

/** A disk of the guest and how it is attached. */
export interface GuestDisk {
  readonly disk: DiskFile;
  /**
   * `virtio-scsi` is what Gandi's KVM hosts have, `virtio-blk` gives `/dev/vdX`, `nvme-subsystem` is a namespace that two
   * controllers lead to, which cannot be hot-plugged; `optical` is a CD drive with its medium.
   */
  readonly bus?: 'virtio-scsi' | 'virtio-blk' | 'nvme-subsystem' | 'optical';
  /** SCSI target number; by default the disk's position. */
  readonly scsiId?: number;
  /** SCSI vendor; `gandi.ne` by default. */
  readonly vendor?: string;
  readonly serial?: string;
  /** World Wide Name of a SCSI disk: 64 bits, of which JSON keeps the first 53. */
  readonly wwn?: number;
  /** Its file is another disk's as well: two paths to one disk. */
  readonly isShared?: boolean;
  readonly readOnly?: boolean;
  /** It stops answering when so many bytes were read or written; `Guest.silence` has it stop at once. */
  readonly answersBytes?: number;
}

/** Everything that determines the emulated machine. */
export interface MachineOptions {
  readonly image: Omit<Image, 'file'>;
  /** Boots it as the distribution does: with its own initial RAM disk, and every unit and generator that it has. */
  readonly asDistributed?: boolean;
  /** In the order in which the machine lists them; where root is among them does not matter: it is found by label. */
  readonly disks: readonly GuestDisk[];
  readonly interfaces?: readonly GuestInterface[];
  /** 1 by default: two guests at a time keep both of a small machine's cores busy, and do not wait for each other. */
  readonly cpus?: { readonly count: number; readonly maximum?: number };
  /** In MiB. With `maximum`, memory modules can be added. */
  readonly memory?: { readonly mebibytes: number; readonly maximumMebibytes?: number };
  /** One of `qemu-system-x86_64 -cpu help`. */
  readonly cpuModel?: string;
  /** Ties the guest's clock to the instructions executed, to count instructions; on one host thread, hence slower. */
  readonly countInstructions?: boolean;
  /** While instructions are counted, an idle guest waits as long as its clock says: for what answers outside of it. */
  readonly waitsInRealTime?: boolean;
  /** Of SMBIOS type 1: `manufacturer`, `product`, `serial` and `uuid` (qemu-system-x86_64 -smbios). */
  readonly system?: Readonly<Record<string, string>>;
  /** Of SMBIOS type 11, one after the other. */
  readonly oemStrings?: readonly string[];
  /** Added to the kernel command line; a later argument wins over an earlier one of that name. */
  readonly kernelArguments?: readonly string[];
  /** The UUID that the firmware tells (SMBIOS type 1); absent: it tells none. */
  readonly uuid?: string;
  /** Names of further virtio-serial ports, each with a socket of that name in the guest's folder. */
  readonly serialPorts?: readonly string[];
  /** A second serial port, `/dev/ttyS1`, that leads to somebody who listens at this socket. */
  readonly secondSerial?: string;
  /** What SMBIOS says of the machine (`-smbios type=1`), such as `manufacturer=Joyent`. */
  readonly smbios?: readonly string[];
  /** PCI Express ports for hot-plugged interfaces and virtio-blk disks; none by default, for each takes time at boot. */
  readonly hotplugPorts?: number;
}

/** The files through which the driver and QEMU talk, all in one folder. */
export interface MachineFiles {
  readonly console: string;
  readonly qmp: string;
  readonly control: string;
  readonly folder: string;
}

/**
 * Without mitigations, each of which costs an emulated CPU more than a real one; `no_timer_check`, since a host that is busy at the
 * wrong moment lets the kernel take the emulated timer for broken (kernel's admin-guide/kernel-parameters.txt).
 */
export const EMULATED_KERNEL = ['mitigations=off', 'no_timer_check'];

/** `quiet` is in it, since each character on the emulated serial line costs time. `panic=-1` has a panic end the machine at once. */
const kernelArguments = [COMMAND_LINE, ...EMULATED_KERNEL, 'panic=-1'];

/**
 * Memory is not filled with zeros each time it is given out, as Debian's kernel has it by default: a tenth of a boot under
 * emulation. Nor are its ciphers tested, which takes half a second. Where instructions are counted, all is to be as in
 * the guests of others.
 */
export const FAST_KERNEL = ['init_on_alloc=0', 'cryptomgr.notests', 'initcall_blacklist=crypto_kdf108_init'];

/** Without what none of them uses: a sixth of a boot goes into drivers for SATA, a keyboard and the like. */
const fastMachine = 'q35,sata=off,i8042=off,smbus=off';

/** The arguments of qemu-system-x86_64 for a machine; `forwards` has the host's port for SSH by interface position. */
export function qemuArguments(
  options: MachineOptions,
  files: MachineFiles,
  forwards: ReadonlyMap<number, number>,
): string[] {
  const counted = options.countInstructions ?? false;
  const { cpus = { count: 1 }, cpuModel = counted ? 'max' : EMULATED_CPU } = options;
  const { memory = { mebibytes: 1024 }, interfaces = [], serialPorts = [] } = options;
  const smp = [String(cpus.count), ...(cpus.maximum ? [`maxcpus=${cpus.maximum}`] : [])];
  const modules = memory.maximumMebibytes ? ['slots=8', `maxmem=${memory.maximumMebibytes}M`] : [];
  const { kernel, initrd } = counted || options.asDistributed ? options.image : options.image.quick;
  const accelerator = counted ? 'tcg,thread=single' : 'tcg,thread=multi';
  const machine = counted ? 'q35' : fastMachine;
  return [
    ['-nodefaults', '-nographic', '-no-reboot', '-machine', machine, '-accel', accelerator, '-cpu', cpuModel],
    options.uuid === undefined ? [] : ['-uuid', options.uuid],
    ['-smp', smp.join(','), '-m', [String(memory.mebibytes), ...modules].join(',')],
    counted ? clockArguments(options) : [],
    options.system === undefined ? [] : ['-smbios', `type=1,${words(options.system)}`],
    (options.oemStrings ?? []).flatMap((text) => ['-smbios', `type=11,value=${text.replaceAll(',', ',,')}`]),
    ['-kernel', kernel, '-initrd', initrd],
    [
      '-append',
      [...kernelArguments, ...(counted ? [] : FAST_KERNEL), ...(options.kernelArguments ?? [])].join(' '),
    ],
    ['-serial', `file:${files.console}`],
    options.secondSerial === undefined
      ? []
      : // As SmartOS has it: the guest goes on where nobody listens.
        [
          '-chardev',
          `socket,id=second,path=${options.secondSerial},server=off,reconnect=1`,
          '-serial',
          'chardev:second',
        ],
    options.smbios === undefined ? [] : ['-smbios', ['type=1', ...options.smbios].join(',')],
    ['-qmp', `unix:${files.qmp},server=on,wait=off`],
    ['-device', 'virtio-rng-pci', '-device', 'virtio-serial-pci'],
    port('guest-control', files.control),
    ...serialPorts.map((name) => port(name, `${files.folder}/${name}`)),
    ['-device', 'virtio-scsi-pci,id=scsi0'],
    ...options.disks.map((disk, index) => diskArguments(disk, index)),
    interfaceArguments(interfaces, forwards),
    ...Array.from({ length: options.hotplugPorts ?? 0 }, (_, index) => rootPort(index)),
  ].flat();
}

/** The clock of a guest in which instructions are counted: one nanosecond each. */
const clockArguments = ({ waitsInRealTime }: MachineOptions) => [
  '-icount',
  `shift=0,sleep=${waitsInRealTime === true ? 'on' : 'off'}`,
];

const words = (fields: Readonly<Record<string, string>>) =>
  Object.entries(fields)
    .map(([name, text]) => `${name}=${text.replaceAll(',', ',,')}`)
    .join(',');

/** More than any test reads. */
export const NEVER = 2 ** 40;

/** A disk that answers as long as nothing is said of it, and can be silenced. */
export const answering = { answersBytes: NEVER };

/**
 * QEMU's `-object` or `object-add` that has a disk stop answering: a byte a second is all that goes through when the first
 * bytes have.
 */
export function throttleGroup(name: string, bytes: number): Record<string, unknown> {
  return { 'qom-type': 'throttle-group', id: limitName(name), limits: limitsOf(bytes) };
}

export const limitsOf = (bytes: number) => ({
  'bps-total': 1,
  'bps-total-max': bytes,
});

export const limitName = (name: string) => `limit-${name}`;

/** QEMU's `-blockdev` or `blockdev-add` for a disk. */
export function blockNode(disk: GuestDisk, name: string): Record<string, unknown> {
  if (disk.answersBytes === undefined) return { 'node-name': name, ...imageNode(disk) };
  return {
    driver: 'throttle',
    'node-name': name,
    'read-only': disk.readOnly ?? false,
    'throttle-group': limitName(name),
    file: imageNode(disk),
  };
}

function imageNode(disk: GuestDisk): Record<string, unknown> {
  return {
    driver: disk.disk.format,
    'read-only': disk.readOnly ?? false,
    discard: 'unmap',
    // A flush reaches the file but is not synced there: what survives a kill of QEMU stays exact, and boots are faster.
    cache: { direct: false, 'no-flush': true },
    file: { driver: 'file', filename: disk.disk.file, ...(disk.isShared ? { locking: 'off' } : {}) },
  };
}

/** QEMU's `-device` or `device_add` for a disk; `pciBus` is where a virtio-blk disk goes. */
export function diskDevice(disk: GuestDisk, index: number, pciBus = 'pcie.0'): Record<string, unknown> {
  const serial = disk.serial === undefined ? {} : { serial: disk.serial };
  const common = { id: `device-${blockName(index)}`, drive: blockName(index), ...serial };
  if (disk.bus === 'virtio-blk') return { driver: 'virtio-blk-pci', bus: pciBus, ...common };
  const place = { bus: 'scsi0.0', 'scsi-id': disk.scsiId ?? index };
  if (disk.bus === 'optical') return { driver: 'scsi-cd', ...place, ...common };
  const named = disk.wwn === undefined ? {} : { wwn: disk.wwn };
  const shared = disk.isShared ? { 'share-rw': true } : {};
  const vendor = disk.vendor ?? 'gandi.ne';
  return { driver: 'scsi-hd', ...place, vendor, product: 'disk', ...named, ...shared, ...common };
}

export function blockName(index: number): string {
  return `disk${index}`;
}

export function rootPortName(index: number): string {
  return `hotplug${index}`;
}

function diskArguments(disk: GuestDisk, index: number): string[] {
  const name = blockName(index);
  const node = JSON.stringify(blockNode(disk, name));
  const { answersBytes } = disk;
  const limit =
    answersBytes === undefined ? [] : ['-object', JSON.stringify(throttleGroup(name, answersBytes))];
  const devices = disk.bus === 'nvme-subsystem' ? twoPaths(index) : [diskDevice(disk, index)];
  return [...limit, '-blockdev', node, ...devices.flatMap((device) => ['-device', JSON.stringify(device)])];
}

function twoPaths(index: number): Record<string, unknown>[] {
  const subsys = `subsystem${index}`;
  const controller = (id: string) => ({ driver: 'nvme', id, serial: subsys, subsys });
  const namespace = {
    driver: 'nvme-ns',
    drive: blockName(index),
    bus: `path${index}-a`,
    nsid: 1,
    shared: true,
  };
  return [
    { driver: 'nvme-subsys', id: subsys, nqn: subsys },
    controller(`path${index}-a`),
    controller(`path${index}-b`),
    namespace,
  ];
}

function rootPort(index: number): string[] {
  return ['-device', `pcie-root-port,id=${rootPortName(index)},chassis=${index + 1},slot=${index + 1}`];
}

function port(name: string, socket: string): string[] {
  const backend = `socket,id=${name},path=${socket},server=on,wait=off`;
  return ['-chardev', backend, '-device', `virtserialport,chardev=${name},name=${name}`];
}
