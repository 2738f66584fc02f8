import { passwordHash, publicNetwork } from '../test/guest/toolkit.ts';

/** Where Debian's package has the program, which is meant for an initial RAM disk. */
const PROGRAM = '/usr/lib/dracut/modules.d/30ignition/ignition';

const CONFIG = '/etc/bench.ign';

const file = (path: string, text: string) => ({
  path,
  overwrite: true,
  mode: 0o644,
  contents: { source: `data:,${encodeURIComponent(text)}` },
});

/** The file of ifupdown for the addresses and the route of hostConfig(). */
const interfaces = ({ guestAddress, hostAddress }: typeof publicNetwork) =>
  [
    'auto lo eth0 eth1',
    'iface lo inet loopback',
    'iface eth0 inet static',
    ` address ${guestAddress}/24`,
    ` gateway ${hostAddress}`,
    'iface eth1 inet static',
    ' address 192.168.10.2/24',
    '',
  ].join('\n');

/**
 * What asks Ignition for the name, users, keys, passwords, network file and kernel values of hostConfig() (specification
 * 3.3.0). It has no words for a swap disk and for growth of the root.
 */
function config(publicKey: string) {
  const account = { passwordHash, sshAuthorizedKeys: [publicKey] };
  return {
    ignition: { version: '3.3.0' },
    passwd: {
      users: [
        { name: 'root', ...account },
        { name: 'admin1', groups: ['sudo'], shell: '/bin/bash', ...account },
      ],
    },
    storage: {
      files: [
        file('/etc/hostname', 'web1\n'),
        file('/etc/network/interfaces', interfaces(publicNetwork)),
        file('/etc/sysctl.d/90-bench.conf', 'vm.swappiness=10\nnet.ipv4.tcp_syncookies=1\n'),
      ],
    },
  };
}

/** A shell command that puts its configuration into the guest. */
export const putConfiguration = (publicKey: string) =>
  `printf %s '${JSON.stringify(config(publicKey))}' > ${CONFIG}`;

/** Its two stages that need no disk and no network, one after the other, on the running root. */
export const IGNITION_COMMANDS = ['fetch-offline', 'files'].map(
  (stage) =>
    `/usr/bin/env IGNITION_CONFIG_FILE=${CONFIG} ${PROGRAM} --platform=file --stage=${stage} --root=/ --log-to-stdout`,
);
