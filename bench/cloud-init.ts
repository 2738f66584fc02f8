import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { DiskFile } from '../test/guest/disk.ts';
import { passwordHash, publicNetwork } from '../test/guest/toolkit.ts';

export const nameServers = ['92.243.10.253', '92.243.10.252', '2001:4b98:dc2:49::193'];

/**
 * A disk from which cloud-init configures a guest as hostConfig() and the toolkit's own settings do (NoCloud, version 1
 * of network-config): name, addresses, route, resolver, user, keys, password, kernel values, swap. cloud-init grows
 * the root file system without being asked to. It has nothing for a modules archive.
 */
export async function noCloudDisk(folder: string, publicKey: string, swapLabel: string): Promise<DiskFile> {
  const files = {
    'meta-data': { 'instance-id': 'bench-1', 'local-hostname': 'web1' },
    'network-config': networkConfig(),
    'user-data': userData(publicKey, swapLabel),
  };
  const paths: string[] = [];
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    const header = name === 'user-data' ? '#cloud-config\n' : '';
    // JSON is YAML.
    await writeFile(path, `${header}${JSON.stringify(content, null, 1)}\n`);
    paths.push(path);
  }
  const file = join(folder, 'cidata.iso');
  await execa('genisoimage', ['-quiet', '-output', file, '-volid', 'cidata', '-joliet', '-rock', ...paths]);
  return { file, format: 'raw' };
}

/** The addresses and the route of hostConfig(), in version 1 of NoCloud's network-config. */
export function networkConfig() {
  const address = (ip: string, gateway?: string) => ({
    type: 'static',
    address: `${ip}/24`,
    ...(gateway === undefined ? {} : { gateway }),
  });
  const { guestAddress, hostAddress } = publicNetwork;
  return {
    version: 1,
    config: [
      { type: 'physical', name: 'eth0', subnets: [address(guestAddress, hostAddress)] },
      { type: 'physical', name: 'eth1', subnets: [address('192.168.10.2')] },
    ],
  };
}

function userData(publicKey: string, swapLabel: string) {
  const user = { lock_passwd: false, passwd: passwordHash, ssh_authorized_keys: [publicKey] };
  const values = 'net.ipv4.conf.all.arp_announce=2\nnet.ipv4.tcp_syncookies=1\nvm.swappiness=10\n';
  return {
    hostname: 'web1',
    manage_etc_hosts: 'localhost',
    disable_root: false,
    users: [
      { name: 'root', ...user },
      { name: 'admin1', shell: '/bin/bash', groups: 'sudo', ...user },
    ],
    write_files: [
      { path: '/etc/sysctl.d/90-bench.conf', content: values },
      { path: '/etc/resolv.conf', content: nameServers.map((server) => `nameserver ${server}\n`).join('') },
    ],
    runcmd: [['sysctl', '--quiet', '--load', '/etc/sysctl.d/90-bench.conf']],
    mounts: [[`LABEL=${swapLabel}`, 'none', 'swap', 'sw', '0', '0']],
  };
}
