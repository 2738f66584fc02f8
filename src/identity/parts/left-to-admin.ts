import type { FileView } from '../../machine/files/files.ts';
import type { IdentityPart, IdentityView, Severity, Trait } from '../part.ts';
import { type NamedFiles, namedFiles } from './named-files.ts';

type Row = readonly [path: string, severity: Severity, what: string];

/** What sealing an image may renew, and a clone only if the admin wants it: making it anew costs access or a registration. */
const RENEWED_AT_SEALING: readonly Row[] = [
  ['/var/lib/systemd/credential.secret', 'error', 'the secret of encrypted credentials'],
  ['/etc/iscsi/initiatorname.iscsi', 'warning', 'the iSCSI initiator name'],
  ['/etc/nvme/hostnqn', 'warning', 'the NVMe host name'],
  ['/etc/nvme/hostid', 'warning', 'the NVMe host ID'],
  ['/etc/lvm/devices/system.devices', 'warning', 'LVM’s list of disks'],
  ['/etc/multipath/wwids', 'warning', 'multipath’s list of disks'],
  ['/etc/ssl/private/ssl-cert-snakeoil.key', 'warning', 'the TLS key of ssl-cert'],
  ['/etc/popularity-contest.conf', 'warning', 'the ID of popularity-contest'],
  ['/var/lib/docker/engine-id', 'warning', 'Docker’s engine ID'],
  ['/etc/docker/key.json', 'warning', 'Docker’s engine key'],
  ['/var/lib/containerd/io.containerd.grpc.v1.introspection/uuid', 'warning', 'the ID of containerd'],
  ['/etc/pki/consumer/cert.pem', 'error', 'the registration of subscription-manager'],
  ['/etc/sysconfig/rhn/systemid', 'error', 'the registration of Spacewalk'],
  ['/var/lib/ubuntu-advantage/private/machine-token.json', 'error', 'the token of Ubuntu Pro'],
  ['/var/lib/cloud/data/instance-id', 'warning', 'what cloud-init knows of its instance'],
];

/** What only the admin can judge: a cluster takes two members with one of these for one. */
const OF_CLUSTERS: readonly Row[] = [
  ['/etc/rancher/node/password', 'warning', 'the node password of k3s'],
  ['/var/lib/kubelet/pki/kubelet-client-current.pem', 'warning', 'the key of the kubelet'],
  ['/opt/consul/node-id', 'warning', 'the node ID of Consul'],
  ['/var/lib/consul/node-id', 'warning', 'the node ID of Consul'],
  ['/var/lib/etcd/member', 'warning', 'the membership of etcd'],
  ['/var/lib/etcd/default/member', 'warning', 'the membership of etcd'],
  ['/etc/openvswitch/system-id.conf', 'warning', 'the system ID of Open vSwitch'],
  ['/var/lib/mysql/auto.cnf', 'warning', 'the server UUID of MySQL'],
  ['/etc/salt/minion_id', 'warning', 'the ID of a Salt minion'],
  ['/etc/insights-client/machine-id', 'warning', 'the ID of Red Hat Insights'],
];

/** Ceph's daemons, each in a directory of its own (ceph-mon(8), ceph-osd(8)). */
const OF_CEPH: NamedFiles = [
  ['/var/lib/ceph/mon', /^[a-z]+-/],
  ['/var/lib/ceph/osd', /^[a-z]+-\d+$/],
];

/** Boot loader entries are named, and sorted, by a machine ID (kernel-install(8)). */
const BOOT_ENTRIES: NamedFiles = [['/boot/loader/entries', /^[0-9a-f]{32}-.*\.conf$/]];

const rowsOf = (files: FileView, rows: readonly Row[]): Trait[] =>
  rows
    .filter(([path]) => files.status(path) !== undefined)
    .map(([path, severity, what]) => ({ path, severity, what }));

/** @returns the name that no host gives */
function ownName({ files, clone }: IdentityView): Trait[] {
  if (clone?.hostName !== undefined || files.status('/etc/hostname') === undefined) return [];
  return [{ path: '/etc/hostname', severity: 'info', what: 'the host name' }];
}

export const renewedAtSealing: IdentityPart = {
  name: 'ids',
  what: 'names and keys of services',
  find: (view) => [...rowsOf(view.files, RENEWED_AT_SEALING), ...ownName(view)],
};

export const ofClusters: IdentityPart = {
  name: 'clusters',
  what: 'memberships of clusters',
  find: ({ files }) => [
    ...rowsOf(files, OF_CLUSTERS),
    ...namedFiles(files, OF_CEPH).map(
      (path): Trait => ({ path, severity: 'warning', what: 'a daemon of Ceph' }),
    ),
    ...namedFiles(files, BOOT_ENTRIES).map(
      (path): Trait => ({ path, severity: 'warning', what: 'a boot entry of another machine ID' }),
    ),
  ],
};
