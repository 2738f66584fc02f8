import { describe, expect, it } from 'vitest';
import { IDENTITY_PARTS } from '../../../../src/identity/parts.ts';
import { makeFiles } from '../../context.ts';
import { cloneView, OLD_MAC } from '../clone-view.ts';

const OURS = `# Written by gandi-bootstrap from what the host asks for.\nmac=${OLD_MAC.toUpperCase()}\n`;

/** Files by the part that knows them; what no part knows stays as it is. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  'random-seed': ['/boot/efi/loader/random-seed', '/var/lib/systemd/random-seed'],
  'dhcp-leases': [
    '/etc/dhcpcd.duid',
    '/etc/dhcpcd.secret',
    '/var/lib/dhclient/dhclient--eth0.lease',
    '/var/lib/dhcp/dhclient.eth0.leases',
    '/var/lib/dhcp/dhclient6.leases~',
    '/var/lib/dhcpcd/duid',
    '/var/lib/dhcpcd/eth0.lease',
    '/var/lib/dhcpcd/eth0.lease6',
    '/var/lib/dhcpcd/secret',
    '/var/lib/wicked/duid.xml',
    '/var/lib/wicked/iaid.xml',
    '/var/lib/wicked/lease-eth0-dhcp-ipv4.xml',
  ],
  'network-manager': [
    '/var/lib/NetworkManager/internal-1-eth0.lease',
    '/var/lib/NetworkManager/secret_key',
    '/var/lib/NetworkManager/seen-bssids',
    '/var/lib/NetworkManager/timestamps',
  ],
  'own-records': ['/var/lib/gandi/postboot.json', '/var/lib/gandi/scripts/user-data.run'],
  ids: ['/etc/hostname', '/etc/nvme/hostid', '/var/lib/systemd/credential.secret'],
  clusters: [`/boot/loader/entries/${'a'.repeat(32)}-6.1.conf`, '/var/lib/etcd/member/wal'],
  none: [
    '/boot/loader/entries/other.conf',
    '/etc/dhcpcd.conf',
    '/etc/ssh/sshd_config',
    '/var/lib/NetworkManager/NetworkManager.state',
    '/var/lib/NetworkManager/NetworkManager-intern.conf',
    '/var/lib/dhcp/dhcpd.leases',
    '/var/lib/gandi/scripts/user-data',
    '/var/lib/wicked/README',
  ],
};

const texts = Object.fromEntries(
  Object.values(KNOWN)
    .flat()
    .map((path) => [path, 'x']),
);

describe('the parts of a guest’s identity', () => {
  it('find the files that they know, and no others', () => {
    const view = cloneView(texts);
    for (const { name, find } of IDENTITY_PARTS) {
      const expected = (KNOWN[name] ?? []).map((path) => path.replace('/member/wal', '/member'));
      expect(
        find(view)
          .map(({ path }) => path)
          .sort(),
        name,
      ).toEqual(expected.toSorted());
    }
  });

  it('remove what comes again by itself, and have nothing to do without it', () => {
    const removed = IDENTITY_PARTS.flatMap(({ renew }) => renew?.(cloneView(texts)) ?? []);
    for (const { name, changes } of removed.filter(({ name }) => name in KNOWN))
      expect(changes.map((change) => 'path' in change && change.path).sort(), name).toEqual(KNOWN[name]);
    expect(removed.map(({ name }) => name)).not.toContain('ids');
    const rest = Object.fromEntries((KNOWN.none ?? []).map((path) => [path, 'x']));
    const own = { ...rest, '/etc/machine-id': 'b'.repeat(32) };
    expect(IDENTITY_PARTS.flatMap(({ renew }) => renew?.(cloneView(own)) ?? [])).toEqual([]);
  });

  it('remove our network files for interfaces that are gone, and name those of others', () => {
    const view = cloneView({
      '/etc/machine-id': 'b'.repeat(32),
      '/etc/netplan/60-gandi-eth0.yaml': OURS,
      '/etc/netplan/61-gandi-eth1.yaml': OURS.replace(/mac.*/, 'mac=52:54:00:00:00:02'),
      '/etc/netplan/90-admin.yaml': `match: {macaddress: "${OLD_MAC}"}\n`,
      '/etc/udev/rules.d/70-persistent-net.rules': `ATTR{address}=="${OLD_MAC}"\n`,
      '/etc/udev/rules.d/80-other.rules': `ATTR{address}=="${OLD_MAC}"\n`,
    });
    expect(IDENTITY_PARTS.flatMap(({ renew }) => renew?.(view) ?? [])).toEqual([
      { name: 'network-files', changes: [{ kind: 'remove-file', path: '/etc/netplan/60-gandi-eth0.yaml' }] },
    ]);
    const profiles = IDENTITY_PARTS.find(({ name }) => name === 'network-profiles');
    expect(profiles?.find(view).map(({ path }) => path)).toEqual([
      '/etc/netplan/90-admin.yaml',
      '/etc/udev/rules.d/70-persistent-net.rules',
    ]);
    expect(profiles?.find({ files: view.files })).toEqual([]);
  });

  it('take a host name for the other guest’s only where the host gives none', () => {
    const files = { '/etc/hostname': 'golden\n' };
    const ids = IDENTITY_PARTS.find(({ name }) => name === 'ids');
    expect(ids?.find(cloneView(files, { hostName: 'web1' }))).toEqual([]);
    expect(ids?.find({ files: makeFiles(files) })).toHaveLength(1);
  });

  it('have names of their own, by which one can leave each', () => {
    const names = IDENTITY_PARTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^[a-z-]+$/.test(name))).toEqual([]);
  });
});
