import type { Question } from './answers.ts';
import type { ExampleConfig } from './example-config.ts';

/** What was asked beside what the guest shows, as people read it. */
export interface Comparison {
  readonly what: string;
  readonly asked: string;
  readonly shown: string;
}

/** A root file system has a few percent less than its disk: inode tables, journal. */
const leastOfDisk = 0.95;

/** Everything that is asked of the guest. */
export function questions(config: ExampleConfig) {
  const { user } = config.vm_conf;
  const asUser = (command: string): Question => ({ user, command });
  const asRoot = (command: string): Question => ({ user: 'root', command });
  const address = (name: string) => asUser(`ip -4 -o address show dev ${name} | awk '{print $4}'`);
  const hash = (name: string) => asRoot(`getent shadow ${name} | cut -d: -f2`);
  return {
    hostName: asUser('hostname'),
    hostNameFile: asUser('cat /etc/hostname'),
    hostsFile: asUser('getent hosts "$(hostname)"'),
    publicAddress: address('eth0'),
    privateAddress: address('eth1'),
    route: asUser(`ip -4 route show default | awk '{print $3, $5}'`),
    nameServers: asUser(`awk '$1 == "nameserver" {print $2}' /etc/resolv.conf | sort`),
    user: asUser('id -un'),
    groups: asUser('id -nG'),
    userKey: asUser('cat ~/.ssh/authorized_keys'),
    rootKey: asRoot('cat ~/.ssh/authorized_keys'),
    userHash: hash(user),
    rootHash: hash('root'),
    swap: asRoot('swapon --show=LABEL --noheadings'),
    rootMebibytes: asRoot('stat -f -c "%b %S" / | { read blocks size; echo $((blocks * size / 1048576)); }'),
    gandi: asRoot('stat -c "%U %a" /gandi'),
    status: asRoot('gandi-guest status | head -n 1'),
    verify: asRoot('gandi-guest verify --json | grep -c \'"verdict": "differs"\' || true'),
    bootstrap: asRoot(
      'systemctl show -p ExecMainStartTimestampMonotonic -p ExecMainExitTimestampMonotonic gandi-bootstrap',
    ),
    ssh: asRoot('systemctl show -p ExecMainStartTimestampMonotonic ssh'),
  } satisfies Record<string, Question>;
}

type Answers = Record<keyof ReturnType<typeof questions>, string>;

/** Facts that are not asked of the guest over SSH. */
export interface Outside {
  /** Size of the disk that root is on. */
  readonly rootMebibytes: number;
  /** Seen on the disk from outside, with the guest off. */
  readonly archiveErased: boolean;
}

/** The rows of the table; a row is as asked when both of its texts are the same. Secrets are not shown. */
export function comparisons(config: ExampleConfig, answers: Answers, outside: Outside): Comparison[] {
  const { vm_hostname: name, vm_conf: wanted, nameservers, vif } = config;
  const [
    {
      pna: [publicAddress],
    },
    {
      pna: [privateAddress],
    },
  ] = vif;
  const row = (what: string, asked: string, shown: string): Comparison => ({ what, asked, shown });
  const holds = (what: string, asked: string, fulfilled: boolean, instead: string) =>
    row(what, asked, fulfilled ? asked : instead);
  const withPrefix = (address: string, network: string) => `${address}/${network.split('/')[1]}`;
  const mebibytes = Number(answers.rootMebibytes);
  const large = mebibytes >= outside.rootMebibytes * leastOfDisk;
  const { seconds, beforeLogin } = bootstrapTimes(answers);
  return [
    row('host name', name, answers.hostName),
    row('… in /etc/hostname', name, answers.hostNameFile),
    row('… in /etc/hosts', `${publicAddress.pna_address} ${name}`, answers.hostsFile),
    row(
      'address of eth0',
      withPrefix(publicAddress.pna_address, publicAddress.pbn.pbn_network),
      answers.publicAddress,
    ),
    row(
      'address of eth1',
      withPrefix(privateAddress.pna_address, privateAddress.pvn.pvn_network),
      answers.privateAddress,
    ),
    row('default route', `${publicAddress.pbn.pbn_gateway} eth0`, answers.route),
    row('name servers', [...nameservers].sort().join(' '), answers.nameServers),
    row('user', wanted.user, answers.user),
    row('groups', `${wanted.user} sudo`, answers.groups),
    row('user’s SSH key', short(wanted.ssh_key), short(answers.userKey)),
    row('root’s SSH key', short(wanted.ssh_key), short(answers.rootKey)),
    holds('user’s password hash', 'the host’s', answers.userHash === wanted.password, 'another'),
    holds('root’s password hash', 'the host’s', answers.rootHash === wanted.password, 'another'),
    row('swap, by label', 'swap', answers.swap),
    holds('archive on the swap disk', 'erased', outside.archiveErased, 'still there'),
    holds('root file system', `fills ${outside.rootMebibytes} MiB`, large, `${mebibytes} MiB`),
    row('/gandi, owner and mode', 'root 700', answers.gandi),
    row('gandi-guest status', 'configured', answers.status),
    holds('gandi-guest verify', 'nothing differs', answers.verify === '0', `${answers.verify} differ`),
    holds(`gandi-bootstrap (${seconds} s)`, 'before SSH starts', beforeLogin, 'after SSH starts'),
  ];
}

/** A public key as people tell keys apart. */
function short(key: string): string {
  const [type = '', blob = '', comment = ''] = key.split(' ');
  return `${type} …${blob.slice(-10)} ${comment}`.trim();
}

/** How long gandi-bootstrap ran, by the clock, and whether it had ended when the SSH server started. */
function bootstrapTimes({ bootstrap, ssh }: Answers): { seconds: string; beforeLogin: boolean } {
  const microseconds = (text: string, name: string) => Number(new RegExp(`${name}=(\\d+)`).exec(text)?.[1]);
  const started = microseconds(bootstrap, 'ExecMainStartTimestampMonotonic');
  const ended = microseconds(bootstrap, 'ExecMainExitTimestampMonotonic');
  const login = microseconds(ssh, 'ExecMainStartTimestampMonotonic');
  return { seconds: ((ended - started) / 1e6).toFixed(1), beforeLogin: ended < login };
}
