import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Files } from '../../../../src/machine/files/files.ts';
import { isEnabled, isMask } from '../../../../src/machine/system/units.ts';
import { temporaryRoot } from '../../temporary-root.ts';

const WANTS = 'etc/systemd/system/multi-user.target.wants';
const A_MINUTE_AGO = Date.now() / 1000 - 60;

/** The same files; tells which directories are read. */
class WatchedFiles extends Files {
  readonly listed: string[] = [];

  override list(path: string): string[] {
    this.listed.push(path);
    return super.list(path);
  }
}

let root: string;
let files: WatchedFiles;

const enable = (unit: string) => symlink(`/usr/lib/systemd/system/${unit}`, join(root, WANTS, unit));

async function age(): Promise<void> {
  const directories = [WANTS, 'etc/systemd/system', 'usr/lib/systemd/system'];
  for (const directory of directories) await utimes(join(root, directory), A_MINUTE_AGO, A_MINUTE_AGO);
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'gandi-guest-units-'));
  for (const directory of [WANTS, 'usr/lib/systemd/system'])
    await mkdir(join(root, directory), { recursive: true });
  for (const unit of ['ssh.service', 'networking.service', 'wicked.service'])
    await writeFile(join(root, 'usr/lib/systemd/system', unit), '');
  await enable('ssh.service');
  await age();
  files = new WatchedFiles(root);
});

afterEach(() => rm(root, { recursive: true }));

it('which units are enabled is read once, as long as nothing is new', () => {
  expect(isEnabled(files, 'ssh.service')).toBe(true);
  const { length } = files.listed;
  expect(length).toBeGreaterThan(2);
  expect(isEnabled(files, 'ssh.service')).toBe(true);
  expect(isEnabled(files, 'networking.service')).toBe(false);
  expect(files.listed).toHaveLength(length);
});

it('one that is enabled or disabled meanwhile is seen', async () => {
  expect(isEnabled(files, 'networking.service')).toBe(false);
  await enable('networking.service');
  expect(isEnabled(files, 'networking.service')).toBe(true);
  await enable('wicked.service');
  expect(isEnabled(files, 'wicked.service')).toBe(true);
  await rm(join(root, WANTS), { recursive: true });
  expect(isEnabled(files, 'networking.service')).toBe(false);
});

it('what was changed a moment ago is read again: the next change may have the same time', async () => {
  const now = Date.now() / 1000;
  await utimes(join(root, WANTS), now, now);
  expect(isEnabled(files, 'networking.service')).toBe(false);
  await enable('networking.service');
  await utimes(join(root, WANTS), now, now);
  expect(isEnabled(files, 'networking.service')).toBe(true);
});

it('one that is masked is none', async () => {
  expect(isEnabled(files, 'ssh.service')).toBe(true);
  await symlink('/dev/null', join(root, 'etc/systemd/system/ssh.service'));
  expect(isEnabled(files, 'ssh.service')).toBe(false);
});

it.each([
  ['/etc/systemd/system', '', true],
  ['/run/systemd/system', '', true],
  ['/usr/local/lib/systemd/system', '', true],
  ['/etc/systemd/system', '[Unit]\n', false],
  // No package has one that masks itself.
  ['/usr/lib/systemd/system', '', false],
])('in %s one of the text %j is masked: %s', (directory, text, masked) => {
  const guest = temporaryRoot({
    '/lib/systemd/system/cron.service': '[Unit]\n',
    '/etc/systemd/system/multi-user.target.wants/cron.service': '',
    [`${directory}/cron.service`]: text,
  });
  expect(isMask(guest, `${directory}/cron.service`)).toBe(masked);
  expect(isEnabled(guest, 'cron.service')).toBe(!masked);
});
