import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../../../../src/machine/settings/setting-definitions.ts';
import { parseSettings, readSettings, settingsPath } from '../../../../src/machine/settings/settings.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { makeFiles } from '../../context.ts';

const PATH = '/etc/default/gandi';
const parse = (text: string) => parseSettings(text, PATH);

describe('parseSettings', () => {
  it('has a default for everything', () => {
    const { environment, ...settings } = parse('');
    expect(environment).toMatchObject({ CONFIG_SWAP: '1', CONFIG_DISK_ROOT: '/srv', CONFIG_MOTD_FILE: '' });
    expect(Object.keys(environment)).toEqual(SETTINGS.map(({ name }) => name));
    expect(settings).toEqual({
      path: PATH,
      switches: {
        CONFIG_SWAP: true,
        CONFIG_MODULES: true,
        CONFIG_FILES: true,
        CONFIG_HOSTNAME: true,
        CONFIG_USERS: true,
        CONFIG_NAMESERVER: true,
        CONFIG_NETWORK: true,
        CONFIG_MULTIQUEUE: true,
        CONFIG_SYSCTL: true,
        CONFIG_RESIZE: true,
        CONFIG_HOST_INIT: false,
        CONFIG_ALLOW_MOUNT: true,
        CONFIG_DISK_NOTIFY: false,
        CONFIG_DISK_UNITS: false,
        CONFIG_CONSOLE: true,
        CONFIG_CRON: true,
        CONFIG_SYSTEM_FILE: true,
        CONFIG_IDENTITY: true,
        CONFIG_ROOT_CHECK: true,
        CONFIG_POSTBOOT: true,
        CONFIG_POSTBOOT_WAIT: true,
        CONFIG_DECOMPRESS_KERNEL: false,
        CONFIG_TIMEZONE: true,
        CONFIG_SSHD: true,
        CONFIG_MOTD: true,
      },
      swapFile: 0,
      seedWaitSeconds: 10,
      motdFile: '',
      postBootSeconds: 3600,
      pluginSeconds: 60,
      networkManager: 'auto',
      mountParameters: 'rw,nosuid,nodev,noatime',
      diskRoot: '/srv',
      mountMode: 'udev',
      diskBuses: ['gandi', 'xen'],
      diskFileSystems: [],
      diskGroup: '1001',
      diskWaitSeconds: 0,
      sources: ['all'],
      reportChannels: 'auto',
      noDhcp: ['eth0'],
      pluginDirectory: '/etc/gandi/plugins.d',
      hookDirectory: '/etc/gandi/hooks',
      warnings: [],
    });
  });

  it('reads every kind of value', () => {
    const text = [
      'CONFIG_SEED_WAIT=300',
      'CONFIG_NETWORK_MANAGER=networkmanager',
      'CONFIG_MOUNT_PARAMS="ro,context=system_u:object_r:tmp_t:s0"',
      'CONFIG_DISK_ROOT=/data//disks/',
      'CONFIG_NODHCP="eth0  ens5"',
      'CONFIG_MOUNT_MODE=autofs',
      'CONFIG_DISK_BUSES="gandi, virtio nvme"',
      'CONFIG_DISK_FILE_SYSTEMS="jfs, nilfs2"',
      'CONFIG_DISK_GROUP=staff',
      'CONFIG_DISK_WAIT=3000',
      'CONFIG_SOURCES="nocloud gandi"',
      'CONFIG_DEFAULT_USER=ops',
      'GANDI_HOOK_DIR=/etc/gandi/hooks/',
      'SYSLOG_TARGET=my-guest',
    ].join('\n');
    const { environment, ...settings } = parse(text);
    expect(environment).toMatchObject({
      CONFIG_SEED_WAIT: '300',
      GANDI_HOOK_DIR: '/etc/gandi/hooks/',
      SYSLOG_TARGET: 'my-guest',
    });
    const { environment: defaults, ...rest } = parse('');
    expect(defaults.CONFIG_NODHCP).toBe('eth0');
    expect(settings).toEqual({
      ...rest,
      seedWaitSeconds: 300,
      networkManager: 'NetworkManager',
      mountParameters: 'ro,context=system_u:object_r:tmp_t:s0',
      diskRoot: '/data/disks',
      mountMode: 'autofs',
      diskBuses: ['gandi', 'virtio', 'nvme'],
      diskFileSystems: ['jfs', 'nilfs2'],
      diskGroup: 'staff',
      diskWaitSeconds: 3000,
      sources: ['nocloud', 'gandi'],
      defaultUser: 'ops',
      noDhcp: ['eth0', 'ens5'],
    });
  });

  it('passes over what version 2 asks not to change', () => {
    expect(parse('SERVERURL="https://example.org/"\n')).toEqual(parse(''));
  });

  it('takes no interface for an answer', () => {
    expect(parse('CONFIG_NODHCP=""')).toMatchObject({ noDhcp: [], warnings: [] });
  });

  it.each(['0', 'no', 'OFF', 'False', '"0"', "'no'", '0 # not here', ' 0', '"0', '" 0 "'])(
    'honours the opt-out %j',
    (value) => {
      expect(parse(`CONFIG_NETWORK=${value}\r\n`).switches.CONFIG_NETWORK).toBe(false);
    },
  );

  it.each(['1', 'yes', 'On', '"TRUE"'])('takes %j for on', (value) => {
    expect(parse(`CONFIG_HOST_INIT=${value}`)).toMatchObject({
      switches: { CONFIG_HOST_INIT: true },
      warnings: [],
    });
  });

  it('says by line what it did not understand, and keeps what was set before', () => {
    const text = [
      'CONFIG_NETWORK=0',
      'CONFIG_MTOD=0',
      'if [ -f /x ]; then',
      'CONFIG_NETWORK=maybe',
      'CONFIG_SEED_WAIT=5m',
      'CONFIG_SEED_WAIT=301',
      'CONFIG_NETWORK_MANAGER=connman',
      'CONFIG_DISK_ROOT=/srv/../etc',
      'CONFIG_DISK_ROOT=/',
      'CONFIG_NODHCP="eth0 a/b"',
      'CONFIG_MOUNT_PARAMS="rw, nosuid"',
      'SYSLOG_TARGET="a b"',
      'GANDI_HOOK_DIR=$HOME/hooks',
      'TEMP_DIR_CONF="/a\tb"',
    ].join('\n');
    const settings = parse(text);
    expect({ ...settings, warnings: [] }).toEqual({
      ...parse(''),
      environment: { ...parse('').environment, CONFIG_NETWORK: '0' },
      switches: { ...parse('').switches, CONFIG_NETWORK: false },
    });
    expect(settings.warnings.map(({ line, text: reason }) => `${line} ${reason}`)).toEqual([
      '2 CONFIG_MTOD: there is no such setting; it is ignored',
      '3 "if [ -f /x ]; then" is not understood; expected NAME=value',
      '4 CONFIG_NETWORK: found "maybe", expected 0 or 1; it stays "0"',
      '5 CONFIG_SEED_WAIT: found "5m", expected whole seconds from 0 to 300; it stays "10"',
      '6 CONFIG_SEED_WAIT: found "301", expected whole seconds from 0 to 300; it stays "10"',
      '7 CONFIG_NETWORK_MANAGER: found "connman", expected auto, ifupdown, systemd-networkd, netplan, NetworkManager, ifcfg or wicked; it stays "auto"',
      '8 CONFIG_DISK_ROOT: found "/srv/../etc", expected an absolute path below /, without ".."; it stays "/srv"',
      '9 CONFIG_DISK_ROOT: found "/", expected an absolute path below /, without ".."; it stays "/srv"',
      '10 CONFIG_NODHCP: found "eth0 a/b", expected names of network interfaces separated by blanks; it stays "eth0"',
      '11 CONFIG_MOUNT_PARAMS: found "rw, nosuid", expected mount options separated by commas, without blanks; it stays "rw,nosuid,nodev,noatime"',
      '12 SYSLOG_TARGET: found "a b", expected at most 64 letters, digits, ".", "_" or "-"; it stays "gandi"',
      '13 GANDI_HOOK_DIR: variables and commands are not evaluated',
      '13 GANDI_HOOK_DIR: found no plain value, expected an absolute path below /, without ".."; it stays "/etc/gandi/hooks"',
      '14 TEMP_DIR_CONF: found "/a\\tb", expected an absolute path below /, without ".."; it stays "/var/gandi"',
    ]);
  });

  it('takes the last of several values, and says so', () => {
    expect(parse('CONFIG_DISK_ROOT=/a\nCONFIG_DISK_ROOT=/b')).toMatchObject({
      diskRoot: '/b',
      warnings: [{ line: 2, text: 'CONFIG_DISK_ROOT: set before in line 1; the last one counts' }],
    });
  });

  it('shortens and escapes what it repeats', () => {
    const [warning] = parse(`\u001b[31m${'x'.repeat(10_000)}`).warnings;
    expect(warning?.text).toBe(`"\\u001b[31m${'x'.repeat(55)}…" is not understood; expected NAME=value`);
  });

  it('is not held up by a file of garbage', () => {
    const { warnings, switches } = parse(
      `CONFIG_SWAP=0\n${'x\n'.repeat(100_000)}A="${'y'.repeat(10_000_000)}`,
    );
    expect(switches.CONFIG_SWAP).toBe(false);
    expect(warnings).toHaveLength(101);
    expect(warnings.at(-1)).toEqual({ line: 0, text: '99901 more lines are not understood' });
  });

  it('never fails, names lines that exist, and never turns on what the last line turns off', () => {
    const name = fc.constantFrom(...SETTINGS.map((setting) => setting.name));
    const piece = fc.oneof(
      name,
      fc.constantFrom('=', '\n', '\r\n', '"', "'", '#', '\\', ' ', '0', '$(id)', ';'),
      fc.string(),
    );
    const noise = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));
    const opted = fc.constantFrom(
      ...SETTINGS.filter(({ kind }) => kind === 'switch').map((setting) => setting.name),
    );
    const off = fc.constantFrom('0', '"no"', "'OFF'", 'false # really', '0\r');
    fc.assert(
      fc.property(noise, opted, off, (before, switchName, value) => {
        const settings = parse(`${before}\n${switchName}=${value}\n`);
        expect(settings.switches).toMatchObject({ [switchName]: false });
        expect(settings.diskRoot).toMatch(/^\/./);
        const lines = before.split(/\r\n|\n|\r/).length + 2;
        for (const { line } of settings.warnings) {
          expect(line).toBeGreaterThan(0);
          expect(line).toBeLessThanOrEqual(lines);
        }
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

describe('readSettings', () => {
  it.each([
    [{}, '/etc/default/gandi', true],
    [{ '/etc/default/gandi': 'CONFIG_SWAP=0' }, '/etc/default/gandi', false],
    [{ '/etc/sysconfig/gandi': 'CONFIG_SWAP=0' }, '/etc/sysconfig/gandi', false],
    [{ '/etc/sysconfig/gandi': 'CONFIG_SWAP=0', '/etc/default/gandi': '' }, '/etc/default/gandi', true],
  ])('of %j', (entries, path, swap) => {
    const files = makeFiles(entries);
    expect(settingsPath(files)).toBe(path);
    expect(readSettings(files)).toMatchObject({ path, switches: { CONFIG_SWAP: swap } });
  });

  it.each(['/etc/default/gandi', '/etc/sysconfig/gandi'])('says that %s leads nowhere', (path) => {
    const { warnings } = readSettings(makeFiles({ [path]: { link: '/srv/settings' } }));
    expect(warnings).toEqual([
      {
        line: 0,
        text: 'is a link to /srv/settings, which is not there: the defaults are used, and nothing is turned off by it; correct or remove it',
      },
    ]);
  });
});
