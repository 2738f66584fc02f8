import { posix } from 'node:path';
import type { FileView } from '../files/files.ts';
import { matchesGlob } from '../files/glob.ts';
import type { NetworkInterface } from '../system/facts.ts';

const NET_CLASS = '/sys/class/net';

/** VIRTIO_NET_F_MQ (virtio 1.2, 5.1.3 Feature bits). */
const MULTI_QUEUE_BIT = 22;

/** As many masters as are looked for above an interface; the kernel has no more than eight (net/core/dev.c). */
const MOST_MASTERS = 8;

/** Numbers compare as numbers, those of PCI and platform devices are hexadecimal: virtio2 comes before virtio10. */
const sortKey = (place: string) => place.replace(/[0-9a-f]+/g, (digits) => digits.padStart(16, '0'));

/**
 * Where the device of an interface is attached, which no renaming changes: `../../devices/pci0000:00/0000:00:03.0/
 * virtio0/net/eth0` without the interface itself. Empty where that cannot be said.
 */
function placeOf(files: FileView, name: string): string {
  const target = files.linkTarget(`${NET_CLASS}/${name}`) ?? '';
  return posix.dirname(posix.dirname(target)).replace(/^\.$/, '');
}

/** The order of the devices; of several interfaces of one device, the order in which the kernel made them. */
function inDeviceOrder(files: FileView, names: readonly string[]): string[] {
  const keys = new Map(names.map((name) => [name, sortKey(placeOf(files, name))]));
  return names.toSorted((one, other) => {
    const [first = '', second = ''] = [keys.get(one), keys.get(other)];
    if (first !== second) return first < second ? -1 : 1;
    return indexOf(files, one) - indexOf(files, other);
  });
}

const macOf = (files: FileView, path: string) => files.readText(path)?.trim().toLowerCase();

/** The topmost interface that one is part of. */
function topmostMaster(files: FileView, name: string): NetworkInterface['master'] {
  const masters: string[] = [];
  for (let next = masterOf(files, name); next !== undefined; next = masterOf(files, next)) {
    if (masters.push(next) === MOST_MASTERS) break;
  }
  const last = masters.at(-1);
  if (last === undefined) return undefined;
  return { name: last, mac: macOf(files, `${NET_CLASS}/${last}/address`) ?? '' };
}

/** The kernel shows virtio features as one character a bit, the lowest first (drivers/virtio/virtio.c). */
const hasFeature = (features: string, bit: number) => features[bit] === '1';

function readInterface(files: FileView, name: string): NetworkInterface {
  const directory = `${NET_CLASS}/${name}`;
  const driver = posix.basename(files.linkTarget(`${directory}/device/driver`) ?? '');
  const master = topmostMaster(files, name);
  const permanentMac = master && macOf(files, `${directory}/bonding_slave/perm_hwaddr`);
  const features = driver === 'virtio_net' ? (files.readText(`${directory}/device/features`) ?? '') : '';
  return {
    name,
    mac: macOf(files, `${directory}/address`) ?? '',
    driver,
    ...(master === undefined ? {} : { master }),
    ...(permanentMac === undefined ? {} : { permanentMac }),
    queues: files.list(`${directory}/queues`).filter((queue) => queue.startsWith('rx-')).length,
    multiQueue: hasFeature(features, MULTI_QUEUE_BIT),
  };
}

/**
 * The interfaces that have a device behind them, which leaves out loopback, bridges, tunnels and VLANs.
 * @returns in the order of their devices
 */
export function listInterfaces(files: FileView): NetworkInterface[] {
  const names = files
    .list(NET_CLASS)
    .filter((name) => files.status(`${NET_CLASS}/${name}/device`) !== undefined);
  return inDeviceOrder(files, names).map((name) => readInterface(files, name));
}

/**
 * Interfaces that a host may count: two that stand behind a third one of the same device are no interfaces of their own
 * for it (virtio failover, and Hyper-V's virtual functions).
 */
export function countedInterfaces(interfaces: readonly NetworkInterface[]): NetworkInterface[] {
  const names = interfaces.map(({ name }) => name);
  return interfaces.filter(({ master }) => master === undefined || !names.includes(master.name));
}

/** A name that the kernel gives. */
const KERNEL_NAME = /^eth\d+$/;

/** Whether the guest keeps the kernel's names. */
export const keepsKernelNames = (interfaces: readonly NetworkInterface[]): boolean =>
  countedInterfaces(interfaces).some(({ name }) => KERNEL_NAME.test(name));

/**
 * Which interface the host means by a number.
 * @param number from 0
 * @param interfaces what the guest has, in the order of their devices
 * @returns in a guest that keeps the kernel's names (any interface is named so) `ethN`; where others were renamed, they
 *   have in their order the numbers that are free. Else the Nth interface. Undefined if there is none
 */
export function interfaceFor(number: number, interfaces: readonly NetworkInterface[]): string | undefined {
  const names = countedInterfaces(interfaces).map(({ name }) => name);
  const kept = names.filter((name) => KERNEL_NAME.test(name));
  if (kept.includes(`eth${number}`)) return `eth${number}`;
  const renamed = names.filter((name) => !kept.includes(name));
  const taken = kept.filter((name) => Number(name.slice('eth'.length)) < number).length;
  return renamed[number - taken];
}

/** Number of an interface, which no other one gets in this boot; 0 if there is no such interface. */
export function indexOf(files: FileView, name: string): number {
  return Number((files.readText(`${NET_CLASS}/${name}/ifindex`) ?? '0').trim());
}

/** IFF_UP (include/uapi/linux/if.h). */
const UP_FLAG = 1;

/** Whether an interface is up, with or without a link. */
export function isUp(files: FileView, name: string): boolean {
  return (Number((files.readText(`${NET_CLASS}/${name}/flags`) ?? '0').trim()) & UP_FLAG) !== 0;
}

/** The bond or bridge that an interface is part of. */
export function masterOf(files: FileView, name: string): string | undefined {
  const target = files.linkTarget(`${NET_CLASS}/${name}/master`);
  return target === undefined ? undefined : posix.basename(target);
}

/** How an interface is meant: by MAC address if there is one, else by name or driver, else by number. */
export interface InterfaceIdentity {
  number?: number;
  mac?: string;
  /** A pattern (glob(7)) means all that it fits. */
  name?: string;
  /** A pattern (glob(7)), which narrows what `name` fits. */
  driver?: string;
  /** The name that it is given. */
  setName?: string;
  /** The hardware address that it is given. */
  setMac?: string;
  /** It is made, of others: no device is to be found. */
  virtual?: object;
  /** Where others are there it is no problem that this one is not. */
  mayBeMissing?: true;
}

/** Whether a name or driver can mean several interfaces. */
export const isPattern = ({ name, driver }: InterfaceIdentity): boolean =>
  driver !== undefined || /[*?[]/.test(name ?? '');

/** A MAC address that several interfaces have means the one that the others are part of. */
function findByMac(mac: string, interfaces: readonly NetworkInterface[]): string | undefined {
  const all = interfaces.filter((device) => device.mac === mac || device.permanentMac === mac);
  const device = all.find(({ master }) => master === undefined) ?? all[0];
  if (device?.master === undefined) return device?.name;
  const { name, master, permanentMac } = device;
  return master.mac === mac || permanentMac !== undefined ? master.name : name;
}

/** @returns the name of the interface that is meant; undefined if the guest has none of that kind */
export function findInterface(
  identity: InterfaceIdentity,
  interfaces: readonly NetworkInterface[],
): string | undefined {
  const { number, mac, name, driver, setName, setMac } = identity;
  const has = (other: string | undefined) => interfaces.find((device) => device.name === other)?.name;
  if (mac !== undefined)
    return findByMac(mac, interfaces) ?? (setMac === undefined ? undefined : findByMac(setMac, interfaces));
  if (name !== undefined || driver !== undefined) {
    // An earlier run may have given it its name.
    if (setName !== undefined && has(setName) !== undefined) return setName;
    return isPattern(identity) ? fittingInterfaces(identity, interfaces)[0] : has(name);
  }
  return number === undefined ? undefined : interfaceFor(number, interfaces);
}

/** The interfaces that patterns of name and driver fit, those left out that are part of another one. */
export function fittingInterfaces(
  { name = '*', driver = '*' }: InterfaceIdentity,
  interfaces: readonly NetworkInterface[],
): string[] {
  const fitting = countedInterfaces(interfaces).filter(
    (device) => matchesGlob(name, device.name) && matchesGlob(driver, device.driver),
  );
  return fitting.map((device) => device.name);
}

/** The device itself that is meant, whatever it is part of: the one that is to be a port of what we make. */
export function findDevice(
  identity: InterfaceIdentity,
  interfaces: readonly NetworkInterface[],
): string | undefined {
  const { mac, setMac } = identity;
  if (mac === undefined) return findInterface(identity, interfaces);
  const own = (device: NetworkInterface) => device.permanentMac ?? device.mac;
  return interfaces.find((device) => [mac, setMac].includes(own(device)))?.name;
}

/**
 * How many queue pairs a virtio_net device has at most. The kernel tells only by the interrupts that the driver asks
 * for when it starts, one for each queue, used or not (drivers/net/virtio_net.c, virtnet_find_vqs).
 * @returns undefined where the device has no interrupt for each queue, as on virtio-mmio
 */
export function mostQueues(files: FileView, name: string): number | undefined {
  const device = posix.basename(files.linkTarget(`${NET_CLASS}/${name}/device`) ?? '');
  if (device === '') return undefined;
  const interrupts = (files.readText('/proc/interrupts') ?? '').split('\n');
  const inputs = interrupts.map((line) => line.trim().split(/\s+/).at(-1) ?? '');
  const count = inputs.filter((input) => input.startsWith(`${device}-input.`)).length;
  return count > 0 ? count : undefined;
}
