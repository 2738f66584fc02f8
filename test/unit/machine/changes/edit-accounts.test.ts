import { linkSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { execaSync } from 'execa';
import { afterEach, describe, expect, it } from 'vitest';
import type { EditAccounts } from '../../../../src/machine/changes/change.ts';
import { editAccounts } from '../../../../src/machine/changes/edit-accounts.ts';
import type { Files } from '../../../../src/machine/files/files.ts';
import { ACCOUNT_FILES } from '../../../../src/machine/formats/text/account-file-names.ts';
import { temporaryRoot } from '../../temporary-root.ts';

const LOCKS = ACCOUNT_FILES.map((file) => `/etc/${file}.lock`);
const BEFORE = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\n',
  '/etc/shadow': 'root:*:20000:0:99999:7:::\n',
  '/etc/group': 'root:x:0:\nsudo:x:27:\n',
  '/etc/gshadow': 'root:*::\nsudo:*::\n',
  '/etc/subuid': '',
  '/etc/subgid': '',
  '/etc/.pwd.lock': '',
};
const DAY = new Date('2026-11-30T12:00:00Z');
const ADD: EditAccounts = {
  kind: 'edit-accounts',
  add: {
    name: 'admin1',
    id: 1000,
    gecos: '',
    home: '/home/admin1',
    shell: '/bin/bash',
    groups: ['sudo'],
    aging: { least: '0', most: '99999', warn: '7' },
    subordinate: { uid: 100_000, gid: 100_000, uids: 65_536, gids: 65_536 },
  },
};
const PASSWORD: EditAccounts = { kind: 'edit-accounts', passwords: [{ name: 'root', hash: '$6$a$b' }] };
const never = () => Promise.reject(new Error('it waits'));
const texts = (files: Files) => ACCOUNT_FILES.map((file) => files.readText(`/etc/${file}`));
const names = (files: Files) => files.list('/etc').filter((name) => /lock|gandi-new/.test(name));
const running: { kill(): unknown }[] = [];

afterEach(() => {
  for (const child of running.splice(0)) child.kill();
});

describe('the databases of accounts', () => {
  it('are edited behind locks that are given back, with what they were beside them', async () => {
    const files = temporaryRoot(BEFORE);
    await editAccounts(files, ADD, DAY, never);
    expect(texts(files)).toEqual([
      `${BEFORE['/etc/passwd']}admin1:x:1000:1000::/home/admin1:/bin/bash\n`,
      `${BEFORE['/etc/shadow']}admin1:!:20787:0:99999:7:::\n`,
      'root:x:0:\nsudo:x:27:admin1\nadmin1:x:1000:\n',
      'root:*::\nsudo:*::admin1\nadmin1:!::\n',
      'admin1:100000:65536\n',
      'admin1:100000:65536\n',
    ]);
    for (const file of ACCOUNT_FILES)
      expect(files.readText(`/etc/${file}-`)).toBe(BEFORE[`/etc/${file}` as keyof typeof BEFORE]);
    expect(names(files)).toEqual(['.pwd.lock']);
  });

  it('keep mode and owner, and those that do not change stay', async () => {
    const files = temporaryRoot(BEFORE);
    const place = files.locate('/etc/shadow');
    execaSync('chmod', ['640', place]);
    if (process.getuid?.() === 0) execaSync('chown', ['0:42', place]);
    const { mode, gid } = statSync(place);
    const { ino } = statSync(files.locate('/etc/passwd'));
    await editAccounts(files, PASSWORD, DAY, never);
    expect(files.readText('/etc/shadow')).toBe('root:$6$a$b:20787:0:99999:7:::\n');
    expect(statSync(place)).toMatchObject({ mode, gid });
    expect(statSync(files.locate('/etc/shadow-'))).toMatchObject({ mode, gid });
    expect(statSync(files.locate('/etc/passwd')).ino).toBe(ino);
  });

  it.each(LOCKS)('wait for who has %s, as long as the programs of shadow do', async (lock) => {
    const files = temporaryRoot({ ...BEFORE, [lock]: '1\0' });
    let pauses = 0;
    const pause = async () => void pauses++;
    await expect(editAccounts(files, ADD, DAY, pause)).rejects.toThrow(/has locked \/etc\/[a-z]+;/);
    expect(pauses).toBe(14);
    expect(files.readText(lock)).toBe('1\0');
    expect(names(files).sort()).toEqual(['.pwd.lock', lock.slice('/etc/'.length)].sort());
    expect(files.readText('/etc/passwd')).toBe(BEFORE['/etc/passwd']);
    await editAccounts(files, ADD, DAY, async () => rmSync(files.locate(lock), { force: true }));
    expect(files.readText('/etc/passwd')).toContain('admin1');
  });

  it('wait for who has the lock of lckpwdf(3), by what the kernel says', async () => {
    const files = temporaryRoot(BEFORE);
    const { ino } = statSync(files.locate('/etc/.pwd.lock'));
    const held = `1: FLOCK  ADVISORY  WRITE 9 fe:00:1${ino} 0 EOF\n2: POSIX  ADVISORY  WRITE 7 fe:00:${ino} 0 EOF\n`;
    const locks = files.locate('/proc/locks');
    execaSync('mkdir', ['-p', files.locate('/proc')]);
    writeFileSync(locks, held);
    await expect(editAccounts(files, ADD, DAY, async () => undefined)).rejects.toThrow(
      'locked /etc/.pwd.lock',
    );
    expect(names(files)).toEqual(['.pwd.lock']);
    writeFileSync(locks, held.slice(0, held.indexOf('2:')));
    await editAccounts(files, ADD, DAY, never);
    expect(files.readText('/etc/passwd')).toContain('admin1');
  });

  it('keep the programs of shadow out: they know who has the lock', async () => {
    const files = temporaryRoot({ ...BEFORE, '/etc/shadow.lock': '1\0' });
    let seen: string | undefined;
    const pause = async () => {
      // Between two tries nothing is locked; the next one finds it free.
      rmSync(files.locate('/etc/shadow.lock'), { force: true });
      const { locate } = files;
      files.locate = (path, last) => {
        if (path === '/etc/subgid.lock') {
          files.locate = locate;
          seen = readFileSync(files.locate('/etc/passwd.lock'), 'latin1');
        }
        return locate.call(files, path, last);
      };
    };
    await editAccounts(files, PASSWORD, DAY, pause);
    expect(seen).toBe(`${process.pid}\0`);
  });

  it('are not touched where one is a link, or has lines of another kind', async () => {
    const linked = temporaryRoot({ ...BEFORE, '/etc/passwd': { link: 'accounts' }, '/etc/accounts': '' });
    await expect(editAccounts(linked, ADD, DAY, never)).rejects.toThrow('/etc/passwd is not a file');
    const odd = temporaryRoot({ ...BEFORE, '/etc/group': '+:::\n' });
    await expect(editAccounts(odd, ADD, DAY, never)).rejects.toThrow('lines of another kind');
    expect(names(odd)).toEqual(['.pwd.lock']);
  });

  it('are not replaced where somebody did so meanwhile without a lock', async () => {
    const files = temporaryRoot(BEFORE);
    const { readText } = files;
    files.readText = (path) => {
      const text = readText.call(files, path);
      if (path !== '/etc/subgid') return text;
      writeFileSync(files.locate('/etc/other'), 'root:x:0:0:root:/root:/bin/sh\n');
      renameSync(files.locate('/etc/other'), files.locate('/etc/passwd'));
      return text;
    };
    await expect(editAccounts(files, ADD, DAY, never)).rejects.toThrow('/etc/passwd changed meanwhile');
    expect(readText.call(files, '/etc/passwd')).toBe('root:x:0:0:root:/root:/bin/sh\n');
    expect(names(files)).toEqual(['.pwd.lock']);
  });

  it('are edited though a run was cut off that had linked what it was to keep', async () => {
    const files = temporaryRoot({ ...BEFORE, '/etc/.accounts.lock.gandi-new': '1\0' });
    linkSync(files.locate('/etc/passwd'), files.locate('/etc/.passwd-.gandi-new'));
    linkSync(files.locate('/etc/passwd'), files.locate('/etc/passwd-'));
    await editAccounts(files, ADD, DAY, never);
    expect(files.readText('/etc/passwd-')).toBe(BEFORE['/etc/passwd']);
    expect(names(files)).toEqual(['.pwd.lock']);
    unlinkSync(files.locate('/etc/passwd-'));
    expect(statSync(files.locate('/etc/passwd')).nlink).toBe(1);
  });
});

/** With their option -P they work on a tree, which takes root. */
describe('beside the programs of shadow', () => {
  const DEFS = `UMASK 022\nUID_MIN 1000\nUID_MAX 60000\nGID_MIN 1000\nGID_MAX 60000\nUSERGROUPS_ENAB yes
PASS_MAX_DAYS 99999\nPASS_MIN_DAYS 0\nPASS_WARN_AGE 7\nSUB_UID_MIN 100000\nSUB_UID_MAX 600100000
SUB_UID_COUNT 65536\nSUB_GID_MIN 100000\nSUB_GID_MAX 600100000\nSUB_GID_COUNT 65536\n`;

  it('an account is the same', async () => {
    const [ours, theirs] = [temporaryRoot(BEFORE), temporaryRoot({ ...BEFORE, '/etc/login.defs': DEFS })];
    execaSync('useradd', ['-P', theirs.root, '-M', '-s', '/bin/bash', '-G', 'sudo', 'admin1']);
    await editAccounts(ours, ADD, new Date(), never);
    expect(texts(ours)).toEqual(texts(theirs));
    for (const file of ACCOUNT_FILES)
      expect(ours.readText(`/etc/${file}-`)).toBe(theirs.readText(`/etc/${file}-`));
  });
});
