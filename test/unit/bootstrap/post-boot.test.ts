import { describe, expect, it } from 'vitest';
import { postBoot } from '../../../src/bootstrap/post-boot.ts';
import { recordExtras } from '../../../src/bootstrap/record-extras.ts';
import { decodeText } from '../../../src/machine/formats/text/text-bytes.ts';
import type { InterfaceConfig } from '../../../src/metadata/interface-config.ts';
import {
  configurationDigest,
  parsePostBootOrder,
  renderPostBootOrder,
} from '../../../src/state/post-boot-order.ts';
import { type ContextParts, makeContext, makeFiles } from '../context.ts';

const SCRIPT = '#!/bin/sh\ntrue\n';
const config = {
  hostName: 'web1',
  postBoot: { scriptArguments: '--role "web server"', command: 'apt-get update' },
};
const digest = configurationDigest(config, SCRIPT);
const ASKED = {
  hostName: 'web1',
  interfaces: [],
  missing: [],
  nameServers: [],
  searchDomains: [],
  accounts: [],
};
const NIC = {
  name: 'eth0',
  mac: '52:54:00:00:00:01',
  driver: 'virtio_net',
  queues: 1,
  multiQueue: false,
};
const ETH0: InterfaceConfig = {
  number: 0,
  mac: NIC.mac,
  addresses: [{ family: 4, address: '192.0.2.10', prefixLength: 24 }],
};
const STARTED = '/var/lib/gandi/postboot.json';

function orderFor(parts: ContextParts, script: string | null = SCRIPT) {
  const files = {
    '/run/gandi/x': '',
    ...(script === null ? {} : { '/gandi/script': script }),
    ...parts.files,
  };
  const { changes } = postBoot.plan(makeContext({ config, ...parts, files }));
  const [change, ...more] = changes;
  if (change?.kind !== 'write-file') return undefined;
  expect(change).toMatchObject({ mode: 0o600, secret: true, thisBootOnly: true });
  const order = parsePostBootOrder(String(change.content));
  const needsNetwork = order?.script !== undefined || order?.command !== undefined;
  const network = { kind: 'write-file', path: '/run/gandi/postboot-network', thisBootOnly: true };
  expect(more).toMatchObject(needsNetwork ? [network] : []);
  return { path: change.path, order };
}

describe('post-boot', () => {
  it('orders script and command of a new configuration', () => {
    expect(orderFor({})).toEqual({
      path: '/run/gandi/postboot',
      order: {
        digest,
        script: ['/gandi/script', '--role', 'web server'],
        command: 'apt-get update',
        asked: ASKED,
      },
    });
  });

  it('orders only what was not started', () => {
    const started = (marks: object) => orderFor({ files: { [STARTED]: JSON.stringify(marks) } });
    expect(started({ script: digest })?.order).toEqual({ digest, command: 'apt-get update', asked: ASKED });
    expect(started({ script: digest, command: digest })).toBeUndefined();
    expect(started({ script: 'another', command: 'another' })?.order?.script).toBeDefined();
  });

  it('takes any change of configuration or script for a new one', () => {
    expect(configurationDigest({ ...config, hostName: 'web2' }, SCRIPT)).not.toBe(digest);
    expect(configurationDigest(config, `${SCRIPT}#`)).not.toBe(digest);
  });

  it('gives a script that the kernel cannot execute to sh', () => {
    expect(orderFor({}, 'echo hello\n')?.order?.script?.slice(0, 2)).toEqual(['/bin/sh', '/gandi/script']);
    expect(orderFor({}, '\u007fELF')?.order?.script?.[0]).toBe('/gandi/script');
  });

  it('has the interpreter run a script that names it behind blank lines', () => {
    const words = ['/gandi/script', '--role', 'web server'];
    expect(orderFor({}, '\n\n  #! /usr/bin/python3\nprint()\n')?.order?.script).toEqual([
      '/usr/bin/python3',
      ...words,
    ]);
    expect(orderFor({}, '\n#!/bin/bash -e \n')?.order?.script).toEqual(['/bin/bash', '-e', ...words]);
    expect(orderFor({}, '# What it does\n#!/bin/bash\n')?.order?.script).toEqual(['/bin/sh', ...words]);
  });

  it.each([
    ['a byte order mark', '\ufeff#!/usr/bin/python3\nprint()\n', 'it begins with a byte order mark'],
    ['a byte order mark alone', '\ufeffecho hello\n', 'it begins with a byte order mark'],
    ['CRLF', '#!/bin/bash\r\ntrue\r\n', 'its lines end with CRLF'],
    ['CRLF and no interpreter', 'echo hello\r\n', 'its lines end with CRLF'],
    ['CRLF and blank lines', '\r\n#!/bin/bash\r\n', 'its lines end with CRLF'],
    ['CR alone', '#!/bin/sh\recho hello\r', 'its lines end with CR alone'],
    ['UTF-16 without a mark', '#\0!\0/\0b\0i\0n\0/\0s\0h\0\n\0', 'it is text in UTF-16'],
    ['UTF-16, the high byte first', '\0#\0!\0/\0x\0\n', 'it is text in UTF-16'],
    ['UTF-16', decodeText(Buffer.from('\ufeff#!/bin/sh\n', 'utf16le')), 'it is text in UTF-16'],
  ])('does not have a script with %s run, and says why; the command runs', (_, script, why) => {
    expect(orderFor({}, script)?.order).toEqual({
      digest: configurationDigest(config, script),
      command: 'apt-get update',
      asked: ASKED,
    });
    const planned = (more: ContextParts = {}) =>
      postBoot.plan(makeContext({ config, files: { '/gandi/script': script }, ...more })).notes;
    const note = { level: 'problem', text: expect.stringContaining(`/gandi/script is not run: ${why}`) };
    expect(planned()).toEqual([note]);
    // Also where nothing else is to be run.
    expect(planned({ config: {} })).toEqual([note]);
    // An earlier version ran it: that is over.
    const marks = {
      script: configurationDigest(config, script),
      command: configurationDigest(config, script),
    };
    const started = { '/gandi/script': script, [STARTED]: JSON.stringify(marks) };
    expect(planned({ files: started })).toBeUndefined();
    // What an earlier host left is nobody's wish.
    expect(planned({ host: { state: 'none' } })).toBeUndefined();
  });

  it('runs a compiled program whatever its bytes are', () => {
    expect(orderFor({}, '\u007fELF\r\n')?.order?.script?.[0]).toBe('/gandi/script');
  });

  it('runs nothing of what could not be stored as a whole', () => {
    const members = [
      { name: 'script', offset: 512, length: SCRIPT.length },
      { name: 'config', offset: 1536, length: 2 },
    ];
    const archive = { device: '/dev/sdb', offset: 0, length: 4096, members };
    const failed = ['01-config_swap'];
    const given = (files: Record<string, string>, more = { failed }) =>
      orderFor({ host: { state: 'new', archive }, files, ...more });
    expect(given({})).toBeUndefined();
    expect(given({ '/gandi/config': '{' })).toBeUndefined();
    expect(given({ '/gandi/config': '{}' })?.order?.script).toBeDefined();
    // Nor is it in a dry run, or where that step is turned off.
    expect(given({}, { failed: [] })?.order?.script).toBeDefined();
    const { notes } = postBoot.plan(makeContext({ config, host: { state: 'new', archive }, failed }));
    expect(notes).toEqual([
      {
        level: 'warning',
        text: 'script and command are left for a boot in which all that the host gives can be stored in /gandi',
      },
    ]);
  });

  describe('where nothing of the customer’s is to be run', () => {
    const plain = { hostName: 'web1' };
    const booting = { facts: { booting: true } };
    const look = (parts: ContextParts) => orderFor({ config: plain, ...booting, ...parts }, null);
    const digestOfPlan = (parts: ContextParts) =>
      postBoot.plan(makeContext({ config: plain, ...booting, ...parts })).digest;
    const looked = { [postBoot.name]: digestOfPlan({}) ?? '' };

    it('has a new configuration looked at, with no one waiting for that', () => {
      expect(look({ applied: looked })).toEqual({
        path: '/run/gandi/postboot-background',
        order: { digest: configurationDigest(plain, undefined), look: true, asked: ASKED },
      });
    });

    it('has one looked at that asks for something else, be it by a setting', () => {
      const kept = { host: { state: 'kept' as const }, applied: looked };
      expect(look(kept)).toBeUndefined();
      expect(look({ ...kept, config: { hostName: 'web2' } })?.order?.asked?.hostName).toBe('web2');
      expect(look({ ...kept, config: { hostName: 'web2' }, settings: 'CONFIG_HOSTNAME=0' })).toBeUndefined();
      expect(look({ ...kept, applied: {} })?.order?.look).toBe(true);
    });

    it.each([
      ['systemd-networkd', '/etc/systemd/network/10-mine.network', {}],
      ['netplan', '/etc/netplan/99-mine.yaml', {}],
      ['NetworkManager', '/etc/NetworkManager/system-connections/mine.nmconnection', {}],
      ['ifupdown', '/etc/network/interfaces', {}],
      [
        'systemd-networkd',
        '/etc/systemd/network/90-else.network',
        { '/etc/systemd/network/10-l.network': { link: '/x' } },
      ],
      ['ifupdown', '/etc/network/interfaces.d/mine', { '/etc/network/interfaces': '# none\n' }],
      ['ifupdown', '/etc/network/more/mine', { '/etc/network/interfaces': 'source more/*\n' }],
      [
        'ifupdown',
        '/etc/network/more/mine',
        { '/etc/network/interfaces': { link: 'own' }, '/etc/network/own': 'source-directory more\n' },
      ],
      ['systemd-networkd', '/run/systemd/network/05-mine.network', {}],
      ['systemd-networkd', '/usr/local/lib/systemd/network/05-mine.network', {}],
      ['systemd-networkd', '/usr/lib/systemd/network/05-mine.network', {}],
      ['systemd-networkd', '/etc/systemd/network/50-gandi-eth0.network.d/mine.conf', {}],
      ['systemd-networkd', '/run/systemd/network/50-gandi-eth0.network.d/mine.conf', {}],
      ['netplan', '/run/netplan/99-mine.yaml', {}],
      ['netplan', '/lib/netplan/99-mine.yaml', {}],
      ['netplan', '/etc/systemd/network/05-mine.network', {}],
      ['netplan', '/etc/systemd/network/10-netplan-eth0.network.d/mine.conf', {}],
      ['NetworkManager', '/run/NetworkManager/system-connections/mine.nmconnection', {}],
      ['NetworkManager', '/usr/lib/NetworkManager/system-connections/mine.nmconnection', {}],
    ] as const)(
      'looks again where an admin adds a file of the network (%s), or changes it',
      (manager, path, before) => {
        const parts = (
          files: Record<string, string>,
          applied: Record<string, string> = {},
        ): ContextParts => ({
          config: { ...plain, interfaces: [ETH0] },
          host: { state: 'kept' },
          facts: { ...booting.facts, networkManager: manager, interfaces: [NIC] },
          files: { ...before, ...files },
          applied,
        });
        const digestNow = (files: Record<string, string>) => ({
          [postBoot.name]: digestOfPlan(parts(files)) ?? '',
        });
        expect(look(parts({}, digestNow({})))).toBeUndefined();
        const added = { [path]: 'one\n' };
        expect(look(parts(added, digestNow({})))?.order?.look).toBe(true);
        expect(look(parts(added, digestNow(added)))).toBeUndefined();
        expect(look(parts({ [path]: 'two\n' }, digestNow(added)))?.order?.look).toBe(true);
      },
    );

    it('takes for no news what netplan makes anew at each boot', () => {
      const digestWith = (files: Record<string, string>) =>
        digestOfPlan({
          config: { ...plain, interfaces: [ETH0] },
          host: { state: 'kept' },
          facts: { ...booting.facts, networkManager: 'netplan', interfaces: [NIC] },
          files,
        });
      const made = {
        '/run/systemd/network/10-netplan-eth0.network': '[Match]\nName=eth0\n',
        '/run/NetworkManager/system-connections/netplan-eth0.nmconnection': '[connection]\n',
      };
      expect(digestWith(made)).toBe(digestWith({}));
    });

    it('has the customer’s work done where such a file cannot be read', () => {
      const context = makeContext({
        config: { ...config, interfaces: [ETH0] },
        facts: { ...booting.facts, networkManager: 'netplan', interfaces: [NIC] },
        files: { '/gandi/script': SCRIPT },
      });
      const list = (path: string): string[] => {
        if (path === '/etc/netplan') throw new Error('EIO: i/o error, scandir');
        return context.files.list(path);
      };
      const plan = postBoot.plan({ ...context, files: { ...context.files, list } });
      expect(plan.changes.map((change) => 'path' in change && change.path)).toContain('/run/gandi/postboot');
    });

    it('takes another name of the host’s disk for no news', () => {
      const swap = (node: string) => ({ state: 'kept' as const, swap: { node, state: 'ours' as const } });
      const earlier = { [postBoot.name]: digestOfPlan({ host: swap('/dev/sda') as never }) ?? '' };
      expect(look({ host: swap('/dev/sdb') as never, applied: earlier })).toBeUndefined();
    });

    it('has nothing looked at in a run of the admin’s, and so leaves that to the next boot', () => {
      expect(look({ facts: {} })).toBeUndefined();
      expect(digestOfPlan({ facts: {} })).toBeUndefined();
      expect(digestOfPlan({ facts: {}, applied: looked })).toBe(looked[postBoot.name]);
    });

    it('has nothing looked at where nothing is asked', () => {
      expect(look({ config: {} })).toBeUndefined();
    });

    it('keeps no boot after a look from being an unchanged one', () => {
      const { settings, host } = makeContext({
        config: plain,
        host: { state: 'kept', swap: { node: '/dev/sdb', state: 'ours' } as never },
      });
      const extrasFor = (order: object) =>
        recordExtras(
          {
            files: makeFiles({
              '/run/gandi/postboot-background': renderPostBootOrder({ digest, ...order }),
            }),
            settings,
          },
          host,
        );
      expect(extrasFor({ look: true, asked: ASKED })?.expected).toEqual([]);
      expect(extrasFor({ look: true, asked: ASKED })).toBeDefined();
      expect(extrasFor({ command: 'true' })?.expected?.[0]?.line).toBe(JSON.stringify({ command: digest }));
    });

    it('looks along with script and command where there are some', () => {
      const { order } = orderFor(booting) ?? {};
      expect(order).toMatchObject({ command: 'apt-get update', asked: ASKED });
      expect(order?.look).toBeUndefined();
    });
  });

  it('leaves the order where nothing waits for it', () => {
    expect(orderFor({ settings: 'CONFIG_POSTBOOT_WAIT=0' })?.path).toBe('/run/gandi/postboot-background');
  });

  it('runs nothing of a group that was refused', () => {
    const problems = [{ group: 'post-boot' as const, path: 'vm_conf.run', found: '1', expected: 'text' }];
    const parsed = { config: { hostName: 'web1' }, problems, refused: ['post-boot' as const], origins: [] };
    expect(orderFor({ host: { state: 'new', parsed } })).toBeUndefined();
  });

  it('orders autofs to be stopped where mounting is off', () => {
    const files = {
      '/usr/lib/systemd/system/autofs.service': '',
      '/etc/systemd/system/multi-user.target.wants/autofs.service': '',
    };
    const parts = { config: {}, files, settings: 'CONFIG_ALLOW_MOUNT=0' };
    expect(orderFor(parts)?.order?.stopAutofs).toBe(true);
    expect(orderFor({ ...parts, settings: '' })?.order?.stopAutofs).toBeUndefined();
  });

  it('removes the host’s first-boot script once it is over, if gandi-postboot could not', () => {
    const files = { '/gandi/script': SCRIPT, '/gandi/init': 'pass\n' };
    const plan = (started: object) =>
      postBoot.plan(makeContext({ config, files: { ...files, [STARTED]: JSON.stringify(started) } })).changes;
    expect(plan({ script: digest, command: digest })).toEqual([{ kind: 'remove-file', path: '/gandi/init' }]);
    expect(plan({ script: digest })).not.toContainEqual({ kind: 'remove-file', path: '/gandi/init' });
    expect(plan({ script: 'another', command: 'another' })).not.toContainEqual({
      kind: 'remove-file',
      path: '/gandi/init',
    });
  });

  it('does nothing to an unpacked image', () => {
    const parts = { config, files: { '/gandi/script': SCRIPT }, facts: { live: false } };
    expect(postBoot.plan(makeContext(parts))).toEqual({ changes: [] });
  });
});
