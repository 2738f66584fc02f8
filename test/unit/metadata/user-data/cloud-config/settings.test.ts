import { describe, expect, it, test } from 'vitest';
import type { GuestConfig } from '../../../../../src/metadata/guest-config.ts';
import { said, saidBy } from '../said.ts';

const MIB = 1024 * 1024;

test.each<[string, GuestConfig]>([
  ['hostname: web1', { hostName: 'web1' }],
  ['hostname: web1.example.net', { hostName: 'web1', fqdn: 'web1.example.net' }],
  ['fqdn: web1.example.net', { hostName: 'web1', fqdn: 'web1.example.net' }],
  ['hostname: a\nfqdn: web1.example.net', { hostName: 'a', fqdn: 'web1.example.net' }],
  ['manage_etc_hosts: localhost', { hostsFile: 'line' }],
  ['manage_etc_hosts: true', { hostsFile: 'whole' }],
  ['manage_etc_hosts: template', { hostsFile: 'whole' }],
  ['manage_etc_hosts: false', { hostsFile: 'none' }],
  ['timezone: Europe/Paris', { timeZone: 'Europe/Paris' }],
  ['growpart: {mode: off}', { growRoot: false }],
  ['growpart: {mode: "off"}', { growRoot: false }],
  ['growpart: {mode: auto, devices: ["/"]}', {}],
  ['resize_rootfs: false', { growRoot: false }],
  ['resize_rootfs: noblock', {}],
  ['swap: {filename: /swap, size: 2G}', { swapFile: { path: '/swap', size: 2048 * MIB } }],
  ['swap: {size: auto, maxsize: 512M}', { swapFile: { size: 'auto', maxSize: 512 * MIB } }],
  ['swap: {size: 1048576}', { swapFile: { size: MIB } }],
  ['swap: {size: 0}', {}],
  ['swap: {filename: /swap}', {}],
  [
    'mounts: [[sdb1, /data]]',
    { mounts: [{ device: '/dev/sdb1', mountPoint: '/data', type: 'auto', options: ['defaults', 'nofail'] }] },
  ],
  [
    'mounts: [["nas:/x", /data, nfs]]',
    {
      mounts: [
        { device: 'nas:/x', mountPoint: '/data', type: 'nfs', options: ['defaults', 'nofail', '_netdev'] },
      ],
    },
  ],
  [
    'mounts: [[LABEL=a, /data, ext4, "noatime,x-systemd.requires=cloud-init.service", "0", "2"]]',
    { mounts: [{ device: 'LABEL=a', mountPoint: '/data', type: 'ext4', options: ['noatime'] }] },
  ],
  [
    'mount_default_fields: [null, null, xfs, noatime, "0", "0"]\nmounts: [[vdb, /data]]',
    { mounts: [{ device: '/dev/vdb', mountPoint: '/data', type: 'xfs', options: ['noatime'] }] },
  ],
  [
    'mounts: [[/dev/sdb, null], [swap, null], null]',
    { mounts: [{ device: '/dev/sdb', mountPoint: '', type: 'auto', options: [], remove: true }] },
  ],
  [
    'mounts: [[/dev/sdc, none, swap, sw, 0, 0]]',
    { mounts: [{ device: '/dev/sdc', mountPoint: 'none', type: 'swap', options: ['sw'] }] },
  ],
  ['package_update: true', { packages: { update: true, names: [] } }],
  ['apt_upgrade: true\npackages: [a, b, a]', { packages: { upgrade: true, names: ['a', 'b'] } }],
  ['packages: [{apt: [a]}]', { packages: { names: ['a'] } }],
  [
    'packages: [[nginx, "1.22.1-9+deb12u1"], {apt: [[b, 2.0]]}]',
    { packages: { names: ['nginx=1.22.1-9+deb12u1', 'b=2.0'] } },
  ],
  ['packages: ["nginx=1.22*", [b, "2.*"]]', { packages: { names: ['nginx=1.22*', 'b=2.*'] } }],
  ['packages: [a]\npackage_reboot_if_required: true', { packages: { names: ['a'], restart: 'if-required' } }],
  [
    'apt_upgrade: true\napt_reboot_if_required: true',
    { packages: { upgrade: true, names: [], restart: 'if-required' } },
  ],
  ['locale: fr_FR.UTF-8', { locale: { language: 'fr_FR.UTF-8' } }],
  ['locale: false', {}],
  [
    'locale: C.UTF-8\nkeyboard: {layout: "us,de", variant: nodeadkeys}',
    { locale: { language: 'C.UTF-8', keyboard: { layout: 'us,de', variant: 'nodeadkeys' } } },
  ],
  ['packages: []', {}],
  [
    'ntp: {servers: [ntp.example.net, 192.0.2.1], pools: [pool.example.net]}',
    {
      timeServers: { servers: ['ntp.example.net', '192.0.2.1'], pools: ['pool.example.net'] },
    },
  ],
  ['ntp: {enabled: false, servers: [a.example]}', {}],
  ['ntp: {}', {}],
  ['final_message: "up after $UPTIME"', { finalMessage: 'up after $UPTIME' }],
  ['power_state: {mode: reboot}', { powerState: { mode: 'reboot' } }],
  [
    'power_state: {mode: poweroff, delay: "+5", message: Bye, timeout: 30, condition: true}',
    { powerState: { mode: 'poweroff', delayMinutes: 5, message: 'Bye' } },
  ],
  ['power_state: {mode: halt, delay: now}', { powerState: { mode: 'halt', delayMinutes: 0 } }],
  ['power_state: {mode: halt, condition: false}', {}],
  [
    'power_state: {mode: halt, condition: "test -f /x"}',
    { powerState: { mode: 'halt', condition: 'test -f /x' } },
  ],
  [
    'power_state: {mode: halt, condition: [test, -f, "/x y"]}',
    { powerState: { mode: 'halt', condition: "'test' '-f' '/x y'" } },
  ],
  ['power_state: {mode: halt, condition: "true"}', { powerState: { mode: 'halt', condition: 'true' } }],
  ['ssh_deletekeys: true\nno_ssh_fingerprints: true\nlocale: null\noutput: {all: x}', {}],
])('%s', async (yaml, config) => {
  const found = await saidBy(yaml);
  expect(found.lines).toEqual([]);
  expect(found.config).toEqual(config);
});

test.each<[string, string]>([
  ['hostname: a_b', 'host-name: user-data hostname: "a_b"'],
  ['hostname: [a]', 'host-name: user-data hostname: a list'],
  // A blank that does not break, as web pages have it.
  ['hostname: a\u00a0b', 'host-name: user-data hostname: "a\\u{a0}b"'],
  [
    'prefer_fqdn_over_hostname: true',
    'host-name: user-data prefer_fqdn_over_hostname: true, which is not done',
  ],
  ['manage_etc_hosts: maybe', 'host-name: user-data manage_etc_hosts: "maybe"'],
  ['timezone: ../etc/passwd', 'time: user-data timezone: "../etc/passwd"'],
  ['timezone: yes', 'time: user-data timezone: "yes"'],
  ['growpart: {devices: [/dev/vdb]}', 'storage: user-data growpart.devices[0]: "/dev/vdb"'],
  ['growpart: {mode: some}', 'storage: user-data growpart.mode: "some"'],
  ['swap: {size: much}', 'storage: user-data swap.size: "much"'],
  ['swap: {size: 1G, filename: swap}', 'storage: user-data swap.filename: "swap"'],
  ['mounts: [a]', 'storage: user-data mounts[0]: "a"'],
  ['mounts: [[ephemeral0, /mnt]]', 'storage: user-data mounts[0][0]: "ephemeral0"'],
  ['mounts: [[vdb, mnt]]', 'storage: user-data mounts[0][1]: "mnt"'],
  ['mounts: [[vdb, /mnt, a b]]', 'storage: user-data mounts[0][2]: "a b"'],
  ['mounts: [[vdb, /mnt, ext4, "a b"]]', 'storage: user-data mounts[0][3]: options with blanks'],
  ['mounts: [[vdb, [/mnt]]]', 'storage: user-data mounts[0][1]: a list'],
  ['packages: [[a, "1.0", b]]', 'packages: user-data packages[0]: a list of 3, "a, 1.0, b"'],
  ['packages: [[a]]', 'packages: user-data packages[0]: a list of 1, "a, "'],
  ['packages: [[a, "-y"]]', 'packages: user-data packages[0]: a list of 2, "a, -y"'],
  ['packages: ["*"]', 'packages: user-data packages[0]: "*"'],
  ['packages: ["a*"]', 'packages: user-data packages[0]: "a*"'],
  ['packages: ["-y"]', 'packages: user-data packages[0]: "-y"'],
  ['packages: [{snap: [a]}]', 'packages: user-data packages[0].snap: packages of another manager'],
  ['packages: a', 'packages: user-data packages: a text'],
  ['ntp: {servers: ["a;b"]}', 'time: user-data ntp.servers[0]: "a;b"'],
  ['ntp: {peers: [a]}', 'time: user-data ntp.peers: a key that is not done'],
  ['power_state: {mode: explode}', 'post-boot: user-data power_state.mode: "explode"'],
  ['power_state: {delay: 1}', 'post-boot: user-data power_state.mode: nothing'],
  ['power_state: {mode: halt, delay: "12:00"}', 'post-boot: user-data power_state.delay: "12:00"'],
  [
    'power_state: {mode: halt, condition: {a: b}}',
    'post-boot: user-data power_state.condition: a map, for there is ": " in it or ":" at its end',
  ],
  ['final_message: "\\e[2J"', 'post-boot: user-data final_message: "\\u001b[2J"'],
  ['apt: {sources_list: x}', 'packages: user-data apt.sources_list: a key that is not done'],
  ['apt: {proxy: "a b"}', 'packages: user-data apt.proxy: "a b"'],
  ["apt: {proxy: 'http://a;x'}", 'packages: user-data apt.proxy: "http://a;x"'],
  [
    'apt: {primary: [{arches: [default], search: [x]}]}',
    'packages: user-data apt.primary[0].search: a key that is not done',
  ],
  ['apt: {sources: {a: {source: "ppa:x/y"}}}', 'packages: user-data apt.sources.a.source: "ppa:x/y"'],
  [
    'apt: {sources: {a: {source: "deb http://a b c", keyid: X}}}',
    'packages: user-data apt.sources.a.keyid: a key of the network, which is not asked',
  ],
  [
    'apt: {sources: {"../x": {source: "deb http://a b c"}}}',
    'packages: user-data apt.sources."../x".filename: "../x"',
  ],
  ['apt: {sources: {a: {key: x}}}', 'packages: user-data apt.sources.a.key: "x"'],
  ['apt: {sources: {a: {filename: x}}}', 'packages: user-data apt.sources.a.source: nothing'],
  ['keyboard: {model: pc105}', 'source: user-data keyboard.layout: nothing'],
  ['keyboard: {layout: "a;b"}', 'source: user-data keyboard.layout: "a;b"'],
  ['locale: "a b"', 'source: user-data locale: "a b"'],
  ['chef: {a: b}', 'source: user-data chef: a key that is not done'],
  ['runcmds: [a]', 'source: user-data runcmds: a key that does nothing here'],
  ['"a\\nb": 1', 'source: user-data "a\\nb": a key that does nothing here'],
  ['ssh_import_id: [x]', 'source: user-data ssh_import_id: a key that is not done'],
  ['ssh_deletekeys: false', 'source: user-data ssh_deletekeys: false, which is not done'],
])('%s costs itself alone', async (yaml, line) => {
  const { config, lines } = await saidBy(`${yaml}\nfinal_messages: null\n`);
  expect(lines).toEqual([line]);
  expect(Object.keys(config).filter((key) => key !== 'packages')).toEqual([]);
});

it('has apt read what is asked, with a key for one source alone', async () => {
  const { config, lines } = await saidBy(`apt:
  conf: |
    APT::Install-Recommends "0";
  https_proxy: http://192.0.2.1:3142
  primary: [{arches: [default], uri: "http://mirror.example/debian/"}]
  security: [{arches: [default], uri: "http://mirror.example/debian-security"}]
  sources:
    docker.list:
      source: deb [signed-by=$KEY_FILE] https://download.example/debian $RELEASE stable
      key: |
        -----BEGIN PGP PUBLIC KEY BLOCK-----
        x
        -----END PGP PUBLIC KEY BLOCK-----
    other: {source: "deb http://a.example/ ./", filename: mine.list}
`);
  expect(lines).toEqual([]);
  const key = '/etc/apt/keyrings/gandi-guest-docker.asc';
  expect(config.apt).toEqual({
    primary: 'http://mirror.example/debian',
    security: 'http://mirror.example/debian-security',
    files: [
      { path: '/etc/apt/apt.conf.d/94gandi-guest', text: 'APT::Install-Recommends "0";\n' },
      {
        path: '/etc/apt/apt.conf.d/90gandi-guest-proxy',
        text: 'Acquire::https::Proxy "http://192.0.2.1:3142";\n',
      },
      {
        path: key,
        text: '-----BEGIN PGP PUBLIC KEY BLOCK-----\nx\n-----END PGP PUBLIC KEY BLOCK-----\n',
      },
      {
        path: '/etc/apt/sources.list.d/docker.list',
        text: `deb [signed-by=${key}] https://download.example/debian $RELEASE stable\n`,
        isTemplate: true,
      },
      { path: '/etc/apt/sources.list.d/mine.list', text: 'deb http://a.example/ ./\n', isTemplate: true },
    ],
  });
});

it('says what to write instead', async () => {
  const { problems } = await said('#cloud-config\nruncmds: [a]\nresolv_conf: x');
  expect(problems.map(({ expected }) => expected)).toEqual([
    'a known key, such as "runcmd"',
    'name servers in the network configuration',
  ]);
});

it('tells the first of very many keys, and how many more there are', async () => {
  const { lines } = await saidBy(Array.from({ length: 120 }, (_, at) => `zzzzz${at}: 1`).join('\n'));
  expect(lines).toHaveLength(51);
});

describe('names beside those of the source', () => {
  const source = { hostName: 'old', fqdn: 'old.example.net' };

  test.each<[string, GuestConfig]>([
    ['hostname: new', { hostName: 'new' }],
    ['hostname: old', { hostName: 'old', fqdn: 'old.example.net' }],
    ['fqdn: new.example.org', { hostName: 'new', fqdn: 'new.example.org' }],
    ['preserve_hostname: true', {}],
    ['preserve_hostname: true\nhostname: new', {}],
    ['preserve_hostname: false', source],
  ])('%s', async (yaml, config) => {
    expect((await saidBy(yaml, source)).config).toEqual(config);
  });

  it('one that is wrong leaves the name that the guest has', async () => {
    const parsed = await said('#cloud-config\nhostname: a_b');
    expect(parsed.refused).toEqual(['host-name']);
    expect(parsed.config).toEqual({});
    expect(await said('#cloud-config\nhostname: a_b', source)).toMatchObject({ config: source, refused: [] });
  });
});

it('says of each setting where it is from', async () => {
  const yaml =
    '#cloud-config\nhostname: web1\ntimezone: Etc/UTC\nusers: [{name: bob, uid: 501}]\nruncmd: [a, b]\nwrite_files: [{path: /a, content: x}]\nswap: {size: 1K}\n';
  const { origins } = await said(yaml);
  expect(origins.map(({ setting, value, field }) => `${setting} = ${value} from ${field}`)).toEqual([
    'host name = web1 from user-data hostname',
    'user bob = uid 501 from user-data users[0]',
    'file "/a" = 1 bytes, mode 644 from user-data write_files[0]',
    'runcmd = 2 commands, once, when the guest has booted from user-data runcmd',
    'time zone = Etc/UTC from user-data timezone',
    'swap file = /swap.img, 1024 bytes from user-data swap',
  ]);
});
