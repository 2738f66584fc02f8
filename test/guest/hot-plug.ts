import {
  blockName,
  blockNode,
  diskDevice,
  type GuestDisk,
  limitName,
  limitsOf,
  rootPortName,
  throttleGroup,
} from './machine.ts';
import { type GuestInterface, networkBackend, networkDevice } from './machine-interfaces.ts';
import type { Qmp } from './qmp.ts';

/** A disk or an interface that was added to a running machine. */
export interface Attached {
  /** The device's name in QEMU. */
  readonly device: string;
  readonly backend: string;
  readonly kind: 'disk' | 'interface';
  readonly rootPort?: number;
}

/** Adds devices to a running machine and takes them out again, as a host does. */
export class HotPlug {
  readonly #qmp: Qmp;
  readonly #freePorts: number[];
  #nextDisk: number;
  #nextInterface: number;

  constructor(qmp: Qmp, counts: { disks: number; interfaces: number; rootPorts: number }) {
    this.#qmp = qmp;
    this.#nextDisk = counts.disks;
    this.#nextInterface = counts.interfaces;
    this.#freePorts = Array.from({ length: counts.rootPorts }, (_, index) => index);
  }

  async attachDisk(disk: GuestDisk): Promise<Attached> {
    const index = this.#nextDisk++;
    const rootPort = disk.bus === 'virtio-blk' ? this.#takePort() : undefined;
    const backend = blockName(index);
    const limit = disk.answersBytes === undefined ? undefined : throttleGroup(backend, disk.answersBytes);
    if (limit !== undefined) await this.#qmp.execute('object-add', limit);
    await this.#qmp.execute('blockdev-add', blockNode(disk, backend));
    const pciBus = rootPort === undefined ? undefined : rootPortName(rootPort);
    const device = diskDevice(disk, index, pciBus);
    await this.#qmp.execute('device_add', device);
    const attached: Attached = { device: String(device.id), backend, kind: 'disk' };
    return rootPort === undefined ? attached : { ...attached, rootPort };
  }

  /** Has a disk that has a limit stop answering at once. What waits for it does so for good, whatever limit it gets then. */
  async silence({ backend }: Pick<Attached, 'backend'>): Promise<void> {
    await this.#qmp.execute('qom-set', {
      path: `/objects/${limitName(backend)}`,
      property: 'limits',
      value: limitsOf(1),
    });
  }

  async attachInterface(nic: GuestInterface): Promise<Attached> {
    const index = this.#nextInterface++;
    const rootPort = this.#takePort();
    const backend = networkBackend(nic, index, undefined);
    const device = networkDevice(nic, index, rootPortName(rootPort));
    await this.#qmp.execute('netdev_add', backend);
    await this.#qmp.execute('device_add', device);
    return { device: String(device.id), backend: String(backend.id), kind: 'interface', rootPort };
  }

  /** Takes the device out and waits until the guest has let it go. The disk's file is free again then. */
  async detach(attached: Attached): Promise<void> {
    const { device, backend, rootPort } = attached;
    await this.#qmp.andEvent(
      'DEVICE_DELETED',
      (event) => event.data?.device === device,
      () => this.#qmp.execute('device_del', { id: device }),
    );
    if (attached.kind === 'disk') await this.#qmp.execute('blockdev-del', { 'node-name': backend });
    else await this.#qmp.execute('netdev_del', { id: backend });
    if (rootPort !== undefined) this.#freePorts.push(rootPort);
  }

  #takePort(): number {
    const rootPort = this.#freePorts.shift();
    if (rootPort === undefined) throw new Error('no PCI Express port is free: boot with more hotplugPorts');
    return rootPort;
  }
}
