import type { Severity, Trait } from '../../identity/part.ts';
import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import { ensureFile } from '../../plan/ensure-file.ts';
import type { SealPart } from '../part.ts';
import { isThere } from '../walk.ts';

/** Made again by their programs where they are missing. */
const REMADE: readonly (readonly [path: string, what: string])[] = [
  ['/etc/nvme/hostnqn', 'the NVMe host name'],
  ['/etc/nvme/hostid', 'the NVMe host ID'],
  ['/etc/lvm/devices/system.devices', 'LVM’s list of disks'],
  ['/etc/multipath/wwids', 'multipath’s list of disks'],
  ['/etc/multipath/bindings', 'multipath’s names of disks'],
  ['/var/lib/docker/engine-id', 'Docker’s engine ID'],
  ['/etc/docker/key.json', 'Docker’s engine key'],
  ['/var/lib/containerd/io.containerd.grpc.v1.introspection/uuid', 'the ID of containerd'],
  ['/etc/openvswitch/system-id.conf', 'the system ID of Open vSwitch'],
];

/** Made by the package's script alone: what uses it would not start without it. */
const SNAKEOIL = '/etc/ssl/private/ssl-cert-snakeoil.key';

const POPULARITY = '/etc/popularity-contest.conf';
const HOST_ID = /^(\s*MY_HOSTID=)(["']?)[0-9a-fA-F]{8,}\2/gm;

const ISCSI = '/etc/iscsi/initiatorname.iscsi';
/** Debian's script that makes a name where the file asks for it; elsewhere a missing file does (iscsi-init.service). */
const ISCSI_SCRIPTS = ['/usr/lib/open-iscsi/startup-checks.sh', '/lib/open-iscsi/startup-checks.sh'];
const GENERATE = '## By gandi-guest seal: the first start of open-iscsi makes a name.\nGenerateName=yes\n';

const hasInitiator = (files: FileView) => /^\s*InitiatorName\s*=/m.test(files.readText(ISCSI) ?? '');

const trait = (path: string, what: string, severity: Severity = 'warning'): Trait => ({
  path,
  severity,
  what,
});

const withoutHostId = (text: string) => text.replace(HOST_ID, '$1""');

function sealInitiator(files: FileView): Change[] {
  if (!hasInitiator(files)) return [];
  return ISCSI_SCRIPTS.some((path) => isThere(files, path))
    ? ensureFile(files, { path: ISCSI, content: GENERATE, mode: 0o600 })
    : [{ kind: 'remove-file', path: ISCSI }];
}

/** Names and keys by which services know this machine. */
export const ids: SealPart = {
  name: 'ids',
  what: 'names and keys of services',
  find: ({ files }) => {
    const popularity = files.readText(POPULARITY) ?? '';
    return [
      ...REMADE.filter(([path]) => isThere(files, path)).map(([path, what]) => trait(path, what)),
      ...(hasInitiator(files) ? [trait(ISCSI, 'the iSCSI initiator name')] : []),
      ...(withoutHostId(popularity) === popularity
        ? []
        : [trait(POPULARITY, 'the ID of popularity-contest')]),
      ...(isThere(files, SNAKEOIL)
        ? [trait(SNAKEOIL, 'the TLS key of ssl-cert; it stays: make-ssl-cert makes it anew in each clone')]
        : []),
    ];
  },
  seal: ({ files }) => {
    const popularity = files.readText(POPULARITY);
    return [
      ...REMADE.filter(([path]) => isThere(files, path)).map(
        ([path]): Change => ({ kind: 'remove-file', path }),
      ),
      ...sealInitiator(files),
      ...(popularity === undefined
        ? []
        : ensureFile(files, { path: POPULARITY, content: withoutHostId(popularity), mode: 0o644 })),
    ];
  },
};
