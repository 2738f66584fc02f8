import { describe, expect, it } from 'vitest';
import { earlierNetworkFile } from '../../../../../src/network/managers/networkd/files.ts';
import { type FileEntries, makeFiles } from '../../../context.ts';

const DEVICE = { name: 'eth0', mac: '00:16:3e:00:00:01', driver: 'virtio_net' };
const find = (entries: FileEntries) =>
  earlierNetworkFile(makeFiles(entries), DEVICE, '50-gandi-eth0.network', (text) =>
    text.startsWith('# ours'),
  );

const MACHINE: FileEntries = {
  '/proc/sys/kernel/hostname': 'web-1\n',
  '/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
  '/proc/cmdline': 'root=/dev/vda quiet console=ttyS0\n',
};

describe('earlierNetworkFile', () => {
  it.each([
    ['Name=eth0', true],
    ['Name=en* eth*', true],
    ['Name=ens3\nName=eth0', true],
    ['Name=eth0\nName=', false],
    ['Name=eth1\nName=\nName=eth0', true],
    ['Name=!eth0', false],
    ['Name=!ens3 ens4', true],
    ['Name=eth1', false],
    ['MACAddress=00-16-3E-00-00-01', true],
    ['MACAddress=00:16:3e:00:00:02', false],
    ['Driver=virtio*', true],
    ['Type=ether\nName=eth*', true],
    ['Type=wlan', false],
    ['Kind=bridge', false],
    ['Kind=!*', true],
    ['Type=ether\nKind=!veth bridge', true],
    ['Name=ens3 \\\n  eth0', true],
    ['Name=ens3 \\\n# eth7 \\\n  eth0', true],
    ['Name=\\\n  ens3', false],
    ['Na\\\nme=eth0', false],
    ['SSID=home', false],
    ['Name=eth0\nHost=web-*', true],
    ['Name=eth0\nHost=db-1', false],
    ['Host=!db-1', true],
    ['Host=0123456789abcdef0123456789abcdef', true],
    ['Host=1123456789abcdef0123456789abcdef', false],
    ['Virtualization=no', false],
    ['Virtualization=!container', true],
    ['Virtualization=!vm', false],
    ['KernelCommandLine=quiet', true],
    ['KernelCommandLine=!quiet', false],
    ['KernelCommandLine=console', true],
    ['KernelCommandLine=console=ttyS1', false],
    ['Architecture=native', true],
    ['Architecture=s390x', false],
    ['Architecture=!s390x', true],
    ['Host=db-1\nHost=web-1', true],
    ['Virtualization=kvm\nName=eth0', true],
  ])('[Match] %j: %s', (match, expected) => {
    const file = '/etc/systemd/network/10-lan.network';
    const text = `# mine\n\n[Match]\n${match}\n\n[Network]\nDHCP=yes\n`;
    expect(find({ ...MACHINE, [file]: text })).toEqual(expected ? { file, line: 3 } : undefined);
  });

  it.each<[string, FileEntries]>([
    ['a file that sorts behind ours', { '/etc/systemd/network/80-all.network': '[Match]\nName=*\n' }],
    ['no [Match] section', { '/etc/systemd/network/10-a.network': '[Network]\nDHCP=yes\nName=eth0\n' }],
    ['a file of another kind', { '/etc/systemd/network/10-a.link': '[Match]\nName=eth0\n' }],
    ['ours', { '/etc/systemd/network/50-gandi-eth0.network': '# ours\n[Match]\nName=eth0\n' }],
    [
      'masked by the admin',
      {
        '/etc/systemd/network/10-a.network': { link: '/dev/null' },
        '/usr/lib/systemd/network/10-a.network': '[Match]\nName=eth0\n',
      },
    ],
  ])('passes over: %s', (_, entries) => {
    expect(find(entries)).toBeUndefined();
  });

  it('names the file that comes first by name, whichever directory it is in', () => {
    const match = '[Match]\nName=eth0\n';
    const entries = {
      '/etc/systemd/network/20-b.network': match,
      '/usr/lib/systemd/network/10-a.network': match,
    };
    expect(find(entries)).toEqual({ file: '/usr/lib/systemd/network/10-a.network', line: 1 });
  });

  it('takes conditions that cannot be told, as in an unpacked image, to hold', () => {
    const file = '/etc/systemd/network/10-a.network';
    expect(find({ [file]: '[Match]\nName=eth0\nHost=db-1\nFirmware=uefi\n' })).toEqual({ file, line: 1 });
  });

  it('reads drop-ins with the file', () => {
    const file = '/usr/lib/systemd/network/10-a.network';
    const drop = '/etc/systemd/network/10-a.network.d/wan.conf';
    const files = { [file]: '[Match]\nName=ens*\n', [drop]: '[Match]\nName=eth0\n' };
    expect(find(files)).toEqual({ file, line: 1 });
  });

  it('sees an admin’s file under our name', () => {
    const file = '/etc/systemd/network/50-gandi-eth0.network';
    expect(find({ [file]: '[Match]\nName=eth0\n' })).toEqual({ file, line: 1 });
  });
});
