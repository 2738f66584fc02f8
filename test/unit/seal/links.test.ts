import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { applyChange } from '../../../src/machine/changes/apply.ts';
import { systemCommands } from '../../../src/machine/commands/commands.ts';
import { captureOutput } from '../captured-output.ts';
import { goldenTree, SECRET } from './golden-tree.ts';
import { sealTree } from './sealing.ts';
import { treeState } from './tree-state.ts';

captureOutput();

let outside: string;

beforeEach(() => {
  outside = mkdtempSync('/dev/shm/gandi-outside-');
  for (const name of ['machine-id', 'shadow', 'authorized_keys', 'syslog', '.bash_history', 'id_rsa'])
    writeFileSync(join(outside, name), `outside ${name}\n`);
  mkdirSync(join(outside, 'sub'));
  writeFileSync(join(outside, 'sub/x.log'), 'outside\n');
});

afterEach(() => rmSync(outside, { recursive: true }));

/** Takes what is there away, and puts a link to a place in its stead. */
function linkOut(root: string, path: string, to: string): void {
  rmSync(join(root, path), { recursive: true, force: true });
  symlinkSync(to, join(root, path));
}

it('nothing outside of a tree is touched, whatever its links say', { timeout: 60_000 }, async () => {
  const before = treeState(outside);
  const places = [
    ['/var/lib/dbus/machine-id', 'machine-id'],
    ['/etc/machine-id', 'machine-id'],
    ['/etc/shadow', 'shadow'],
    ['/etc/ssh', ''],
    ['/root/.ssh', ''],
    ['/root/.bash_history', '.bash_history'],
    ['/home/ann', ''],
    ['/var/log', ''],
    ['/var/log/syslog', 'syslog'],
    ['/var/log/nginx', 'sub'],
    ['/var/log/journal', ''],
    ['/tmp', ''],
    ['/var/tmp', 'sub'],
    ['/gandi', ''],
    ['/var/lib/gandi', ''],
    ['/var/lib/cloud', 'sub'],
    ['/var/cache', ''],
    ['/etc/netplan', 'sub'],
    ['/etc/hostname', 'syslog'],
  ] as const;
  for (const [path, name] of places)
    for (const target of [join(outside, name), `../../../../../../../..${join(outside, name)}`]) {
      const files = goldenTree();
      linkOut(files.root, path, target);
      await sealTree(files, { allUsers: true });
      expect(treeState(outside), `${path} -> ${target}`).toEqual(before);
    }
});

it('a link in a home that leads to the system costs neither that nor the home', async () => {
  const files = goldenTree();
  linkOut(files.root, '/home/ann/.ssh', '/etc');
  linkOut(files.root, '/home/ann/.kube', '/etc/netplan');
  linkOut(files.root, '/home/ann/.local', '/usr');
  writeFileSync(join(files.root, '/etc/authorized_keys'), 'not keys\n');
  writeFileSync(join(files.root, '/etc/id_rsa'), 'not a key\n');
  await sealTree(files, { allUsers: true });
  expect(files.readText('/etc/authorized_keys')).toBe('not keys\n');
  expect(files.readText('/etc/id_rsa')).toBe('not a key\n');
  expect(files.readText('/etc/netplan/90-admin.yaml')).toBeDefined();
});

it('a file that has another name outside keeps its content there', async () => {
  const files = goldenTree();
  for (const path of ['/var/log/syslog', '/var/log/syslog.1', '/root/.bash_history', '/etc/shadow'])
    linkSync(join(files.root, path), join(outside, path.replaceAll('/', '_')));
  const before = treeState(outside);
  await sealTree(files, { allUsers: true });
  expect(treeState(outside)).toEqual(before);
  expect(before._var_log_syslog).toContain(SECRET);
  expect(files.readText('/var/log/syslog')).toBe('');
});

it('a link that takes the place of a directory between plan and change is refused or removed itself', async () => {
  const files = goldenTree();
  const before = treeState(outside);
  const machine = { files, commands: systemCommands, live: false };
  linkOut(files.root, '/home/ann/.gnupg', join(outside, 'sub'));
  await applyChange(
    { kind: 'remove-tree', path: '/home/ann/.gnupg', linksRefusedBelow: '/home/ann' },
    machine,
  );
  expect(files.status('/home/ann/.gnupg')).toBeUndefined();
  linkOut(files.root, '/home/ann/.ssh', outside);
  const change = {
    kind: 'remove-file',
    path: '/home/ann/.ssh/id_rsa',
    linksRefusedBelow: '/home/ann',
  } as const;
  await expect(applyChange(change, machine)).rejects.toThrow('.ssh is a symbolic link');
  linkOut(files.root, '/var/log/syslog', join(outside, 'syslog'));
  await expect(applyChange({ kind: 'empty-file', path: '/var/log/syslog' }, machine)).rejects.toThrow(
    'ELOOP',
  );
  expect(treeState(outside)).toEqual(before);
});

it('a log whose name is no UTF-8 is told as an error, for it stays', async () => {
  const files = goldenTree();
  const name = Buffer.concat([Buffer.from(join(files.root, '/var/log/nginx/')), Buffer.from([0x61, 0xff])]);
  writeFileSync(name, SECRET);
  const { status, left } = await sealTree(files, { allUsers: true });
  expect(status).toBe('failed');
  expect(left.map(({ severity, path }) => `${severity} ${path}`)).toEqual(['error /var/log/nginx/a\ufffd']);
  unlinkSync(name);
  expect((await sealTree(files, { allUsers: true })).left).toEqual([]);
});
