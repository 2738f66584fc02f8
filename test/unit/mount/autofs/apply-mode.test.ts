import { describe, expect, it } from 'vitest';
import {
  directoriesToGiveUp,
  planMode,
  renderMasterMap,
  whyNotAutofs,
} from '../../../../src/mount/autofs/apply-mode.ts';
import { makeFiles } from '../../context.ts';

const PATH = '/etc/auto.master.d/gandi.autofs';
const enabled = {
  '/lib/systemd/system/autofs.service': '',
  '/etc/systemd/system/multi-user.target.wants/autofs.service': { link: '/x' },
};
const off = '# about it\n#/srv /etc/auto.gandi --timeout=60 --ghost\n# more\n';
const on = '# about it\n/srv /etc/auto.gandi --timeout=60 --ghost\n# more\n';

describe('renderMasterMap', () => {
  it('turns our line on and off, and leaves the options and all other lines alone', () => {
    expect(renderMasterMap(off, 'autofs', '/srv')).toBe(on);
    expect(renderMasterMap(on, 'udev', '/srv')).toBe(off);
    expect(renderMasterMap(on, 'off', '/srv')).toBe(off);
    expect(renderMasterMap(on, 'autofs', '/data')).toBe(on.replace('/srv', '/data'));
    expect(renderMasterMap(on, 'autofs', '/my data')).toBe(on.replace('/srv', '"/my data"'));
    expect(renderMasterMap(on.replace('/srv', '"/my data"'), 'autofs', '/srv')).toBe(on);
  });

  it('writes a new file, and a line that an admin removed', () => {
    expect(renderMasterMap(undefined, 'autofs', '/srv')).toMatch(
      /\n\/srv \/etc\/auto\.gandi --timeout=2592000 --negative-timeout=2\n$/,
    );
    expect(renderMasterMap('# mine\n', 'autofs', '/srv')).toMatch(/^# mine\n\/srv \/etc\/auto\.gandi /);
  });
});

describe('planMode', () => {
  const commands = (files: Parameters<typeof makeFiles>[0], mode: 'udev' | 'autofs' | 'off') =>
    planMode(makeFiles(files), mode, '/srv').map((change) =>
      change.kind === 'run-command' ? change.argv.join(' ') : change.kind,
    );

  it('changes nothing that is as it should be', () => {
    expect(commands({ [PATH]: off }, 'udev')).toEqual([]);
    expect(commands({ [PATH]: on, ...enabled }, 'autofs')).toEqual([]);
    expect(commands({}, 'udev')).toEqual([]);
  });

  it('turns autofs on', () => {
    expect(commands({ [PATH]: off }, 'autofs')).toEqual([
      'write-file',
      'systemctl enable autofs.service',
      'systemctl --no-block reload-or-restart autofs.service',
    ]);
    expect(commands({ [PATH]: off, ...enabled }, 'autofs')).toEqual([
      'write-file',
      'systemctl --no-block reload-or-restart autofs.service',
    ]);
  });

  it('turns our map off, and leaves the service to the admin', () => {
    expect(commands({ [PATH]: on, ...enabled }, 'off')).toEqual([
      'write-file',
      'systemctl --no-block try-reload-or-restart autofs.service',
    ]);
  });
});

describe('directoriesToGiveUp', () => {
  const mountInfo = [
    '30 28 0:40 / /srv rw,relatime shared:9 - autofs /etc/auto.gandi rw,fd=5,timeout=3,indirect',
    '31 30 8:16 / /srv/data rw,noatime shared:11 - ext4 /dev/sdb rw',
    '32 28 0:41 / /net rw,relatime shared:12 - autofs -hosts rw,fd=6,indirect',
  ].join('\n');

  it('names what our map is watched for and should not be', () => {
    expect(directoriesToGiveUp(mountInfo, 'autofs', '/srv')).toEqual([]);
    expect(directoriesToGiveUp(mountInfo, 'autofs', '/data')).toEqual(['/srv']);
    expect(directoriesToGiveUp(mountInfo, 'udev', '/srv')).toEqual(['/srv']);
    expect(directoriesToGiveUp(mountInfo, 'off', '/data')).toEqual(['/srv']);
  });

  it('has autofs asked again as long as it holds one', () => {
    const verbs = (held: boolean) =>
      planMode(makeFiles({ [PATH]: off }), 'udev', '/srv', held).map((change) =>
        change.kind === 'run-command' ? change.argv.join(' ') : change.kind,
      );
    expect(verbs(false)).toEqual([]);
    expect(verbs(true)).toEqual(['systemctl --no-block try-reload-or-restart autofs.service']);
  });
});

describe('whyNotAutofs', () => {
  it('asks for the daemon, and for a disk root of our own', () => {
    const daemon = { '/usr/sbin/automount': '' };
    expect(whyNotAutofs(makeFiles({}), 'autofs', '/srv')).toContain('autofs is not installed');
    expect(whyNotAutofs(makeFiles({}), 'udev', '/srv')).toBeUndefined();
    const other = { ...daemon, '/etc/auto.master': '/srv /etc/auto.nfs\n' };
    expect(whyNotAutofs(makeFiles(other), 'autofs', '/srv')).toContain('another map for /srv');
    expect(whyNotAutofs(makeFiles({ ...daemon, [PATH]: on }), 'autofs', '/srv')).toBeUndefined();
  });
});
