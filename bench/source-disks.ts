import { join } from 'node:path';
import type { GuestDisk, MachineOptions } from '../test/guest/machine.ts';
import { SerialMetadataHost } from '../test/guest/metadata-socket.ts';
import { cpioDisk, isoSeed, novaDrive, type SeedFiles } from '../test/guest/nocloud-seed.ts';
import { hostNetworks, passwordHash, publicNetwork } from '../test/guest/toolkit.ts';
import type { HostValue } from '../test/metadata-host.ts';
import { nameServers, networkConfig } from './cloud-init.ts';

/** What a host has its guest run after the boot: nothing but the start of a process. */
export const idleScript = '#!/bin/sh\ntrue\n';

const UUID = 'c1f0d2aa-3a8e-4c11-9f27-5b1d8f0f8a01';

/** Of the interfaces of `hostNetworks` (test/guest/machine-interfaces.ts). */
const MACS = ['52:54:00:67:61:00', '52:54:00:67:61:01'];

/** JSON is YAML. */
const yaml = (value: unknown) => `${JSON.stringify(value, null, 1)}\n`;

/**
 * The users, passwords and keys of hostConfig(), and a command: what each source with user-data is measured with, and
 * cloud-init beside them.
 */
export function cloudConfig(publicKey: string): string {
  const login = { lock_passwd: false, passwd: passwordHash, ssh_authorized_keys: [publicKey] };
  return `#cloud-config\n${yaml({
    disable_root: false,
    users: [
      { name: 'root', ...login },
      { name: 'admin1', shell: '/bin/bash', groups: 'sudo', ...login },
    ],
    runcmd: [['true']],
  })}`;
}

/** The files of a NoCloud seed that asks for what hostConfig() does. */
export function noCloudFiles(publicKey: string): SeedFiles {
  const { version, config } = networkConfig();
  return {
    'meta-data': yaml({ 'instance-id': 'bench-1', 'local-hostname': 'web1' }),
    'network-config': yaml({ version, config: [...config, { type: 'nameserver', address: nameServers }] }),
    'user-data': cloudConfig(publicKey),
  };
}

/** The files of a ConfigDrive that asks for the same, as nova writes them. */
export function configDriveFiles(publicKey: string): SeedFiles {
  const network = (link: number, address: string, routes: unknown[]) => ({
    id: `network${link}`,
    type: 'ipv4',
    link: `tap${link}`,
    ip_address: address,
    netmask: '255.255.255.0',
    routes,
  });
  const route = { network: '0.0.0.0', netmask: '0.0.0.0', gateway: publicNetwork.hostAddress };
  const files = {
    'meta_data.json': yaml({ uuid: UUID, hostname: 'web1', name: 'web1' }),
    'network_data.json': yaml({
      links: MACS.map((mac, at) => ({ id: `tap${at}`, type: 'phy', ethernet_mac_address: mac, mtu: null })),
      networks: [network(0, publicNetwork.guestAddress, [route]), network(1, '192.168.10.2', [])],
      services: nameServers.map((address) => ({ type: 'dns', address })),
    }),
    user_data: cloudConfig(publicKey),
  };
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [`openstack/latest/${name}`, text]));
}

/** What a SmartOS host says of the same guest. */
export function smartOsValues(publicKey: string): Record<string, HostValue> {
  const nic = (at: number, address: string) => ({
    interface: `net${at}`,
    mac: MACS[at],
    ips: [`${address}/24`],
  });
  return {
    'sdc:uuid': UUID,
    'sdc:hostname': 'web1',
    'sdc:nics': JSON.stringify([
      { ...nic(0, publicNetwork.guestAddress), primary: true, gateways: [publicNetwork.hostAddress] },
      nic(1, '192.168.10.2'),
    ]),
    'sdc:resolvers': JSON.stringify(nameServers),
    'cloud-init:user-data': cloudConfig(publicKey),
  };
}

/** The files of a CPIO device, which has no words for addresses: the first interface asks by DHCP. */
export function archiveFiles(publicKey: string): SeedFiles {
  return { nodename: 'web1\n', authorized_keys: `${publicKey}\n`, 'firstboot.sh': idleScript };
}

/**
 * A CD from which a guest is configured, by the toolkit or by cloud-init; it has nothing for swap and modules.
 * @param more files of the seed
 */
export async function noCloudCd(folder: string, publicKey: string, more: SeedFiles = {}): Promise<GuestDisk> {
  const disk = await isoSeed(folder, 'seed.iso', { ...noCloudFiles(publicKey), ...more });
  return { disk, bus: 'optical', readOnly: true };
}

export async function configDriveCd(folder: string, publicKey: string): Promise<GuestDisk> {
  return { disk: await novaDrive(folder, configDriveFiles(publicKey)), bus: 'optical', readOnly: true };
}

/** A disk with the archive of a CPIO device. */
export async function archiveDisk(folder: string, publicKey: string): Promise<GuestDisk> {
  return { disk: await cpioDisk(folder, 'seed.cpio', archiveFiles(publicKey), 'odc'), readOnly: true };
}

/** A machine of a SmartOS host that answers at once, and what ends that host. */
export async function smartOsMachine(
  folder: string,
  publicKey: string,
): Promise<{ machine: Partial<MachineOptions>; close(): void }> {
  const host = await SerialMetadataHost.listen(join(folder, 'metadata.sock'), {
    values: smartOsValues(publicKey),
  });
  const machine = {
    secondSerial: host.path,
    smbios: ['manufacturer=Joyent', 'product=SmartDC HVM', `serial=${UUID}`, `uuid=${UUID}`],
    interfaces: hostNetworks,
    waitsInRealTime: true,
  };
  return { machine, close: () => host.close() };
}
