import { describe, expect, it } from 'vitest';
import { parseAccounts } from '../../../src/seal/accounts.ts';
import { foreignMounts } from '../../../src/seal/file-systems.ts';
import type { SealChoices, SealPart, SealView } from '../../../src/seal/part.ts';
import { authorizedKeys } from '../../../src/seal/parts/authorized-keys.ts';
import { caches } from '../../../src/seal/parts/caches.ts';
import { history } from '../../../src/seal/parts/history.ts';
import { hostKeys, makerOfKeys } from '../../../src/seal/parts/host-keys.ts';
import { ids } from '../../../src/seal/parts/ids.ts';
import { logs } from '../../../src/seal/parts/logs.ts';
import { machineId } from '../../../src/seal/parts/machine-id.ts';
import { network } from '../../../src/seal/parts/network.ts';
import { passwords } from '../../../src/seal/parts/passwords.ts';
import { registration } from '../../../src/seal/parts/registration.ts';
import { swap } from '../../../src/seal/parts/swap.ts';
import { temporary } from '../../../src/seal/parts/temporary.ts';
import { userSecrets } from '../../../src/seal/parts/user-secrets.ts';
import { viewOf } from '../../../src/seal/seal.ts';
import type { FileEntries } from '../context.ts';
import { makeFiles } from '../context.ts';
import { temporaryRoot } from '../temporary-root.ts';
import { NO_CHOICES } from './sealing.ts';

function view(entries: FileEntries, choices: Partial<SealChoices> = {}, live = false): SealView {
  const files = makeFiles(entries);
  const accounts = parseAccounts(files.readText('/etc/passwd') ?? '', new Set(['host1']));
  const mounts = foreignMounts(files.readText('/proc/self/mountinfo') ?? '', '/');
  return { files, live, choices: { ...NO_CHOICES, ...choices }, accounts, wiped: [], foreignMounts: mounts };
}

const found = (part: SealPart, of: SealView) =>
  part.find(of).map(({ severity, path }) => `${severity} ${path}`);

describe('passwords', () => {
  it('an empty one is an error in each table, and is locked where it is root’s or the host’s', () => {
    const of = view({
      '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nhost1:x:1000:1000::/h:/bin/sh\nbob::1001:1001::/b:/bin/sh\n',
      '/etc/shadow': 'root::1::::::\nhost1:$6$x:1::::::\nbob:x:1::::::\n',
    });
    expect(found(passwords, of)).toEqual(['error /etc/shadow', 'warning /etc/shadow', 'error /etc/passwd']);
    expect(passwords.seal(of)).toEqual([
      expect.objectContaining({
        path: '/etc/shadow',
        content: 'root:!:1::::::\nhost1:!:1::::::\nbob:x:1::::::\n',
      }),
    ]);
    expect(passwords.seal({ ...of, choices: { ...NO_CHOICES, allUsers: true } })).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ path: '/etc/passwd', content: expect.stringContaining('bob:!:1001') }),
      ]),
    );
  });
});

describe('keys that log in', () => {
  it('are looked for where sshd reads them, each with its fingerprint', () => {
    const of = view({
      '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\n',
      '/etc/ssh/sshd_config': 'AuthorizedKeysFile /etc/ssh/keys/%u .ssh/authorized_keys\n',
      '/etc/ssh/keys/root':
        'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0rBCZ3PbZQ8XbTqgqXl1XbPYkG8H1xW6hzgH9t3yXo comment\n',
      '/home/bob/.ssh/authorized_keys': 'from="10.0.0.1" ssh-rsa AAAA\n# none\n',
    });
    const told = authorizedKeys.find(of);
    expect(told.map(({ path }) => path).sort()).toEqual([
      '/etc/ssh/keys/root',
      '/home/bob/.ssh/authorized_keys',
    ]);
    // As ssh-keygen -l says.
    expect(JSON.stringify(told)).toMatch(/SHA256:[A-Za-z0-9+/]{43}/);
    expect(JSON.stringify(told)).not.toContain('comment');
    expect(authorizedKeys.seal(of)).toEqual([{ kind: 'remove-file', path: '/etc/ssh/keys/root' }]);
  });
});

describe('host keys', () => {
  const KEYS = {
    '/etc/ssh/sshd_config': 'HostKey /etc/ssh/ssh_host_rsa_key\nHostKey /etc/ssh/mine\n',
    '/etc/ssh/ssh_host_rsa_key': 'k',
    '/etc/ssh/mine': 'k',
  };
  const unit = (name: string, text = '[Unit]\n') => ({
    [`/usr/lib/systemd/system/${name}`]: text,
    [`/etc/systemd/system/multi-user.target.wants/${name}`]: { link: `/usr/lib/systemd/system/${name}` },
  });

  it.each([
    ['nobody', {}, {}, undefined],
    ['gandi-config', unit('gandi-config.service'), {}, 'gandi-config'],
    [
      'gandi-config that is turned off',
      { ...unit('gandi-config.service'), '/etc/default/gandi': 'CONFIG_SSHD=0\n' },
      {},
      undefined,
    ],
    ['cloud-init', unit('cloud-init.service'), {}, 'cloud-init'],
    ['Debian 13’s, at no first boot', unit('sshd-keygen.service', 'ConditionFirstBoot=yes\n'), {}, undefined],
    [
      'Debian 13’s, at a first boot',
      unit('sshd-keygen.service', 'ConditionFirstBoot=yes\n'),
      { firstBoot: true },
      'sshd-keygen.service',
    ],
    ['Fedora’s', { '/usr/lib/systemd/system/sshd-keygen.target': '' }, {}, 'sshd-keygen.target'],
  ])('are made by %s', (_, entries, choices, maker) => {
    expect(makerOfKeys(view({ ...KEYS, ...entries }, choices))).toBe(maker);
  });

  it('that nothing would make again stay, and are told as such', () => {
    const lone = view(KEYS);
    expect(hostKeys.seal(lone)).toEqual([]);
    expect(hostKeys.find(lone).map(({ what }) => what)).toEqual(
      Array(2).fill(expect.stringContaining('nothing would make again')),
    );
    const made = view({ ...KEYS, ...unit('gandi-config.service') });
    expect(hostKeys.seal(made)).toEqual([{ kind: 'remove-file', path: '/etc/ssh/ssh_host_rsa_key' }]);
    expect(found(hostKeys, made)).toEqual(['error /etc/ssh/ssh_host_rsa_key', 'error /etc/ssh/mine']);
  });
});

describe('the machine ID', () => {
  const ID = `${'a'.repeat(32)}\n`;
  it.each([
    ['an ID', { '/etc/machine-id': ID }, {}, ['error /etc/machine-id'], ['']],
    [
      'an ID, for a first boot',
      { '/etc/machine-id': ID },
      { firstBoot: true },
      ['error /etc/machine-id'],
      ['uninitialized\n'],
    ],
    ['empty', { '/etc/machine-id': '' }, {}, [], []],
    ['missing', {}, {}, ['error /etc/machine-id'], ['']],
    ['uninitialized', { '/etc/machine-id': 'uninitialized\n' }, {}, ['warning /etc/machine-id'], ['']],
    ['uninitialized, as was asked', { '/etc/machine-id': 'uninitialized\n' }, { firstBoot: true }, [], []],
  ])('%s', (_, entries, choices, traits, written) => {
    const of = view(entries, choices);
    expect(found(machineId, of)).toEqual(traits);
    expect(machineId.seal(of)).toEqual(
      written.map((content) => ({ kind: 'write-file', path: '/etc/machine-id', content, mode: 0o444 })),
    );
  });

  it('mounted over by PID 1 is blank below', () => {
    const mounts = '25 1 0:23 /machine-id /etc/machine-id ro - tmpfs tmpfs rw\n';
    const of = view({ '/etc/machine-id': ID, '/proc/self/mountinfo': mounts }, {}, true);
    expect(found(machineId, of)).toEqual([]);
    expect(machineId.seal(of)).toEqual([]);
  });
});

it('profiles of the admin’s stay, and those that name a card are told', () => {
  const of = view({
    '/etc/NetworkManager/system-connections/a.nmconnection':
      '[connection]\nuuid=00112233-4455-6677-8899-aabbccddeeff\n',
    '/etc/netplan/01-mine.yaml': 'network: {ethernets: {a: {match: {macaddress: "52:54:00:12:34:56"}}}}\n',
    '/etc/netplan/02-mine.yaml': 'network: {}\n',
    '/etc/systemd/network/10-cloud-init-eth0.network': '[Match]\n',
    '/etc/resolv.conf': { link: '../run/systemd/resolve/stub-resolv.conf' },
  });
  expect(found(network, of)).toEqual([
    'warning /etc/systemd/network/10-cloud-init-eth0.network',
    'warning /etc/netplan/01-mine.yaml',
    'warning /etc/NetworkManager/system-connections/a.nmconnection',
  ]);
  expect(network.seal(of)).toEqual([
    { kind: 'remove-file', path: '/etc/systemd/network/10-cloud-init-eth0.network' },
  ]);
});

describe('swap', () => {
  const FSTAB = [
    '/swap.img none swap nofail,x-gandi.swap-file 0 0',
    'UUID=ab none swap sw 0 0',
    'LABEL=swap none swap sw 0 0',
    '/mine none swap sw 0 0',
    '',
  ].join('\n');
  const GUEST = {
    '/etc/fstab': FSTAB,
    '/swap.img': 's',
    '/dev/disk/by-uuid/ab': { link: '../../sda2' },
    '/proc/swaps': 'Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n/swap.img file 1 0 -3\n',
  };

  it('of ours goes; the admin’s is told, and the host’s disk is none of it', () => {
    const of = view(GUEST);
    expect(found(swap, of)).toEqual(['warning /swap.img', 'warning /dev/disk/by-uuid/ab', 'warning /mine']);
    expect(swap.seal(of).map(({ kind }) => kind)).toEqual(['remove-file', 'write-file']);
  });

  it('of the admin’s is turned off and wiped where free space is, and told no more', () => {
    const of = view(GUEST, { zero: true }, true);
    expect(swap.seal(of)).toEqual([
      expect.objectContaining({ argv: ['swapoff', '/swap.img'] }),
      expect.objectContaining({ argv: ['swapoff', '/dev/disk/by-uuid/ab'] }),
      { kind: 'remove-file', path: '/swap.img' },
      expect.objectContaining({ kind: 'write-file', path: '/etc/fstab' }),
      { kind: 'wipe-swap', path: '/dev/disk/by-uuid/ab', isDevice: true },
      { kind: 'wipe-swap', path: '/mine' },
    ]);
    const wiped = { ...of, wiped: ['/dev/disk/by-uuid/ab', '/mine'] };
    expect(found(swap, wiped)).toEqual(['warning /swap.img']);
  });
});

it.each([
  '/var/lib/tailscale/tailscaled.state',
  '/etc/wireguard/wg0.conf',
  '/etc/puppetlabs/puppet/ssl/private_keys/golden.example.org.pem',
  '/etc/salt/pki/minion/minion.pem',
  '/etc/chef/client.pem',
  '/opt/nomad/data/client/client-id',
  '/var/lib/glusterd/glusterd.info',
  '/var/lib/rabbitmq/.erlang.cookie',
  '/var/lib/netdata/registry/netdata.public.unique.id',
  '/var/lib/snapd/device/private-keys-v1/x',
  '/var/lib/landscape/client/broker.bpickle',
  '/var/lib/teleport/host_uuid',
  '/etc/cloudflared/golden.json',
  '/etc/iscsi/nodes/iqn.x/y',
  '/etc/krb5.keytab',
  '/etc/letsencrypt/live/example.org/privkey.pem',
  '/var/lib/fwupd/pki/secret.key',
  '/var/lib/swtpm-localca/signkey.pem',
])('%s, which all clones would share, is told and stays', (path) => {
  const of = view({ [path]: 'x', '/etc/letsencrypt/live/README': 'x' });
  const traits = registration.find(of);
  expect(traits).toEqual([
    { path: expect.any(String), severity: 'warning', what: expect.stringContaining('it stays') },
  ]);
  expect(`${path}/`).toContain(`${traits[0]?.path}/`);
  expect(registration.seal(view({ [path]: 'x' }, { registrations: true }))).toEqual([]);
});

it('registrations go by choice alone, and clusters are told', () => {
  const entries = {
    '/etc/pki/consumer/cert.pem': 'x',
    '/var/lib/ubuntu-advantage/private/machine-token.json': 'x',
    '/var/lib/consul/node-id': 'x',
    '/etc/openvswitch/system-id.conf': 'x',
  };
  expect(found(registration, view(entries))).toEqual([
    'error /etc/pki/consumer/cert.pem',
    'error /var/lib/ubuntu-advantage/private/machine-token.json',
    'warning /var/lib/consul/node-id',
  ]);
  expect(registration.seal(view(entries))).toEqual([]);
  expect(registration.seal(view(entries, { registrations: true }))).toHaveLength(2);
  expect(found(ids, view(entries))).toEqual(['warning /etc/openvswitch/system-id.conf']);
});

it('a missing script leaves no file to generate an iSCSI name from', () => {
  const file = { '/etc/iscsi/initiatorname.iscsi': 'InitiatorName=iqn.x\n' };
  expect(ids.seal(view(file))).toEqual([{ kind: 'remove-file', path: '/etc/iscsi/initiatorname.iscsi' }]);
  expect(ids.find(view({ '/etc/iscsi/initiatorname.iscsi': 'GenerateName=yes\n' }))).toEqual([]);
});

it('crontabs of users go by choice alone; what is in memory is in no image', () => {
  const entries = {
    '/var/spool/cron/crontabs/ann': 'x',
    '/tmp/x': 'x',
    '/proc/self/mountinfo': '30 1 0:25 / /tmp rw - tmpfs tmpfs rw\n',
  };
  expect(found(temporary, view(entries, {}, true))).toEqual(['info /var/spool/cron/crontabs/ann']);
  expect(temporary.seal(view(entries, {}, true))).toEqual([]);
  expect(temporary.seal(view({ ...entries, '/proc/self/mountinfo': '' }, { userCrontabs: true }))).toEqual([
    { kind: 'remove-file', path: '/var/spool/cron/crontabs/ann' },
    { kind: 'remove-tree', path: '/tmp', keepDirectory: true },
  ]);
});

describe('what is mounted in the guest and is no part of an image', () => {
  const entries = (mounts: readonly (readonly [string, string, string])[]) => ({
    '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n',
    '/root/.bash_history': 'x',
    '/home/ann/.bash_history': 'x',
    '/var/log/syslog': 'x',
    '/var/log/audit/audit.log': 'x',
    '/var/log/app/app.log': 'x',
    '/var/cache/apt/archives/a.deb': 'x',
    '/var/tmp/scratch/work/x': 'x',
    '/proc/self/mountinfo': mounts
      .map(([place, type, source]) => `1 1 0:9 / ${place} rw - ${type} ${source} rw\n`)
      .join(''),
  });
  const PARTS = [history, temporary, caches, logs];
  const pathsOf = (mounts: readonly (readonly [string, string, string])[]) => {
    const of = viewOf(temporaryRoot(entries(mounts)), true, { ...NO_CHOICES, allUsers: true });
    return PARTS.flatMap((part) => part.seal(of)).flatMap((change) =>
      'path' in change ? [change.path] : [],
    );
  };

  it('stays: a data disk, other machines’ files', () => {
    const mounts = [
      ['/', 'ext4', '/dev/sda1'],
      ['/home', 'nfs4', 'server:/home'],
      ['/var/log/app', 'ext4', '/dev/sdb'],
      ['/var/cache/apt/archives', 'nfs4', 'server:/archives'],
      ['/var/tmp/scratch/work', 'xfs', '/dev/sdc'],
    ] as const;
    expect(pathsOf(mounts)).toEqual(['/root/.bash_history', '/var/log/audit/audit.log', '/var/log/syslog']);
  });

  it('is not what has a partition of its own on the system’s disk', () => {
    const mounts = [
      ['/home', 'ext4', '/dev/sda5'],
      ['/var/log', 'ext4', '/dev/sda6'],
      ['/var/log/audit', 'xfs', '/dev/sda7'],
      ['/var/cache', 'btrfs', '/dev/sda8'],
      ['/var/tmp', 'zfs', 'rpool/tmp'],
    ] as const;
    expect(pathsOf(mounts)).toEqual([
      '/home/ann/.bash_history',
      '/root/.bash_history',
      '/var/tmp',
      '/var/cache/apt/archives',
      '/var/log/app/app.log',
      '/var/log/audit/audit.log',
      '/var/log/syslog',
    ]);
  });

  it('is told by the mounts of whoever seals an unpacked image', () => {
    const info =
      '1 1 0:9 / /mnt/a\\040b/var/log/x rw - tmpfs x rw\n1 1 0:9 / /mnt/a\\040bc rw - tmpfs x rw\n';
    expect(foreignMounts(info, '/mnt/a b')).toEqual(['/var/log/x']);
  });
});

it('a private key is found by what it is, whatever its name; a public one is none', () => {
  const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n';
  const files = temporaryRoot({
    '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n',
    '/root/.ssh/deploy': `a comment\n${key}`,
    '/root/.ssh/deploy.pub': 'ssh-ed25519 AAAA x\n',
    '/root/.ssh/config': 'Host *\n',
    '/home/ann/.ssh/id_rsa': key,
    '/home/ann/.ssh/linked': { link: '/root/.ssh/deploy' },
    '/home/ann/.pypirc': 'x',
  });
  const of = viewOf(files, true, { ...NO_CHOICES, allUsers: true });
  expect(found(userSecrets, of).toSorted()).toEqual([
    'error /home/ann/.pypirc',
    'error /home/ann/.ssh/id_rsa',
    'error /root/.ssh/deploy',
  ]);
  expect(userSecrets.seal(of)).toHaveLength(3);
  expect(userSecrets.seal({ ...of, choices: NO_CHOICES })).toEqual([]);
});

it('a file that sshd is told to read keys of, and that has none, is no file of keys', () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0rBCZ3PbZQ8XbTqgqXl1XbPYkG8H1xW6hzgH9t3yXo x\n';
  const of = view({
    '/etc/passwd': 'root:x:0:0::/root:/bin/sh\n',
    '/etc/ssh/sshd_config': 'AuthorizedKeysFile /etc/passwd /etc/ssh/keys .ssh/authorized_keys\n',
    '/etc/ssh/keys': key,
    '/root/.ssh/authorized_keys': '# none\n',
  });
  expect(authorizedKeys.seal(of).map((change) => ('path' in change ? change.path : ''))).toEqual(
    expect.arrayContaining(['/etc/ssh/keys', '/root/.ssh/authorized_keys']),
  );
  expect(authorizedKeys.seal(of)).toHaveLength(2);
});
