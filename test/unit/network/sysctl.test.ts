import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sysctl } from '../../../src/network/sysctl.ts';
import { parseSysctlFile } from '../../../src/network/sysctl-file.ts';
import { type FileEntries, makeContext } from '../context.ts';

const OWN = '/etc/gandi/sysctl.conf';
const planFor = (files: FileEntries, live = true) => sysctl.plan(makeContext({ files, facts: { live } }));
const set = (key: string, value: string) => ({ kind: 'set-kernel-value', path: `/proc/sys/${key}`, value });
const WANTED = { [OWN]: 'vm.swappiness = 10\n' };

describe('02-config_sysctl', () => {
  it('sets values of interfaces beside the first, unless the file has others', () => {
    const device = { mac: '52:54:00:00:00:01', driver: 'virtio_net', queues: 1, multiQueue: false };
    const facts = { interfaces: ['eth0', 'eth1'].map((name) => ({ ...device, name })) };
    const conf = 'net/ipv4/conf';
    const live = ['arp_announce', 'rp_filter', 'arp_filter'].flatMap((value) => [
      [`/proc/sys/${conf}/eth0/${value}`, '1\n'],
      [`/proc/sys/${conf}/eth1/${value}`, '1\n'],
    ]);
    const files = { [OWN]: 'net.ipv4.conf.eth1.rp_filter = 2\n', ...Object.fromEntries(live) };
    expect(sysctl.plan(makeContext({ files, facts })).changes).toEqual([
      set(`${conf}/eth1/rp_filter`, '2'),
      set(`${conf}/eth1/arp_announce`, '2'),
      set(`${conf}/eth1/arp_filter`, '0'),
    ]);
  });

  it.each<[string, FileEntries, object[]]>([
    ['a value that differs', { ...WANTED, '/proc/sys/vm/swappiness': '60\n' }, [set('vm/swappiness', '10')]],
    ['a value that is live', { ...WANTED, '/proc/sys/vm/swappiness': '10\n' }, []],
    [
      'several numbers, which the kernel shows with tabs',
      {
        [OWN]: 'net.ipv4.ip_local_port_range = 1024 65535\n',
        '/proc/sys/net/ipv4/ip_local_port_range': '1024\t65535\n',
      },
      [],
    ],
    [
      'the last of two lines',
      { [OWN]: 'vm.swappiness = 1\nvm/swappiness = 2\n', '/proc/sys/vm/swappiness': '60\n' },
      [set('vm/swappiness', '2')],
    ],
    ['a value that the kernel may lack', { [OWN]: '-vm.none = 1\n' }, []],
    ['no file', {}, []],
    [
      'a file of the distribution',
      {
        ...WANTED,
        '/proc/sys/vm/swappiness': '60\n',
        '/usr/lib/sysctl.d/50-x.conf': 'vm.swappiness = 30\n',
        '/etc/sysctl.d/50-x.conf': { link: '../../usr/lib/sysctl.d/50-x.conf' },
        '/etc/sysctl.d/README': 'vm.swappiness = 40\n',
      },
      [set('vm/swappiness', '10')],
    ],
    [
      'an admin who says the same',
      { ...WANTED, '/proc/sys/vm/swappiness': '60\n', '/etc/sysctl.conf': 'vm.swappiness=10\n' },
      [],
    ],
  ])('%s', (_, files, changes) => {
    expect(planFor(files)).toEqual({ changes, notes: [] });
  });

  it.each([
    [
      '/etc/sysctl.conf',
      '# mine\nvm.swappiness = 30\n',
      'vm.swappiness stays as /etc/sysctl.conf line 2 sets it: 30',
    ],
    [
      '/etc/sysctl.d/10-x.conf',
      'vm/swap* = 40\n',
      'vm.swappiness stays as /etc/sysctl.d/10-x.conf line 1 sets it: 40',
    ],
  ])('leaves a key of the admin alone: %s', (path, text, note) => {
    const files = { ...WANTED, '/proc/sys/vm/swappiness': '60\n', [path]: text };
    expect(planFor(files)).toEqual({ changes: [], notes: [{ level: 'info', text: note }] });
  });

  it('warns of what cannot be set, and sets the rest', () => {
    const files = {
      [OWN]: 'vm.none = 1\nwhat?\nvm.swappiness = 10\n',
      '/proc/sys/vm/swappiness': '60\n',
    };
    expect(planFor(files)).toEqual({
      changes: [set('vm/swappiness', '10')],
      notes: [
        { level: 'warning', text: `${OWN} line 2: "what?" is not understood; expected key = value` },
        { level: 'warning', text: `${OWN} line 1: this kernel has no value named vm.none` },
      ],
    });
  });

  it('sets what can only be written without comparing, and says which key cannot be set at all', () => {
    const text = 'net.ipv4.route.flush = 1\nnet.ipv4.conf = 1\nvm.swappiness = 10\n';
    const context = makeContext({ files: { [OWN]: text, '/proc/sys/vm/swappiness': '60\n' } });
    const refused: Record<string, string> = {
      '/proc/sys/net/ipv4/route/flush': 'EACCES: permission denied, open',
      '/proc/sys/net/ipv4/conf': 'EISDIR: illegal operation on a directory, read',
    };
    const files = {
      ...context.files,
      readText(path: string) {
        const message = refused[path];
        if (message === undefined) return context.files.readText(path);
        throw Object.assign(new Error(message), { code: message.split(':')[0] });
      },
    };
    expect(sysctl.plan({ ...context, files })).toEqual({
      changes: [set('net/ipv4/route/flush', '1'), set('vm/swappiness', '10')],
      notes: [
        {
          level: 'warning',
          text: `${OWN} line 2: net.ipv4.conf cannot be set: illegal operation on a directory`,
        },
      ],
    });
  });

  it('has nothing to do in an image', () => {
    expect(planFor(WANTED, false)).toEqual({ changes: [] });
  });
});

describe('the installed file', () => {
  it('holds the values of version 2.43', () => {
    const text = readFileSync(new URL('../../../etc/gandi/sysctl.conf', import.meta.url), 'utf8');
    const { values, notUnderstood } = parseSysctlFile(text);
    expect(notUnderstood).toEqual([]);
    expect(Object.fromEntries(values.map(({ key, value }) => [key.join('.'), value]))).toEqual({
      'net.ipv4.ip_forward': '0',
      'net.ipv4.conf.default.accept_source_route': '0',
      'net.ipv4.icmp_echo_ignore_broadcasts': '1',
      'net.ipv4.tcp_syncookies': '1',
      'kernel.core_uses_pid': '1',
      'net.ipv4.conf.all.arp_announce': '2',
      'net.ipv4.conf.all.rp_filter': '2',
      'net.ipv4.conf.all.arp_filter': '0',
      'net.ipv4.conf.default.arp_announce': '2',
      'net.ipv4.conf.default.rp_filter': '0',
      'net.ipv4.conf.default.arp_filter': '0',
      'vm.swappiness': '10',
    });
  });
});
