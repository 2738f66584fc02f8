import { chownSync, lstatSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BOOTSTRAP_STEPS } from '../../../src/bootstrap/steps.ts';
import type { FileConfig, GuestConfig } from '../../../src/metadata/guest-config.ts';
import { runStep } from '../../../src/plan/runner.ts';
import type { Step } from '../../../src/plan/step.ts';
import type { AppliedRecord } from '../../../src/state/applied.ts';
import { filePart, lateFiles, planEarlyFiles, planSourceFiles } from '../../../src/storage/source-files.ts';
import { type FileEntries, makeContext } from '../context.ts';
import { cutPower, intercept, recordChanges } from '../fault-injection.ts';
import { temporaryRoot } from '../temporary-root.ts';

const file = (path: string, content: string, more: Partial<FileConfig> = {}): FileConfig => ({
  path,
  content: Buffer.from(content).toString('base64'),
  mode: 0o644,
  ...more,
});
const planned = (asked: FileConfig[], files: FileEntries = {}, applied: AppliedRecord = {}) =>
  planSourceFiles(makeContext({ files, applied }), asked).separate ?? [];
const changesOf = (asked: FileConfig[], files: FileEntries = {}) =>
  planned(asked, files).flatMap(({ changes }) => changes);
const notesOf = (asked: FileConfig[], files: FileEntries = {}) =>
  planned(asked, files).flatMap(({ notes = [] }) => notes);

const PASSWD = 'root:x:0:0::/root:/bin/sh\nweb:x:1000:1000::/home/web:/bin/sh\n';
const GROUP = 'root:x:0:\nwww:x:33:web\nweb:x:1000:\n';
const ROOT = { uid: 0, gid: 0 };

describe('a file of the source', () => {
  it('is written with its mode, as root’s, directories first', () => {
    const asked = [file('/opt/app/a.conf', 'a\n', { mode: 0o600 }), file('/opt/app/b.conf', 'b\n')];
    expect(planned(asked, { '/opt/x': '' })).toEqual([
      {
        name: 'files: /opt/app/a.conf',
        digests: { 'files: /opt/app/a.conf': expect.stringMatching(/^[\da-f]{64}$/) },
        changes: [
          { kind: 'make-directory', path: '/opt/app', mode: 0o755 },
          { kind: 'write-file', path: '/opt/app/a.conf', content: 'a\n', mode: 0o600, owner: ROOT },
        ],
      },
      {
        name: 'files: /opt/app/b.conf',
        digests: { 'files: /opt/app/b.conf': expect.stringMatching(/^[\da-f]{64}$/) },
        changes: [{ kind: 'write-file', path: '/opt/app/b.conf', content: 'b\n', mode: 0o644, owner: ROOT }],
      },
    ]);
  });

  it('keeps bytes that are no text, and shows no secret', () => {
    const bytes = Buffer.from([0xff, 0, 0xfe]);
    const [change] = changesOf([file('/a', '', { content: bytes.toString('base64'), secret: true })]);
    expect(change).toMatchObject({ content: '\udcff\0\udcfe', secret: true });
  });

  it('belongs to whom it names, by name or number', () => {
    const there = { '/etc/passwd': PASSWD, '/etc/group': GROUP };
    const of = (user: string, group: string) =>
      changesOf([file('/a', 'a', { owner: { user, group } })], there);
    expect(of('web', 'www')).toMatchObject([{ owner: { uid: 1000, gid: 33 } }]);
    expect(of('12', '13')).toMatchObject([{ owner: { uid: 12, gid: 13 } }]);
  });

  it.each([
    ['nobody1', 'www', 'user nobody1'],
    ['web', 'none', 'group none'],
  ])('is not written for one who is not there, with what to do: %s:%s', (user, group, who) => {
    const there = { '/etc/passwd': PASSWD, '/etc/group': GROUP };
    const asked = [file('/a', 'a', { owner: { user, group } }), file('/b', 'b')];
    expect(notesOf(asked, there)).toEqual([
      {
        level: 'problem',
        text: `there is no ${who} yet, who is to own /a: it is not written; with defer: true it is, behind users and packages`,
      },
    ]);
    expect(changesOf(asked, there)).toMatchObject([{ path: '/b' }]);
  });

  it('is left alone once it was written, and written anew where the source says something else, with a backup', () => {
    const asked = [file('/a', 'new')];
    const digests = planned(asked)[0]?.digests ?? {};
    expect(planned(asked, { '/a': 'of the admin' }, digests)).toEqual([]);
    expect(planned(asked, {}, digests)).toEqual([]);
    expect(changesOf([file('/a', 'newer')], { '/a': 'of the admin' })).toEqual([
      { kind: 'write-file', path: '/a', content: 'newer', mode: 0o644, owner: ROOT, backup: true },
    ]);
    expect(changesOf(asked, { '/a': 'new' })).toEqual([]);
    expect(changesOf(asked, { '/a': { text: 'new', mode: 0o600 } })).toMatchObject([{ mode: 0o644 }]);
  });

  it('is added to once, and stays whose it is', () => {
    const asked = [file('/a', 'two\n', { append: true })];
    const there = { '/a': { text: 'one\n', mode: 0o600, uid: 5, gid: 6 } };
    expect(changesOf(asked, there)).toEqual([
      {
        kind: 'write-file',
        path: '/a',
        content: 'one\ntwo\n',
        mode: 0o600,
        owner: { uid: 5, gid: 6 },
        backup: true,
      },
    ]);
    expect(changesOf(asked, { '/a': 'one\ntwo\nthree\n' })).toEqual([]);
    expect(changesOf(asked, { '/a': 'two\nthree\n' })).toEqual([]);
    expect(changesOf(asked, { '/a': 'onetwo\nthree\n' })).toMatchObject([
      { content: 'onetwo\nthree\ntwo\n' },
    ]);
    expect(changesOf(asked)).toMatchObject([{ content: 'two\n', mode: 0o644, owner: ROOT }]);
    expect(changesOf([file('/a', 'one\n'), ...asked])).toMatchObject([{ content: 'one\ntwo\n' }]);
  });

  it.each([
    [{ '/a/x': '' }, '/a', /\/a is a directory/],
    [{}, '/proc/sys/vm/swappiness', /the kernel's/],
    [{ '/a': { kind: 'block' } }, '/a', /\/a is no file/],
  ] as const)('is refused with a line where it cannot be: %j %s', (files, path, why) => {
    expect(notesOf([file(path, '')], files)).toMatchObject([
      { level: 'problem', text: expect.stringMatching(why) },
    ]);
  });

  it('is left for later where it is asked for, and where its file system is still to be mounted', () => {
    const files = {
      '/run/systemd/generator/srv.mount': '[Mount]\nWhere=/srv\n',
      '/run/systemd/generator/local-fs.target.requires/srv.mount': '[Mount]\nWhere=/srv\n',
      '/proc/self/mountinfo': '1 0 8:0 / / rw - ext4 /dev/root rw\n',
    };
    const asked = [file('/a', ''), file('/b', '', { late: true }), file('/srv/c', '')];
    const { early, late } = lateFiles(makeContext({ files }), asked);
    expect([early, late].map((some) => some.map(({ path }) => path))).toEqual([['/a'], ['/b', '/srv/c']]);
    const plan = planEarlyFiles(makeContext({ files, config: { files: asked } }));
    expect(plan.separate?.map(({ name }) => name)).toEqual([filePart('/a')]);
  });
});

describe('what is the default user’s, whose name only the guest knows', () => {
  const owner = { user: 'debian', group: 'debian' };
  const asked = [
    file('/etc/a', 'a'),
    file('/srv/b', 'b', { owner }),
    file('/home/debian/.config/c', 'c'),
    file('/home/debiant/d', 'd'),
  ];
  const lateOf = (config: GuestConfig) =>
    lateFiles(makeContext({ config: { files: asked, ...config } }), asked).late.map(({ path }) => path);

  it('is written behind the users', () => {
    expect(lateOf({ users: [{ sshKeys: [] }] })).toEqual(['/srv/b', '/home/debian/.config/c']);
    expect(lateOf({ users: [{ sshKeys: [], home: '/srv' }] })).toEqual(['/srv/b']);
  });

  it('is nobody’s where that user is not asked for', () => {
    expect(lateOf({ users: [{ name: 'web', sshKeys: [] }] })).toEqual([]);
    expect(lateOf({})).toEqual([]);
  });
});

describe('the step files', () => {
  const step = BOOTSTRAP_STEPS.find(({ name }) => name === 'files') as Step;

  it('loads nothing where no file is asked for', () => {
    expect(step.load?.(makeContext({ config: {} }))).toBeUndefined();
    expect(step.load?.(makeContext({ config: { files: [] } }))).toBeInstanceOf(Promise);
  });

  const asked = [
    file('/etc/app/one', 'one\n', { mode: 0o640 }),
    file('/etc/motd', 'more\n', { append: true }),
    file('/home/web/x/app.conf', 'app\n', { owner: { user: 'web', group: 'web' } }),
  ];
  const entries = { '/etc/passwd': PASSWD, '/etc/group': GROUP, '/etc/motd': 'motd\n', '/home/web/.x': '' };

  function guest() {
    const files = temporaryRoot(entries);
    if (process.getuid?.() === 0) chownSync(`${files.root}/home/web`, 1000, 1000);
    let applied: AppliedRecord = {};
    const boot = async () => {
      const context = () => ({ ...makeContext({ config: { files: asked } }), files, applied });
      const commands = { run: () => Promise.reject(new Error('none is needed')) };
      const { report, digests } = await runStep(
        step,
        context,
        { files, commands, live: true, intercept },
        { dryRun: false },
      );
      applied = { ...applied, ...digests };
      return report;
    };
    return { files, boot };
  }

  const texts = ({ root }: { root: string }) =>
    ['/etc/app/one', '/etc/motd', '/home/web/x/app.conf'].map((path) => readFileSync(root + path, 'utf8'));
  const whole = ['one\n', 'motd\nmore\n', 'app\n'];

  it('does its work once, cut off anywhere, and the admin’s change stays', async () => {
    const { files, boot } = guest();
    const { changes } = await recordChanges(boot);
    expect(texts(files)).toEqual(whole);
    expect(lstatSync(`${files.root}/etc/app/one`).mode & 0o777).toBe(0o640);
    writeFileSync(`${files.root}/etc/app/one`, 'of the admin');
    expect(await boot()).toMatchObject({ status: 'unchanged', notes: [] });
    expect(texts(files)[0]).toBe('of the admin');
    for (const number of changes.keys()) {
      const other = guest();
      await cutPower(other.boot, number);
      await other.boot();
      expect(texts(other.files), `cut off before change ${number}`).toEqual(whole);
    }
  });

  it('follows no link that a user has made', async () => {
    const { files, boot } = guest();
    symlinkSync('/etc', `${files.root}/home/web/x`);
    const { status, notes } = await boot();
    expect({ status, notes }).toMatchObject({
      status: 'failed',
      notes: [{ text: expect.stringMatching(/no link is followed/) }],
    });
    expect(files.readText('/etc/app.conf')).toBeUndefined();
  });
});
