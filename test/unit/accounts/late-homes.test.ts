import { describe, expect, it } from 'vitest';
import { users } from '../../../src/accounts/users.ts';
import { recordExtras } from '../../../src/bootstrap/record-extras.ts';
import { describeChange } from '../../../src/machine/changes/change-kinds.ts';
import type { Commands } from '../../../src/machine/commands/commands.ts';
import { mountUnitOf } from '../../../src/machine/system/units.ts';
import { runStep } from '../../../src/plan/runner.ts';
import { type ContextParts, type FileEntries, makeContext, makeFiles } from '../context.ts';
import { temporaryRoot } from '../temporary-root.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me@laptop';
const credentials = { passwordHash: '$6$salt$hash', sshKeys: [KEY] };
const asked = ['root', 'admin1'].map((name) => ({ name, ...credentials }));
const SIGN = '/run/gandi/late-homes';

const fresh = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\n',
  '/etc/group': 'root:x:0:\nsudo:x:27:admin1\n',
  '/etc/shadow': 'root:*:1::::::\n',
  '/root/.bashrc': '',
  // What lies under the mount point.
  '/home/admin1/.profile': '',
};
const made = {
  ...fresh,
  '/etc/passwd': `${fresh['/etc/passwd']}admin1:x:1000:1000::/home/admin1:/bin/bash\n`,
};

const generated = (unit: string, target = 'remote-fs.target.requires'): FileEntries => ({
  [`/run/systemd/generator/${unit}`]: '[Mount]\n',
  [`/run/systemd/generator/${target}/${unit}`]: { link: `../${unit}` },
});
const mounted = (path: string, type: string): FileEntries => ({
  '/proc/self/mountinfo': `20 1 8:1 / / rw - ext4 /dev/sda1 rw\n40 20 0:50 / ${path} rw - ${type} x rw\n`,
});

/** The plan with the changes of all parts in one list. */
function plan(files: FileEntries, parts: ContextParts = {}) {
  const {
    separate = [],
    changes,
    ...whole
  } = users.plan(makeContext({ config: { users: asked }, files, ...parts }));
  return { ...whole, changes: [...changes, ...separate.flatMap((part) => part.changes)] };
}
const changesOf = (files: FileEntries) => plan(files).changes.map(describeChange).join('\n');
const notesOf = (files: FileEntries) => plan(files).notes ?? [];

describe('a home whose file system is still to be mounted', () => {
  it.each<[string, FileEntries]>([
    ['by /etc/fstab', generated('home.mount')],
    ['where the boot does not wait for it', generated('home.mount', 'local-fs.target.wants')],
    [
      'on first access, which is not set up yet',
      {
        '/run/systemd/generator/home.mount': '[Mount]\n',
        '/run/systemd/generator/home.automount': '[Mount]\n',
        '/run/systemd/generator/remote-fs.target.requires/home.automount': { link: '../home.automount' },
      },
    ],
    ['on first access', { ...generated('home.mount'), ...mounted('/home', 'autofs') }],
    ['alone', generated('home-admin1.mount')],
    [
      'by a unit of the admin’s',
      {
        '/etc/systemd/system/home.mount': '[Mount]\n',
        '/etc/systemd/system/multi-user.target.wants/home.mount': { link: '../home.mount' },
      },
    ],
    ['behind a link', { '/home': { link: 'srv/homes' }, ...generated('srv-homes.mount') }],
  ])('gets nothing %s; root gets its keys, both their password', (_, units) => {
    const changes = changesOf({ ...made, ...units });
    expect(changes).not.toContain('/home/admin1');
    expect(changes).toContain('/root/.ssh/authorized_keys');
    expect(changes).toContain('chpasswd');
    expect(changes).toContain(SIGN);
    expect(plan({ ...made, ...units }).digest).toBeUndefined();
    expect(notesOf({ ...made, ...units }).map(({ level }) => level)).toEqual(['info']);
  });

  it('keeps a new user waiting, whose home useradd would make under the mount point', () => {
    const changes = changesOf({ ...fresh, ...generated('home.mount') });
    expect(changes).not.toContain('useradd');
    expect(changes).toContain('/root/.ssh/authorized_keys');
    expect(changes).toContain('chpasswd');
  });

  it('of root’s does not keep the user from its keys', () => {
    const files = { ...made, ...generated('root.mount') };
    expect(changesOf(files)).toContain('/home/admin1/.ssh/authorized_keys');
    expect(changesOf(files)).not.toContain('/root/.ssh');
    const round = plan({ ...fresh, '/home/admin1/.profile': '', ...generated('root.mount') });
    expect(round.next).toBeDefined();
    expect(round.changes.map(describeChange).join('\n')).not.toContain(SIGN);
  });

  it.each<[string, FileEntries]>([
    ['mounted by then', { ...generated('home.mount'), ...mounted('/home', 'nfs4') }],
    ['mounted on first access', { ...generated('home.mount'), ...mounted('/home', 'autofs') }],
  ])('is given its keys by the later start when it is %s', (_, files) => {
    const changes = changesOf({ ...made, ...files, [SIGN]: '' });
    expect(changes).toContain('/home/admin1/.ssh/authorized_keys');
    expect(changes.split('\n').at(-1)).toBe(`remove ${SIGN}`);
    expect(plan({ ...made, ...files, [SIGN]: '' }).digest).toBeDefined();
  });

  it('is a problem where the later start does not find it either', () => {
    const files = { ...made, ...generated('home.mount'), [SIGN]: '' };
    expect(notesOf(files)).toEqual([
      {
        level: 'problem',
        text: '/home is not mounted, and /home/admin1 is on it: nothing was put there; mount it, then run gandi-bootstrap',
      },
    ]);
    expect(changesOf(files)).not.toContain('/home/admin1');
  });

  it.each<[string, FileEntries]>([
    ['nobody mounts', { '/run/systemd/generator/home.mount': '[Mount]\n' }],
    [
      'the admin masked',
      { ...generated('home.mount'), '/etc/systemd/system/home.mount': { link: '/dev/null' } },
    ],
    ['is another directory', generated('home-other.mount')],
    ['is mounted', { ...generated('home.mount'), ...mounted('/home', 'ext4') }],
  ])('is none where what %s', (_, units) => {
    expect(changesOf({ ...made, ...units })).toContain('/home/admin1/.ssh/authorized_keys');
    expect(changesOf({ ...made, ...units })).not.toContain(SIGN);
  });

  it('is none in an unpacked image', () => {
    const { changes } = plan({ ...made, ...generated('home.mount') }, { facts: { live: false } });
    expect(changes.map(describeChange).join('\n')).toContain('/home/admin1/.ssh/authorized_keys');
  });

  it('is not missed by the start that leaves it for later, whatever else fails there', async () => {
    const root = temporaryRoot({
      ...{ '/etc/passwd': made['/etc/passwd'], '/etc/group': fresh['/etc/group'], '/root/.ssh': 'a file' },
      '/run/systemd/generator/home.mount': '[Mount]\n',
      '/run/systemd/generator/remote-fs.target.requires/home.mount': { link: '../home.mount' },
    });
    const commands: Commands = {
      run: (argv) => Promise.resolve({ argv, stdout: '', stderr: '', exitCode: 1, failure: 'it does not' }),
    };
    const observe = () => ({ ...makeContext({ config: { users: asked } }), files: root });
    const { report } = await runStep(
      users,
      observe,
      { files: root, commands, live: true },
      { dryRun: false },
    );
    const texts = report.notes.map(({ text }) => text).join('\n');
    expect(report.status).toBe('failed');
    expect(texts).toContain('/root/.ssh is not a directory');
    expect(texts).toContain('/home/admin1 is looked after once /home is mounted');
    expect(texts).not.toContain('is not mounted');
    expect(root.status(SIGN)).toBeDefined();
  });

  it('leaves no record by which a boot would pass for unchanged', () => {
    const swap = { node: '/dev/sdb', state: 'ours', pageSize: 4096, archivePlaces: [] } as never;
    const { settings, host } = makeContext({ config: { users: asked }, host: { swap } });
    expect(recordExtras({ files: makeFiles({}), settings }, host)).toBeDefined();
    expect(recordExtras({ files: makeFiles({ [SIGN]: '' }), settings }, host)).toBeUndefined();
  });
});

describe('the mount unit of a directory', () => {
  it.each([
    ['/home', 'home.mount'],
    ['/', '-.mount'],
    ['/srv/my-homes', 'srv-my\\x2dhomes.mount'],
    ['/.homes/é', '\\x2ehomes-\\xc3\\xa9.mount'],
  ])('is named as systemd-escape does it: %s', (path, unit) => {
    expect(mountUnitOf(path)).toBe(unit);
  });
});
