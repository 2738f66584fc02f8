import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Files } from '../../../../src/machine/files/files.ts';
import { parseServices, planServices, readServices, unitOf } from '../../../../src/mount/holders/services.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { run } from '../../images.ts';

describe('parseServices', () => {
  it('takes valid names of services only, each once', () => {
    const text =
      '# mine\nnginx\n\n postgresql@15-main.service \nnginx\n--root=/x\n$(id).service\na b\nx.exe\nfoo.service\r\n';
    expect(parseServices(text)).toEqual(['nginx.service', 'postgresql@15-main.service', 'foo.service']);
  });

  it.each([
    'multi-user.target',
    'web.socket',
    'backup.timer',
    'srv-data.mount',
    'system.slice',
    'postgresql@',
    'postgresql@.service',
    'init.scope',
  ])('takes no unit of another kind, and no template: %s', (name) => {
    expect(parseServices(name)).toEqual([]);
  });

  it.each([
    'ssh',
    'sshd.service',
    'ssh@1.service',
    'sshd-keygen@rsa.service',
    'dbus',
    'dbus-broker',
    'systemd-journald',
    'systemd-networkd.service',
    'getty@tty1',
    'serial-getty@ttyS0.service',
    'user@1000',
    'user-runtime-dir@1000',
    'NetworkManager',
    'networking',
    'cron',
    'rsyslog',
    'gandi-disks',
    'gandi-mount.service',
    'polkit',
    'qemu-guest-agent',
  ])('takes none of the system’s own: %s', (name) => {
    expect(parseServices(name)).toEqual([]);
  });

  it.each(['sshfs-data', 'usermap', 'cronicle', 'gandiva', 'networkmap', 'mariadb', 'systemdiff'])(
    'takes one whose name only begins so: %s',
    (name) => {
      expect(parseServices(name)).toEqual([`${name}.service`]);
    },
  );
});

describe('readServices', () => {
  let disk: string;
  const path = () => join(disk, '.gandi', 'services');
  const read = () => readServices(new Files(), disk);

  beforeEach(() => {
    disk = mkdtempSync(join(tmpdir(), 'gandi-guest-'));
    mkdirSync(join(disk, '.gandi'), { mode: 0o755 });
    writeFileSync(path(), 'nginx\n', { mode: 0o644 });
  });
  afterEach(() => rmSync(disk, { recursive: true }));

  it('reads a list of root’s', () => {
    expect(read()).toEqual(['nginx.service']);
  });

  it.each<[string, () => void]>([
    ['somebody else’s', () => chownSync(path(), 1000, 0)],
    ['one that a group can write', () => chmodSync(path(), 0o664)],
    ['one in a directory of somebody else', () => chownSync(join(disk, '.gandi'), 1000, 0)],
    ['one in a directory that everyone can write', () => chmodSync(join(disk, '.gandi'), 0o777)],
    ['none', () => rmSync(path())],
    ['a disk without the directory', () => rmSync(join(disk, '.gandi'), { recursive: true })],
    [
      'a directory',
      () => {
        rmSync(path());
        mkdirSync(path());
      },
    ],
  ])('does not use %s', (_, change) => {
    change();
    expect(read()).toEqual([]);
  });

  it('opens no device: that of a watchdog would be started by it', () => {
    rmSync(path());
    // There is no driver of that number: whoever opened it would be told so.
    run('mknod', ['-m', '644', path(), 'c', '511', '0']);
    expect(read()).toEqual([]);
  });

  it('follows no link, to a file or to a directory', () => {
    const other = join(disk, 'other');
    mkdirSync(other);
    writeFileSync(join(other, 'services'), 'nginx\n');
    rmSync(path());
    symlinkSync('../other/services', path());
    expect(read).toThrow(/services is a symbolic link/);
    rmSync(join(disk, '.gandi'), { recursive: true });
    symlinkSync('other', join(disk, '.gandi'));
    expect(read).toThrow(/\.gandi is a symbolic link or not a directory/);
  });

  it('is not held up by a large file', () => {
    writeFileSync(path(), `first\n${'#'.repeat(1024 * 1024)}\nlast\n`);
    expect(read()).toEqual(['first.service']);
  });
});

it.each([
  ['/system.slice/mydb.service', 'mydb.service'],
  ['/system.slice/system-postgresql.slice/postgresql@15-main.service', 'postgresql@15-main.service'],
  ['/user.slice/user-1000.slice/user@1000.service/app.slice/mydb.service', 'user@1000.service'],
  ['/user.slice/user-0.slice/session-1.scope', 'session-1.scope'],
  ['/system.slice/docker.service/mydb.service', 'docker.service'],
  ['/', undefined],
])('tells the unit of the process in %s', (controlGroup, unit) => {
  expect(unitOf({ controlGroup })).toBe(unit);
});

it('stops no service when none is named', () => {
  expect(planServices([], 'stop')).toEqual([]);
  expect(planServices(['a.service'], 'stop')).toMatchObject([
    { argv: ['systemctl', 'stop', '--', 'a.service'] },
  ]);
});

it('takes from any list only names of units, which are no options and no paths', () => {
  const line = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^[-a-z@./\\ #]{0,12}(\.service|\.mount)?$/),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 10 }), (lines) => {
      for (const name of parseServices(lines.join('\n'))) {
        expect(name).toMatch(/^[^-/\s@]([^/\s]*[^@/\s])?\.service$/);
        expect(lines.join('\n')).toContain(name.replace(/\.service$/, ''));
      }
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
