import type { NamedFiles } from './named-files.ts';

/** A path, and what it is for people. */
type Known = readonly [path: string, what: string];

/** What clusters and services elsewhere know one machine by: two with one of these are taken for one. */
export const MEMBERSHIPS: readonly Known[] = [
  ['/etc/rancher/node/password', 'the node password of k3s'],
  ['/var/lib/rancher/k3s/server/token', 'the token of a k3s server'],
  ['/var/lib/rancher/rke2/server/token', 'the token of an RKE2 server'],
  ['/var/lib/kubelet/pki/kubelet-client-current.pem', 'the key of the kubelet'],
  ['/etc/kubernetes/pki/ca.key', 'the keys of a Kubernetes control plane'],
  ['/var/snap/microk8s/current/credentials', 'the credentials of MicroK8s'],
  ['/var/lib/docker/swarm/state.json', 'the membership of a Docker swarm'],
  ['/opt/consul/node-id', 'the node ID of Consul'],
  ['/var/lib/consul/node-id', 'the node ID of Consul'],
  ['/opt/nomad/data/client/client-id', 'the node ID of Nomad'],
  ['/opt/nomad/client/client-id', 'the node ID of Nomad'],
  ['/var/lib/nomad/client/client-id', 'the node ID of Nomad'],
  ['/var/lib/etcd/member', 'the membership of etcd'],
  ['/var/lib/etcd/default/member', 'the membership of etcd'],
  ['/var/lib/glusterd/glusterd.info', 'the peer UUID of Gluster'],
  ['/etc/corosync/authkey', 'the key of a Corosync cluster'],
  ['/etc/openvswitch/system-id.conf', 'the system ID of Open vSwitch'],
  ['/var/lib/mysql/auto.cnf', 'the server UUID of MySQL'],
  ['/var/lib/redis/nodes.conf', 'the node ID in a Redis cluster'],
  ['/var/lib/cassandra/data/system', 'the host ID of Cassandra'],
  ['/var/lib/elasticsearch/_state', 'the node ID of Elasticsearch'],
  ['/var/lib/elasticsearch/nodes', 'the node ID of Elasticsearch'],
  ['/var/lib/kafka/data/meta.properties', 'the broker ID of Kafka'],
  ['/var/lib/rabbitmq/.erlang.cookie', 'the cookie of RabbitMQ'],
  ['/var/lib/ejabberd/.erlang.cookie', 'the cookie of ejabberd'],
  ['/etc/salt/minion_id', 'the ID of a Salt minion'],
  ['/etc/salt/pki/minion/minion.pem', 'the key of a Salt minion'],
  ['/etc/chef/client.pem', 'the key of a Chef client'],
  ['/etc/cinc/client.pem', 'the key of a Cinc client'],
  ['/var/lib/tailscale/tailscaled.state', 'the node key of Tailscale'],
  ['/var/lib/zerotier-one/identity.secret', 'the identity of ZeroTier'],
  ['/etc/netbird/config.json', 'the key of NetBird'],
  ['/var/lib/netbird/default.json', 'the key of NetBird'],
  ['/var/lib/teleport/host_uuid', 'the host ID of Teleport'],
  ['/var/lib/netdata/registry/netdata.public.unique.id', 'the machine ID of Netdata'],
  ['/var/lib/netdata/cloud.d/claimed_id', 'the claim of Netdata'],
  ['/var/lib/filebeat/meta.json', 'the ID of Filebeat'],
  ['/var/lib/metricbeat/meta.json', 'the ID of Metricbeat'],
  ['/opt/Elastic/Agent/fleet.enc', 'the enrolment of Elastic Agent'],
  ['/var/ossec/etc/client.keys', 'the key of a Wazuh agent'],
  ['/var/osquery/osquery.db', 'the host identifier of osquery'],
  ['/etc/crowdsec/local_api_credentials.yaml', 'the machine ID of CrowdSec'],
  ['/etc/datadog-agent/auth_token', 'the token of the Datadog agent'],
  ['/etc/gitlab-runner/config.toml', 'the tokens of GitLab Runner'],
  ['/var/lib/snapd/device/private-keys-v1', 'the device key of snapd'],
  ['/var/lib/landscape/client/broker.bpickle', 'the registration of Landscape'],
  ['/var/lib/amazon/ssm/registration', 'the registration with AWS Systems Manager'],
  ['/var/lib/waagent/provisioned', 'what the agent of Azure knows of its machine'],
  ['/etc/krb5.keytab', 'the keys of a Kerberos host'],
  ['/var/lib/samba/private/secrets.tdb', 'the membership of a Samba domain'],
  ['/etc/insights-client/machine-id', 'the ID of Red Hat Insights'],
];

/** The same, by names that differ from machine to machine (puppet.conf(5), ssldir; cloudflared's docs, credentials-file). */
export const NAMED_MEMBERSHIPS: readonly (readonly [files: NamedFiles, what: string])[] = [
  [
    [
      ['/etc/puppetlabs/puppet/ssl/private_keys', /\.pem$/],
      ['/etc/puppet/ssl/private_keys', /\.pem$/],
      ['/var/lib/puppet/ssl/private_keys', /\.pem$/],
    ],
    'the key of a Puppet agent',
  ],
  [
    // By the target's name (iscsiadm(8), FILES).
    [
      ['/etc/iscsi/nodes', /^(iqn|eui|naa)\./],
      ['/var/lib/iscsi/nodes', /^(iqn|eui|naa)\./],
    ],
    'a target of iSCSI, to which two clones must not log in at once',
  ],
  [[['/etc/cloudflared', /\.(json|pem)$/]], 'the credentials of a Cloudflare tunnel'],
  [[['/etc/wireguard', /\.(conf|key)$/]], 'a key of WireGuard'],
  [
    // Ceph's daemons, each in a directory of its own (ceph-mon(8), ceph-osd(8)).
    [
      ['/var/lib/ceph/mon', /^[a-z]+-/],
      ['/var/lib/ceph/osd', /^[a-z]+-\d+$/],
    ],
    'a daemon of Ceph',
  ],
];

/** What a package or a service has made for this machine alone, and would not make again by itself. */
export const OWN_KEYS: readonly Known[] = [
  ['/etc/pki/tls/private/localhost.key', 'the TLS key of mod_ssl'],
  ['/etc/cockpit/ws-certs.d/0-self-signed.key', 'the TLS key of Cockpit'],
  ['/etc/bind/rndc.key', 'the control key of BIND'],
  ['/etc/unbound/unbound_server.key', 'the control key of Unbound'],
  ['/var/lib/fwupd/pki/secret.key', 'the key of fwupd'],
  ['/var/lib/swtpm-localca/signkey.pem', 'the key of the CA of swtpm'],
  ['/var/lib/systemd/tpm2-srk-public-key.pem', 'the root key of this machine’s TPM'],
  ['/var/lib/systemd/pcrlock.json', 'a policy of this machine’s TPM'],
];

/** Names of domains, which are directories (certbot(1), FILES). */
export const OWN_CERTIFICATES: NamedFiles = [['/etc/letsencrypt/live', /\./]];
