import { posix } from 'node:path';
import type { NetworkInterface } from './facts.ts';
import type { FileView } from './files.ts';

const NET_CLASS = '/sys/class/net';

/** VIRTIO_NET_F_MQ (virtio 1.2, 5.1.3 Feature bits). */
const MULTI_QUEUE_BIT = 22;

/** Numbers inside names compare as numbers: eth2 comes before eth10. Names have at most 15 characters. */
const sortKey = (name: string) => name.replace(/\d+/g, (digits) => digits.padStart(15, '0'));

/** The kernel shows virtio features as one character a bit, the lowest first (drivers/virtio/virtio.c). */
const hasFeature = (features: string, bit: number) => features[bit] === '1';

function readInterface(files: FileView, name: string): NetworkInterface {
  const directory = `${NET_CLASS}/${name}`;
  const driver = posix.basename(files.linkTarget(`${directory}/device/driver`) ?? '');
  const features = driver === 'virtio_net' ? (files.readText(`${directory}/device/features`) ?? '') : '';
  return {
    name,
    mac: (files.readText(`${directory}/address`) ?? '').trim().toLowerCase(),
    driver,
    queues: files.list(`${directory}/queues`).filter((queue) => queue.startsWith('rx-')).length,
    multiQueue: hasFeature(features, MULTI_QUEUE_BIT),
  };
}

/**
 * The interfaces that have a device behind them, which leaves out loopback, bridges, tunnels and VLANs.
 * @returns ordered by name
 */
export function listInterfaces(files: FileView): NetworkInterface[] {
  return files
    .list(NET_CLASS)
    .filter((name) => files.status(`${NET_CLASS}/${name}/device`) !== undefined)
    .sort((one, other) => (sortKey(one) < sortKey(other) ? -1 : 1))
    .map((name) => readInterface(files, name));
}

/**
 * Which interface the host means by a number.
 * @param number from 0
 * @param interfaces what the guest has, ordered by name
 * @returns `ethN` in a guest that keeps the kernel's names (any interface is named so); else the Nth interface by
 *   name, which is the order of the slots that predictable names are made of; undefined if there is none
 */
export function interfaceFor(number: number, interfaces: readonly NetworkInterface[]): string | undefined {
  const names = interfaces.map(({ name }) => name);
  if (!names.some((name) => /^eth\d+$/.test(name))) return names[number];
  return names.find((name) => name === `eth${number}`);
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

/** How an interface is meant: by MAC address if there is one, else by name, else by number. */
export interface InterfaceIdentity {
  number: number;
  mac?: string;
  name?: string;
}

/** @returns the name of the interface that is meant; undefined if the guest has none of that kind */
export function findInterface(
  { number, mac, name }: InterfaceIdentity,
  interfaces: readonly NetworkInterface[],
): string | undefined {
  if (mac !== undefined) return interfaces.find((device) => device.mac === mac)?.name;
  if (name !== undefined) return interfaces.find((device) => device.name === name)?.name;
  return interfaceFor(number, interfaces);
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
