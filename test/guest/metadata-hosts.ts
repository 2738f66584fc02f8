import type { IncomingMessage } from 'node:http';

/** Names of files in /sys/class/dmi/id. */
type Firmware = Readonly<Record<string, string>>;

/** A kind of host with a metadata service, and what it says of a guest when it says all that it can. */
export interface MetadataHost {
  /** In CONFIG_SOURCES. */
  source: string;
  /** As `gandi-guest status` calls it. */
  service: string;
  firmware: Firmware;
  /** Where the service is, as an address of the interface in front of it. */
  place: { address: string; interface: 'lo' | 'eth0' };
  /** A header without which nothing is answered. */
  header?: { name: string; value: string };
  /** By path. */
  content: Record<string, string>;
  hostName: string;
  /** Who gets in by its key. */
  user: string;
  /** Addresses that an interface has by it. */
  addresses: Readonly<Record<string, readonly string[]>>;
}

/** Of QEMU's network cards. */
export const MACS = ['52:54:00:67:61:00', '52:54:00:67:61:01'] as const;

const IPV4 = { address: '169.254.169.254/32', interface: 'lo' } as const;

/** A key that nobody has, another one for each host. */
export function keyOf(number: number): string {
  const field = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  const blob = Buffer.concat([field(Buffer.from('ssh-ed25519')), field(Buffer.alloc(32, number))]);
  return `ssh-ed25519 ${blob.toString('base64')}`;
}

/** One more user, a file, and a command that leaves a line. */
const userDataOf = (name: string) => `#cloud-config
users: [default, {name: op${name}, ssh_authorized_keys: ['${keyOf(99)} op']}]
write_files: [{path: /etc/from-${name}, content: "file of ${name}\\n"}]
runcmd: [[sh, -c, 'echo ${name} >> /root/ran']]
`;

/** An instance of Nitro's in a subnet of IPv6 alone, where nobody is at the service's address of IPv4. @param key a line of authorized_keys */
const ec2 = (key: string): MetadataHost => ({
  source: 'ec2',
  service: 'EC2',
  firmware: { sys_vendor: 'Amazon EC2', product_name: 't3.micro' },
  place: { address: 'fd00:ec2::254/128', interface: 'lo' },
  header: { name: 'x-aws-ec2-metadata-token', value: 'AQAEAEo3-token==' },
  content: {
    '/latest/api/token': 'AQAEAEo3-token==',
    '/latest/meta-data/instance-id': 'i-0123456789abcdef0',
    '/latest/meta-data/local-hostname': 'am1.eu-west-3.compute.internal',
    '/latest/meta-data/public-keys/': '0=me',
    '/latest/meta-data/public-keys/0/openssh-key': key,
    // None that this guest has: DHCP says all.
    '/latest/meta-data/network/interfaces/macs/': '',
    '/latest/user-data': userDataOf('ec2'),
  },
  hostName: 'am1',
  user: 'debian',
  addresses: {},
});

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** @param key a line of authorized_keys */
const digitalOcean = (key: string): MetadataHost => ({
  source: 'digitalocean',
  service: 'DigitalOcean',
  firmware: { sys_vendor: 'DigitalOcean', product_name: 'Droplet', product_serial: '123' },
  place: IPV4,
  content: {
    '/metadata/v1.json': JSON.stringify({
      droplet_id: 123,
      hostname: 'do1',
      public_keys: [key],
      user_data: userDataOf('digitalocean'),
      dns: { nameservers: ['192.0.2.53'] },
      tags: null,
      features: { dhcp_enabled: false },
      interfaces: {
        public: [
          {
            mac: MACS[0],
            ipv4: { ip_address: '162.243.1.10', netmask: '255.255.255.0', gateway: '162.243.1.1' },
            ipv6: { ip_address: '2001:db8::10', cidr: 64, gateway: '2001:db8::1' },
            anchor_ipv4: { ip_address: '10.19.0.5', netmask: '255.255.0.0', gateway: '10.19.0.1' },
          },
        ],
        private: [{ mac: MACS[1], ipv4: { ip_address: '10.0.3.20', netmask: '255.255.255.0' } }],
      },
    }),
  },
  hostName: 'do1',
  user: 'debian',
  addresses: { eth0: ['162.243.1.10/24', '2001:db8::10/64', '10.19.0.5/16'], eth1: ['10.0.3.20/24'] },
});

const openStack = (key: string): MetadataHost => ({
  source: 'openstack',
  service: 'OpenStack',
  firmware: { sys_vendor: 'OpenStack Foundation', product_name: 'OpenStack Nova' },
  // In its network of IPv6 there is no other.
  place: { address: 'fe80::a9fe:a9fe/64', interface: 'eth0' },
  content: {
    '/openstack/latest/meta_data.json': JSON.stringify({
      uuid: 'd8e02d56-2648-49a3-bf97-6be8f1204f38',
      hostname: 'os1.example.net',
      public_keys: { mine: key },
      files: [{ path: '/etc/injected', content_path: '/content/0000' }],
    }),
    '/openstack/content/0000': 'injected\n',
    '/openstack/latest/network_data.json': JSON.stringify({
      links: MACS.map((mac, index) => ({ id: `tap${index}`, type: 'ovs', ethernet_mac_address: mac })),
      networks: [
        { id: 'n0', type: 'ipv4_dhcp', link: 'tap0' },
        {
          id: 'n1',
          type: 'ipv4',
          link: 'tap1',
          ip_address: '10.0.3.21',
          netmask: '255.255.255.0',
          routes: [],
        },
      ],
      services: [{ type: 'dns', address: '192.0.2.54' }],
    }),
    '/openstack/latest/user_data': userDataOf('openstack'),
    '/openstack/latest/vendor_data.json': JSON.stringify({
      'cloud-init': '#cloud-config\ntimezone: Asia/Tokyo\n',
    }),
  },
  hostName: 'os1',
  user: 'debian',
  addresses: { eth1: ['10.0.3.21/24'] },
});

const hetzner = (key: string): MetadataHost => ({
  source: 'hetzner',
  service: 'Hetzner',
  firmware: { sys_vendor: 'Hetzner', product_name: 'vServer', product_serial: '41112345' },
  place: IPV4,
  content: {
    '/hetzner/v1/metadata': `instance-id: 41112345
hostname: hz1
public-keys:
- ${key}
network-config:
  config:
  - mac_address: ${MACS[0]}
    name: eth0
    subnets:
    - {ipv4: true, type: dhcp}
    - {address: '2001:db8:1::1/64', gateway: 'fe80::1', ipv6: true, type: static}
    type: physical
  version: 1
`,
    '/hetzner/v1/userdata': base64(userDataOf('hetzner')),
  },
  hostName: 'hz1',
  user: 'debian',
  addresses: { eth0: ['2001:db8:1::1/64'] },
});

const vultr = (key: string): MetadataHost => ({
  source: 'vultr',
  service: 'Vultr',
  firmware: { sys_vendor: 'Vultr', product_name: 'VC2' },
  place: IPV4,
  header: { name: 'metadata-token', value: 'cloudinit' },
  content: {
    '/v1.json': JSON.stringify({
      hostname: 'vu1',
      'instance-v2-id': '29bea708-2e6e-480a-90ad-0e6b5d5ad62f',
      interfaces: [
        {
          mac: MACS[0],
          'network-type': 'public',
          ipv4: {
            address: '192.0.2.10',
            additional: [{ address: '198.51.100.7', netmask: '255.255.255.0' }],
          },
          ipv6: { network: '', additional: [] },
        },
        {
          mac: MACS[1],
          'network-type': 'private',
          ipv4: { address: '10.0.3.22', netmask: '255.255.255.0', gateway: '', additional: [] },
          ipv6: { network: '', prefix: '', additional: [] },
        },
      ],
      'public-keys': [key],
      'user-data': userDataOf('vultr'),
      'vendor-data': [],
    }),
  },
  hostName: 'vu1',
  user: 'debian',
  addresses: { eth0: ['198.51.100.7/24'], eth1: ['10.0.3.22/24'] },
});

const scaleway = (key: string): MetadataHost => ({
  source: 'scaleway',
  service: 'Scaleway',
  firmware: { sys_vendor: 'Scaleway', product_name: 'SCW-DEV1-S' },
  place: { address: '169.254.42.42/32', interface: 'lo' },
  content: {
    '/conf?format=json': JSON.stringify({
      id: '11111111-2222-3333-4444-555555555555',
      hostname: 'sc1',
      tags: [`AUTHORIZED_KEY=${keyOf(98).replaceAll(' ', '_')}_tag`],
      ssh_public_keys: [{ key }],
      public_ips: [{ address: '192.0.2.10', netmask: '32', family: 'inet' }],
      private_ip: null,
    }),
    '/user_data/cloud-init': userDataOf('scaleway'),
  },
  hostName: 'sc1',
  user: 'debian',
  addresses: {},
});

const gce = (key: string): MetadataHost => ({
  source: 'gce',
  service: 'Google Compute Engine',
  firmware: { sys_vendor: 'Google', product_name: 'Google Compute Engine', product_serial: 'GoogleCloud-01' },
  place: IPV4,
  header: { name: 'metadata-flavor', value: 'Google' },
  content: {
    '/computeMetadata/v1/?recursive=true': JSON.stringify({
      instance: {
        id: 7173839038217632001n.toString(),
        hostname: 'gc1.europe-west1-b.c.shop.internal',
        attributes: {
          'ssh-keys': `web:${key}`,
          'user-data': base64(userDataOf('gce')),
          'user-data-encoding': 'base64',
          'startup-script': '#!/bin/sh\necho start >> /root/ran\n',
        },
      },
      project: { projectId: 'shop', attributes: {} },
    }),
    '/computeMetadata/v1/instance/id': '7173839038217632001',
  },
  hostName: 'gc1',
  user: 'web',
  addresses: {},
});

export const METADATA_HOSTS = { ec2, digitalOcean, openStack, hetzner, vultr, scaleway, gce };

/** As SMBIOS type 1 has what the kernel shows in these files. */
export const systemOf = ({ firmware }: MetadataHost): Record<string, string> => ({
  manufacturer: firmware.sys_vendor ?? '',
  product: firmware.product_name ?? '',
  ...(firmware.product_serial === undefined ? {} : { serial: firmware.product_serial }),
});

/** Nobody is answered without the header that the host wants. */
export const byHeader =
  ({ header }: MetadataHost) =>
  ({ headers }: IncomingMessage): number | undefined =>
    header === undefined || headers[header.name] === header.value ? undefined : 403;
