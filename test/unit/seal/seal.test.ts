import { describe, expect, it } from 'vitest';
import { describeChange } from '../../../src/machine/changes/change-kinds.ts';
import { isFirstBoot } from '../../../src/metadata/gandi/disk/host-disk.ts';
import { findAll } from '../../../src/seal/findings.ts';
import { SEAL_PARTS } from '../../../src/seal/parts.ts';
import { isSealedImage, readSealRecord } from '../../../src/seal/record.ts';
import { captureOutput } from '../captured-output.ts';
import { cutPower, onFullDisk, recordChanges, withoutSpaceFor } from '../fault-injection.ts';
import { CRONTAB, GOLDEN, goldenTree, SECRET } from './golden-tree.ts';
import { sealTree, viewOfTree } from './sealing.ts';
import { treeState } from './tree-state.ts';

const said = captureOutput();

const withSecret = (state: Record<string, string>) =>
  Object.keys(state).filter((path) => /GOLDEN-SECRET|golden-guest-secret/.test(state[path] ?? ''));

describe('a golden guest', { timeout: 120_000 }, () => {
  it('has something for each part to find, never with what is in it', () => {
    const found = findAll(viewOfTree(goldenTree()));
    const parts = new Set(found.map(({ part }) => part));
    expect(SEAL_PARTS.filter(({ name }) => !parts.has(name)).map(({ name }) => name)).toEqual([
      'registration',
    ]);
    expect(found[0]?.severity).toBe('error');
    expect(JSON.stringify(found)).not.toContain(SECRET);
    for (const { severity, part, path } of found) {
      if (severity === 'error')
        expect(`${part} ${path}`).toMatch(
          /machine-id|host-keys|credential|authorized|user-secrets|our-state/,
        );
    }
  });

  it('sealed with all users has nothing left, and keeps what is the admin’s', async () => {
    const files = goldenTree();
    const before = treeState(files.root);
    const { status, left } = await sealTree(files, { allUsers: true });
    expect({ status, left }).toEqual({ status: 'sealed', left: [] });
    const after = treeState(files.root);
    expect(withSecret(after)).toEqual([]);
    expect(
      findAll(viewOfTree(files, { allUsers: true })).filter(({ severity }) => severity !== 'info'),
    ).toEqual([]);
    for (const path of [
      'home/ann/notes',
      'home/ann/.ssh/config',
      'etc/netplan/90-admin.yaml',
      'etc/udev/rules.d/80-admin.rules',
      'var/lib/NetworkManager/NetworkManager.state',
      'var/lib/cloud/seed/nocloud/meta-data',
      'var/log/README',
      'var/spool/cron/crontabs/ann',
      'var/lib/systemd/linger/ann',
      'etc/passwd',
    ])
      expect(after[path], path).toBe(before[path]);
    expect(after).toMatchObject({
      'etc/machine-id': '444 ',
      'var/lib/dbus/machine-id': '-> /etc/machine-id',
      'etc/shadow':
        '640 root:!:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\nhost1:!:19000:0:99999:7:::\nann:!:19000:0:99999:7:::\n',
      'etc/hostname': '644 ',
      'etc/hosts': '644 127.0.0.1\tlocalhost\n192.0.2.9\tadmins\n',
      'etc/crontab': `644 ${CRONTAB}`,
      'etc/fstab': '644 LABEL=root / ext4 defaults 0 1\n',
      'etc/kernel/entry-token': expect.stringContaining('d41d8cd98f00b204e9800998ecf8427e'),
      'etc/popularity-contest.conf': '644 MY_HOSTID=""\nPARTICIPATE="yes"\n',
      'etc/iscsi/initiatorname.iscsi': expect.stringContaining('GenerateName=yes'),
      'var/log/syslog': '644 ',
      'var/log/nginx/access.log': '644 ',
      'var/log/wtmp': '644 ',
      'var/log/journal': 'directory',
      tmp: 'directory',
    });
    for (const path of [
      'var/log/syslog.1',
      'swap.img',
      'var/lib/gandi/source.json',
      'etc/ssh/ssh_host_rsa_key',
    ])
      expect(after).not.toHaveProperty([path]);
    expect(readSealRecord(files)).toMatchObject({
      state: 'sealed',
      at: '2026-01-02T03:04:05.000Z',
      users: [],
    });
  });

  it('keeps what the admin has unless all users are sealed, and says so', async () => {
    const files = goldenTree();
    const { status, left } = await sealTree(files);
    expect(status).toBe('failed');
    const errors = left.filter(({ severity }) => severity === 'error').map(({ path }) => path);
    expect(errors).toEqual([
      '/home/ann/.ssh/authorized_keys',
      '/home/ann/.ssh/id_ed25519',
      '/home/ann/.kube',
      '/home/ann/.gnupg',
    ]);
    expect(files.readText('/etc/shadow')).toContain(`ann:$6$${SECRET}`);
    expect(files.readText('/etc/shadow')).toContain('host1:!:');
  });

  it('is unchanged by a second run', async () => {
    const files = goldenTree();
    await sealTree(files, { allUsers: true });
    const state = treeState(files.root);
    const { changes, result } = await recordChanges(() => sealTree(files, { allUsers: true }));
    expect(changes).toEqual([]);
    expect(result.status).toBe('unchanged');
    expect(treeState(files.root)).toEqual(state);
  });

  it('is not changed by a dry run, which names what would be done', async () => {
    const files = goldenTree();
    const state = treeState(files.root);
    const { status, steps } = await sealTree(files, { allUsers: true }, true);
    expect(status).toBe('planned');
    expect(steps.flatMap(({ changes }) => changes)).toContain('write /etc/machine-id (0444)');
    expect(treeState(files.root)).toEqual(state);
  });

  it.each([
    ['SELINUX=enforcing\n', ['/var/lib/gandi/seal.json', '/.autorelabel']],
    ['SELINUX=permissive\n', ['/var/lib/gandi/seal.json', '/.autorelabel']],
    ['SELINUX=disabled\n', ['/var/lib/gandi/seal.json']],
    ['', ['/var/lib/gandi/seal.json']],
  ])(
    'with %j has its labels made anew at the next boot, whatever comes of the sealing',
    async (text, first) => {
      const files = goldenTree({ '/etc/selinux/config': text });
      const { changes } = await recordChanges(() => sealTree(files));
      const paths = changes.map((change) => ('path' in change ? change.path : ''));
      // What replaces a file comes behind it.
      expect(paths.slice(0, first.length)).toEqual(first);
      expect(paths.slice(first.length)).not.toContain('/.autorelabel');
      expect((await recordChanges(() => sealTree(files))).changes).toEqual([]);
    },
  );

  it('is a first boot’s afterwards: whichever source the next host has, it counts', async () => {
    const files = goldenTree();
    expect(isFirstBoot(files, undefined)).toBe(false);
    await sealTree(files);
    expect(isFirstBoot(files, undefined)).toBe(true);
    expect(isSealedImage(files)).toBe(true);
  });

  it('keeps the parts that are named', async () => {
    const files = goldenTree();
    const { left } = await sealTree(files, { allUsers: true, keep: ['machine-id', 'host-keys', 'history'] });
    expect(left).toEqual([]);
    const after = treeState(files.root);
    for (const path of ['etc/ssh/ssh_host_rsa_key', 'root/.bash_history', 'home/ann/.zsh_history'])
      expect(after[path]).toContain(SECRET);
    expect(files.readText('/etc/machine-id')).toBe(GOLDEN['/etc/machine-id']);
  });

  it('cut off before any one change is sealed by the next run as if it had not been', async () => {
    const whole = goldenTree();
    const { changes } = await recordChanges(() => sealTree(whole));
    const wanted = treeState(whole.root);
    for (const [number, change] of changes.entries()) {
      const files = goldenTree();
      await cutPower(() => sealTree(files), number);
      await sealTree(files);
      expect(treeState(files.root), `cut before ${describeChange(change)}`).toEqual(wanted);
    }
  });

  it('with any one change refused says so, and the next run makes up for it', async () => {
    const whole = goldenTree();
    const { changes } = await recordChanges(() => sealTree(whole, { allUsers: true }));
    const wanted = treeState(whole.root);
    for (const [number, change] of changes.entries()) {
      const files = goldenTree();
      const { status } = await withoutSpaceFor(number, () => sealTree(files, { allUsers: true }));
      const where = describeChange(change);
      expect(status, where).toBe('failed');
      expect(said.stderr, where).toContain(where);
      expect(isSealedImage(files), where).toBe(false);
      expect((await sealTree(files, { allUsers: true })).status, where).toBe('sealed');
      expect(treeState(files.root), where).toEqual(wanted);
    }
  });

  it('on a full disk frees what it can, and the next run knows whose passwords are the host’s', async () => {
    const files = goldenTree();
    expect((await onFullDisk(() => sealTree(files))).status).toBe('failed');
    expect(files.status('/var/cache/apt/archives/a.deb')).toBeUndefined();
    expect(files.readText('/etc/shadow')).toContain(`host1:$6$${SECRET}`);
    expect(said.stderr).toContain('our-state: it stays, for it says whose the part passwords is to seal');
    await sealTree(files);
    expect(files.readText('/etc/shadow')).toContain('host1:!:');
    expect(files.status('/var/lib/gandi/source.json')).toBeUndefined();
  });
});
