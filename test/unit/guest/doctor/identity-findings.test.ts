import { describe, expect, it } from 'vitest';
import { identityFindings } from '../../../../src/guest/doctor/identity-findings.ts';
import { digestsOf } from '../../../../src/identity/shared.ts';
import { sha256 } from '../../../../src/machine/runtime/digest.ts';
import { type FileEntries, makeContext } from '../../context.ts';

const UUID = '00112233-4455-6677-8899-aabbccddeeff';
const OTHER_UUID = 'ffeeddcc-0000-4000-8000-000000000001';
const MAC = '00:16:3e:00:00:01';
const OTHER_MAC = '00:16:3e:00:00:02';
const ISCSI = '/etc/iscsi/initiatorname.iscsi';

const here = { layout: 2, productUuid: UUID, macs: [MAC] };
const golden = { ...here, productUuid: OTHER_UUID, macs: [OTHER_MAC] };

/** Subject and text of each finding. */
function findingsFor(record: object | string, files: FileEntries = {}, settings = '') {
  const text = typeof record === 'string' ? record : JSON.stringify(record);
  const context = makeContext({
    files: {
      '/var/lib/gandi/instance.json': text,
      '/sys/class/dmi/id/product_uuid': `${UUID}\n`,
      ...files,
    },
    settings,
  });
  return identityFindings(context).map(({ subject, text }) => `${subject}: ${text}`);
}

describe('what gandi-guest doctor says of a guest’s identity', () => {
  it.each<[string, object | string]>([
    ['that is the one that was recorded', here],
    ['that has another interface', { ...here, macs: [OTHER_MAC] }],
    ['whose record is damaged', '{"layout'],
  ])('is nothing of a guest %s', (_, record) => {
    expect(findingsFor(record)).toEqual([]);
  });

  it('is why it was taken for no clone, though it was close to being one', () => {
    expect(findingsFor({ ...here, nearMiss: 'SMBIOS UUID x, now y; …' })).toEqual([
      'instance: close to being a clone: SMBIOS UUID x, now y; …',
    ]);
  });

  it('is that nothing is renewed as long as its source says nothing', () => {
    const differing = `SMBIOS UUID ${OTHER_UUID}, now ${UUID}; MAC addresses ${OTHER_MAC}, now ${MAC}`;
    const said = `instance: this disk may come from another guest: ${differing}; nothing was renewed: `;
    expect(findingsFor({ ...golden, instanceId: 'iid-1' })).toEqual([
      `${said}a source that says nothing renews nothing`,
    ]);
    expect(findingsFor(golden)).toEqual([`${said}its source did not answer at boot`]);
    expect(findingsFor(golden, {}, 'CONFIG_IDENTITY=0')).toEqual([]);
  });

  it('is that a sealing was cut off, until it is done', () => {
    const sealed = (state: string) => ({ '/var/lib/gandi/seal.json': JSON.stringify({ layout: 1, state }) });
    expect(findingsFor(here, sealed('sealing'))).toEqual([
      'seal: the sealing of this guest was begun and is not done: an image of it has what is one guest’s',
    ]);
    expect(findingsFor(here, sealed('sealed'))).toEqual([]);
  });

  it('is what could not be renewed, and what is left to the admin until it is another', () => {
    const pending = { guest: 'abcd1234', parts: ['host-keys ed25519'] };
    expect(findingsFor({ ...here, pending })).toEqual([
      'instance: this disk comes from another guest, which still has the same host-keys ed25519',
    ]);
    const shared = { [ISCSI]: sha256('InitiatorName=iqn.x\n'), '/etc/nvme/hostnqn': sha256('gone') };
    expect(findingsFor({ ...here, shared }, { [ISCSI]: 'InitiatorName=iqn.x\n' })).toEqual([
      `${ISCSI}: the iSCSI initiator name is the one of the guest that this disk was copied from`,
    ]);
    expect(findingsFor({ ...here, shared }, { [ISCSI]: 'InitiatorName=iqn.new\n' })).toEqual([]);
  });

  it.each([
    ['/var/lib/systemd/credential.secret', 'the secret of encrypted credentials'],
    ['/etc/nvme/hostnqn', 'the NVMe host name'],
    ['/etc/nvme/hostid', 'the NVMe host ID'],
    ['/etc/lvm/devices/system.devices', 'LVM’s list of disks'],
    ['/etc/multipath/wwids', 'multipath’s list of disks'],
    ['/etc/ssl/private/ssl-cert-snakeoil.key', 'the TLS key of ssl-cert'],
    ['/etc/popularity-contest.conf', 'the ID of popularity-contest'],
    ['/var/lib/docker/engine-id', 'Docker’s engine ID'],
    ['/etc/docker/key.json', 'Docker’s engine key'],
    ['/var/lib/containerd/io.containerd.grpc.v1.introspection/uuid', 'the ID of containerd'],
    ['/etc/pki/consumer/cert.pem', 'the registration of subscription-manager'],
    ['/etc/sysconfig/rhn/systemid', 'the registration of Spacewalk'],
    ['/var/lib/ubuntu-advantage/private/machine-token.json', 'the token of Ubuntu Pro'],
    ['/var/lib/cloud/data/instance-id', 'what cloud-init knows of its instance'],
    ['/etc/rancher/node/password', 'the node password of k3s'],
    ['/var/lib/kubelet/pki/kubelet-client-current.pem', 'the key of the kubelet'],
    ['/opt/consul/node-id', 'the node ID of Consul'],
    ['/var/lib/etcd/member', 'the membership of etcd'],
    ['/var/lib/ceph/mon/ceph-a', 'a daemon of Ceph'],
    ['/var/lib/ceph/osd/ceph-3', 'a daemon of Ceph'],
    ['/etc/openvswitch/system-id.conf', 'the system ID of Open vSwitch'],
    ['/etc/salt/minion_id', 'the ID of a Salt minion'],
    ['/etc/NetworkManager/system-connections/eth0.nmconnection', 'a file that names its MAC addresses'],
  ])('is that a clone has %s of the other guest, until it is another', (path, what) => {
    // As the step `instance` records it, which finds it in the same way.
    const shared = digestsOf(makeContext({ files: { [path]: 'its own' } }).files, [{ path }]);
    const line = `${path}: ${what} is the one of the guest that this disk was copied from`;
    expect(findingsFor({ ...here, shared }, { [path]: 'its own' })).toEqual([line]);
    expect(findingsFor({ ...here, shared }, { [path]: 'made anew' })).toEqual([]);
    expect(findingsFor({ ...here, shared })).toEqual([]);
  });

  it('is that it cannot be told where the record cannot be read', () => {
    expect(findingsFor('', { '/var/lib/gandi/instance.json': { kind: 'directory' } })).toEqual([
      expect.stringContaining('whether this disk is a copy cannot be told'),
    ]);
  });
});
