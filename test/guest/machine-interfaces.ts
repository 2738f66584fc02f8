/** A network interface of the guest, in a network of its own that reaches no other. */
export interface GuestInterface {
  /** The IPv4 network with prefix length, such as `92.243.10.0/22`. */
  readonly network: string;
  /** The host's address in it, which is the guest's gateway. */
  readonly hostAddress: string;
  /** The guest's address to which SSH connections go; on the first interface that has one. */
  readonly guestAddress?: string;
  readonly mac?: string;
  /** QEMU's DHCP server names a router and a name server too, and the router leads to the networks of this machine. */
  readonly routed?: boolean;
  /** Servers in this network, by address and port, and the command that QEMU starts for each connection to one. */
  readonly servers?: Readonly<Record<string, string>>;
  /** A multicast address and port of this machine: the interfaces with the same one are on one segment, and reach nothing else. */
  readonly segment?: string;
}

/** QEMU's `-netdev` or `netdev_add` for an interface, as properties. */
export function networkBackend(
  nic: GuestInterface,
  index: number,
  sshPort: number | undefined,
): Record<string, unknown> {
  if (nic.segment !== undefined)
    return { type: 'socket', id: `net${index}`, mcast: nic.segment, localaddr: '127.0.0.1' };
  const servers = Object.entries(nic.servers ?? {});
  const forward = { str: `tcp:127.0.0.1:${sshPort}-${nic.guestAddress}:22` };
  return {
    type: 'user',
    id: `net${index}`,
    net: nic.network,
    host: nic.hostAddress,
    restrict: nic.routed !== true,
    ...(servers.length === 0
      ? {}
      : { guestfwd: servers.map(([address, command]) => ({ str: `tcp:${address}-cmd:${command}` })) }),
    ...(sshPort === undefined ? {} : { hostfwd: [forward] }),
  };
}

/** QEMU's `-device` or `device_add` for an interface. */
export function networkDevice(
  nic: GuestInterface,
  index: number,
  pciBus = 'pcie.0',
): Record<string, unknown> {
  // 52:54:00 is QEMU's own prefix. No ROM to boot from the network by: it costs a second.
  const mac = nic.mac ?? `52:54:00:67:61:${index.toString(16).padStart(2, '0')}`;
  return {
    driver: 'virtio-net-pci',
    id: `device-net${index}`,
    netdev: `net${index}`,
    bus: pciBus,
    mac,
    romfile: '',
  };
}

/** The bus of a machine has 32 slots, of which each takes a device, or a device of 8 functions. */
const MOST_SLOTS = 16;
const FIRST_SHARED_SLOT = 0x10;
const FUNCTIONS = 8;

/**
 * The arguments of qemu-system-x86_64 for all interfaces of a machine.
 * @param forwards the host's port for SSH by interface position
 */
export function interfaceArguments(
  interfaces: readonly GuestInterface[],
  forwards: ReadonlyMap<number, number>,
): string[] {
  return interfaces.flatMap((nic, index) => {
    const backend = JSON.stringify(networkBackend(nic, index, forwards.get(index)));
    const slot = FIRST_SHARED_SLOT + Math.floor(index / FUNCTIONS);
    const place = { addr: `${slot.toString(16)}.${index % FUNCTIONS}`, multifunction: true };
    const device = { ...networkDevice(nic, index), ...(interfaces.length > MOST_SLOTS ? place : {}) };
    return ['-netdev', backend, '-device', JSON.stringify(device)];
  });
}
