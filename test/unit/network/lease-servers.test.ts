import { describe, expect, it } from 'vitest';
import { besideNamedServers } from '../../../src/network/lease-servers.ts';
import { network } from '../../../src/network/network.ts';
import { type FileEntries, makeContext, makeFiles } from '../context.ts';

const LEASE = { name: 'eth0', addresses: [], dhcp4: {} };
const FIXED = { name: 'eth1', addresses: [], resolvers: ['192.0.2.53'] };

const used = (config: object, files: FileEntries = {}, settings = '') =>
  besideNamedServers([LEASE], makeContext({ config, files, settings }), 'ifupdown')[0]?.dhcp4;

describe('the servers of a lease', () => {
  it.each([
    ['of the whole guest', { resolvers: ['192.0.2.53'] }],
    ['of one interface', { interfaces: [FIXED] }],
  ])('do not replace those that the host names %s', (_, config) => {
    expect(used(config)).toEqual({ useDns: false });
  });

  it.each<[string, object, FileEntries, string]>([
    ['the host names none', {}, {}, ''],
    ['the admin looks after them', { resolvers: ['192.0.2.53'] }, {}, 'CONFIG_NAMESERVER=0\n'],
    [
      'both are used, by systemd-resolved',
      { resolvers: ['192.0.2.53'] },
      {
        '/etc/resolv.conf': { link: '/run/systemd/resolve/stub-resolv.conf' },
        '/etc/systemd/system/multi-user.target.wants/systemd-resolved.service': {
          link: '/lib/systemd/system/systemd-resolved.service',
        },
        '/lib/systemd/system/systemd-resolved.service': '',
      },
      '',
    ],
  ])('are used where %s', (_, config, files, settings) => {
    expect(used(config, files, settings)).toEqual({});
  });

  it('are used where the source says so', () => {
    const context = makeContext({ config: { resolvers: ['192.0.2.53'] } });
    const asked = [{ ...LEASE, dhcp4: { useDns: true } }];
    expect(besideNamedServers(asked, context, 'ifupdown')).toEqual(asked);
  });

  it('leave an unchanged boot alone: where no server is named, the file that a client writes is not read', () => {
    const read: string[] = [];
    const files = makeFiles({ '/etc/resolv.conf': 'nameserver 10.0.2.3\n' });
    const watched = {
      ...files,
      readText: (path: string) => {
        read.push(path);
        return files.readText(path);
      },
      linkTarget: (path: string) => {
        read.push(path);
        return files.linkTarget(path);
      },
    };
    network.plan({ ...makeContext({ config: { interfaces: [LEASE] } }), files: watched });
    expect(read).not.toContain('/etc/resolv.conf');
  });
});
