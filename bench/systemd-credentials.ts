import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GuestFile } from '../test/guest/image.ts';
import { makeKeyPair } from '../test/guest/ssh.ts';
import { passwordHash, publicNetwork } from '../test/guest/toolkit.ts';
import { nameServers } from './cloud-init.ts';

/**
 * An image in which systemd takes root's password at its first boot (systemd-firstboot(1)): the boot counts as first, and
 * root's entry says that it was never set. A name in /etc/hostname would win over the credential's (hostname(5)).
 * @param tree of the guest
 */
export async function unprovisionedFiles(tree: string): Promise<Record<string, GuestFile>> {
  const shadow = await readFile(join(tree, 'etc/shadow'), 'utf8');
  return {
    '/etc/machine-id': 'uninitialized\n',
    '/etc/hostname': '',
    '/etc/shadow': { text: shadow.replace(/^root:[^:]*:/m, 'root:!unprovisioned:'), mode: 0o640 },
  };
}

/**
 * What systemd 257 itself takes from the firmware (systemd.system-credentials(7)): the name, root's password and key, and
 * networkd's files. It has no words for other users, a swap disk, kernel values and growth of the root.
 * @param folder for the key
 * @returns texts of SMBIOS type 11
 */
export async function credentialsOf(folder: string): Promise<string[]> {
  const { publicKey } = await makeKeyPair(join(folder, 'key'));
  const { guestAddress, hostAddress } = publicNetwork;
  const network = (name: string, address: string, more: readonly string[] = []) => [
    `network.network.10-${name}`,
    ['[Match]', `Name=${name}`, '[Network]', `Address=${address}/24`, ...more, ''].join('\n'),
  ];
  const servers = nameServers.map((server) => `DNS=${server}`);
  const credentials = [
    ['firstboot.hostname', 'web1'],
    ['system.hostname', 'web1'],
    ['passwd.hashed-password.root', passwordHash],
    ['ssh.authorized_keys.root', `${publicKey}\n`],
    network('eth0', guestAddress, [`Gateway=${hostAddress}`, ...servers]),
    network('eth1', '192.168.10.2'),
  ];
  return credentials.map(
    ([name, text = '']) => `io.systemd.credential.binary:${name}=${Buffer.from(text).toString('base64')}`,
  );
}
