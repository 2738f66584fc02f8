import { MACS } from './metadata-hosts.ts';

const META = '/latest/meta-data';
const CARDS = `${META}/network/interfaces/macs`;

/** The firmware's words for an instance of Amazon's. */
export const AMAZON = { manufacturer: 'Amazon EC2', product: 't3.micro' };

/** The networks of its two interfaces; the service is in the first, as QEMU wants it. */
export const ec2Networks = (command: string) => [
  {
    network: '169.254.0.0/16',
    hostAddress: '169.254.0.2',
    guestAddress: '169.254.0.15',
    servers: { '169.254.169.254:80': command },
  },
  { network: '10.0.3.0/24', hostAddress: '10.0.3.2' },
];

/** What the service says of an instance with two interfaces. @param key a line of authorized_keys */
export const ec2Instance = (key: string): Record<string, string> => ({
  [`${META}/instance-id`]: 'i-0123456789abcdef0',
  [`${META}/local-hostname`]: 'cloud1.ec2.internal',
  [`${META}/public-keys/`]: '0=me',
  [`${META}/public-keys/0/openssh-key`]: key,
  [`${CARDS}/`]: MACS.map((mac) => `${mac}/`).join('\n'),
  [`${CARDS}/${MACS[0]}/device-number`]: '0',
  [`${CARDS}/${MACS[0]}/local-ipv4s`]: '169.254.0.15',
  [`${CARDS}/${MACS[0]}/subnet-ipv4-cidr-block`]: '169.254.0.0/16',
  [`${CARDS}/${MACS[1]}/device-number`]: '1',
  [`${CARDS}/${MACS[1]}/local-ipv4s`]: '10.0.3.15\n10.0.3.20',
  [`${CARDS}/${MACS[1]}/subnet-ipv4-cidr-block`]: '10.0.3.0/24',
  '/latest/user-data': '#!/bin/sh\necho "$0" >> /root/runs; hostname >> /root/runs\n',
});
