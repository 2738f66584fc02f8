import type { FileView } from '../../machine/files/files.ts';
import type { IdentityPart, IdentityView, Severity, Trait } from '../part.ts';
import { MEMBERSHIPS, NAMED_MEMBERSHIPS, OWN_CERTIFICATES, OWN_KEYS } from './memberships.ts';
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
  ['/etc/multipath/bindings', 'warning', 'multipath’s names of disks'],
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

const warning = (path: string, what: string): Trait => ({ path, severity: 'warning', what });

const known = (files: FileView, paths: readonly (readonly [path: string, what: string])[]): Trait[] =>
  paths.filter(([path]) => files.status(path) !== undefined).map(([path, what]) => warning(path, what));

/** What only the admin can judge: to leave a cluster is more than to remove a file. */
export const ofClusters: IdentityPart = {
  name: 'clusters',
  what: 'memberships of clusters',
  find: ({ files }) => [
    ...known(files, MEMBERSHIPS),
    ...NAMED_MEMBERSHIPS.flatMap(([named, what]) =>
      namedFiles(files, named).map((path) => warning(path, what)),
    ),
    ...namedFiles(files, BOOT_ENTRIES).map((path) => warning(path, 'a boot entry of another machine ID')),
  ],
};

/** A service would not start, or not be trusted, without it. */
export const ofServices: IdentityPart = {
  name: 'service-keys',
  what: 'keys of services',
  find: ({ files }) => [
    ...known(files, OWN_KEYS),
    ...namedFiles(files, OWN_CERTIFICATES).map((path) => warning(path, 'the TLS key of a domain')),
  ],
};
