import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemCommands } from '../../../../src/machine/commands/commands.ts';
import { openDevice } from '../../../../src/machine/files/device-reader.ts';
import { Files } from '../../../../src/machine/files/files.ts';
import type { Signature } from '../../../../src/machine/formats/signatures/signature.ts';
import { identify } from '../../../../src/machine/formats/signatures.ts';
import { checkIfNeeded, needsCheck, planCheck } from '../../../../src/mount/checks/check-disk.ts';
import type { MountRun } from '../../../../src/mount/run/run.ts';
import { captureOutput } from '../../captured-output.ts';
import { MIB, run as runProgram } from '../../images.ts';
import { newRunOn } from '../new-run.ts';
import { SDB } from '../sdb.ts';

const said = captureOutput();

const ext4: Signature = { type: 'ext4', usage: 'filesystem', title: 'ext4 file system', clean: true };

describe('a check', () => {
  it.each([
    ['a dirty ext4', { ...ext4, clean: false }, false, true],
    ['a clean ext4', ext4, false, false],
    ['a dirty ext4 on a read-only disk', { ...ext4, clean: false }, true, false],
    ['XFS', { ...ext4, type: 'xfs', clean: false }, false, false],
  ])('of %s', (_, content, readOnly, wanted) => {
    expect(needsCheck({ ...SDB, readOnly }, content)).toBe(wanted);
  });

  const place = (directory: string, mebibytes: number) => ({ directory, freeBytes: mebibytes * MIB });
  const commands = (replayBytes: number, ...places: ReturnType<typeof place>[]) =>
    planCheck(SDB, replayBytes, places).before.map((change) =>
      change.kind === 'run-command' ? change.argv.join(' ') : change.kind,
    );

  it('keeps what it overwrites until it has succeeded', () => {
    const { before, after, undo } = planCheck(SDB, 0, [place('/run/gandi', 100)]);
    expect(before).toMatchObject([
      { argv: ['e2fsck', '-p', '-z', '/run/gandi/sdb.e2undo', '/dev/sdb'], successStatuses: [1, 2] },
    ]);
    expect(after).toEqual([{ kind: 'remove-file', path: '/run/gandi/sdb.e2undo' }]);
    expect(undo[0]).toMatchObject({ argv: ['e2undo', '/run/gandi/sdb.e2undo', '/dev/sdb'] });
  });

  it('wants more room for a larger file system', () => {
    const places = [place('/run/gandi', 100), place('/var/lib/gandi', 2000)];
    const fileOf = (size: number) => planCheck({ ...SDB, size }, 0, places).undoFile;
    expect(fileOf(128 * 1024 * MIB)).toBe('/run/gandi/sdb.e2undo');
    expect(fileOf(1024 * 1024 * MIB)).toBe('/var/lib/gandi/sdb.e2undo');
  });

  it('keeps it where there is room for the whole journal, twice', () => {
    const places = [place('/run/gandi', 100), place('/var/lib/gandi', 1000)];
    expect(commands(34 * MIB, ...places)).toEqual(['e2fsck -p -z /run/gandi/sdb.e2undo /dev/sdb']);
    expect(commands(128 * MIB, ...places)).toEqual(['e2fsck -p -z /var/lib/gandi/sdb.e2undo /dev/sdb']);
  });

  it.each([
    ['larger than any room', 1024 * MIB],
    ['of unknown size', Number.POSITIVE_INFINITY],
  ])('has a journal %s replayed first, without keeping anything of that', (_, bytes) => {
    expect(commands(bytes, place('/run/gandi', 1), place('/var/lib/gandi', 1000))).toEqual([
      'e2fsck -p -E journal_only /dev/sdb',
      'e2fsck -p -z /var/lib/gandi/sdb.e2undo /dev/sdb',
    ]);
  });

  it('needs no journal replayed where there is none', () => {
    expect(commands(0, place('/run/gandi', 1))).toEqual(['e2fsck -p -z /run/gandi/sdb.e2undo /dev/sdb']);
  });
});

/** With the true programs, as root, on a file system whose journal has a thousand blocks that are nowhere else. */
describe('a file system that was cut off', () => {
  const BLOCK = 4096;
  const COUNT = 1000;
  const expected = Buffer.alloc(COUNT * BLOCK, 'J');
  let root: string;
  let image: string;
  const ran: string[] = [];

  const inRoot = (path: string) => join(root, path);
  /** Says that so much is free, by a tmpfs of that size: the checks must not come to its end. */
  const mountTmpfs = (path: string, size: string) =>
    runProgram('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'gandi-guest-test', inRoot(path)]);

  function makeImage(): void {
    writeFileSync(image, '');
    truncateSync(image, 64 * MIB);
    runProgram('mkfs.ext4', ['-q', '-b', String(BLOCK), '-J', 'size=16', image]);
    writeFileSync(inRoot('old'), Buffer.alloc(expected.length, 'o'));
    runProgram('debugfs', ['-w', '-R', `write ${inRoot('old')} file`, image]);
    const listed = spawnSync('debugfs', ['-R', 'blocks /file', image], { encoding: 'utf8' });
    const blocks = listed.stdout.trim().split(/\s+/);
    const lines = Array.from({ length: 10 }, (_, part) => {
      const from = (part * COUNT) / 10;
      const some = blocks.slice(from, from + COUNT / 10);
      return `jw -b ${some.join(',')} ${inRoot('new')}`;
    });
    writeFileSync(inRoot('new'), expected.subarray(0, (COUNT / 10) * BLOCK));
    writeFileSync(inRoot('commands'), ['jo', ...lines, 'jc', ''].join('\n'));
    runProgram('debugfs', ['-w', '-f', inRoot('commands'), image]);
  }

  const content = (): Signature => {
    const device = openDevice(image);
    try {
      const [found] = identify(device);
      if (found === undefined) throw new Error('no file system');
      return found;
    } finally {
      device.close();
    }
  };
  const fileNow = () =>
    spawnSync('debugfs', ['-R', 'cat /file', image], { maxBuffer: 64 * MIB, encoding: 'buffer' }).stdout;
  /** Damage that nobody repairs alone: the root directory is none. */
  function damage(): void {
    writeFileSync(inRoot('commands'), 'set_super_value state 0\nset_inode_field <2> mode 0\n');
    runProgram('debugfs', ['-w', '-f', inRoot('commands'), image]);
  }

  function newRun(failing?: string): MountRun {
    const commands = {
      async run(argv: readonly [string, ...string[]], options: { timeoutSeconds: number }) {
        const here = argv.map((word) => (/^\/(run|var)\//.test(word) ? inRoot(word) : word));
        ran.push(argv.join(' ').replaceAll(image, 'DISK'));
        if (argv[0] === failing) return { argv, stdout: '', stderr: '', failure: 'input/output error' };
        return await systemCommands.run(here as [string, ...string[]], options);
      },
    };
    const machine = { files: new Files(root), commands, live: true };
    return newRunOn(machine);
  }
  const check = (failing?: string) => checkIfNeeded(newRun(failing), { ...SDB, node: image }, content());

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'gandi-guest-check-'));
    image = inRoot('disk');
    for (const path of ['run/gandi', 'var/lib/gandi']) mkdirSync(inRoot(path), { recursive: true });
    ran.length = 0;
    makeImage();
  });
  afterEach(() => {
    for (const path of ['run/gandi', 'var/lib/gandi']) spawnSync('umount', ['--quiet', inRoot(path)]);
    rmSync(root, { recursive: true });
  });

  const UNDO_IN_RUN = 'e2fsck -p -z /run/gandi/sdb.e2undo DISK';

  it('tells how large its journal is', () => {
    expect(content()).toMatchObject({ clean: false, replayBytes: 16 * MIB });
  });

  it('keeps what its journal has, though memory has no room for what that overwrites', async () => {
    mountTmpfs('run/gandi', '600k');
    await check();
    expect(fileNow().equals(expected)).toBe(true);
    expect(ran).toEqual(['e2fsck -p -z /var/lib/gandi/sdb.e2undo DISK']);
    expect(content().clean).toBe(true);
    expect(existsSync(inRoot('var/lib/gandi/sdb.e2undo'))).toBe(false);
  });

  it('keeps it where there is no room anywhere', async () => {
    mountTmpfs('run/gandi', '600k');
    mountTmpfs('var/lib/gandi', '500k');
    await check();
    expect(fileNow().equals(expected)).toBe(true);
    expect(ran).toEqual(['e2fsck -p -E journal_only DISK', UNDO_IN_RUN]);
    expect(content().clean).toBe(true);
  });

  it('is given back as it was where the check fails', async () => {
    mountTmpfs('run/gandi', '128m');
    damage();
    const before = readFileSync(image);
    await expect(check()).rejects.toThrow(/repair that may lose data, and was left as it was; run e2fsck/);
    expect(ran).toEqual([UNDO_IN_RUN, 'e2undo /run/gandi/sdb.e2undo DISK']);
    expect(readFileSync(image).equals(before)).toBe(true);
    expect(existsSync(inRoot('run/gandi/sdb.e2undo'))).toBe(false);
  });

  it('keeps what the check has overwritten where that cannot be put back', async () => {
    mountTmpfs('run/gandi', '128m');
    damage();
    const file = '/run/gandi/sdb.e2undo';
    await expect(check('e2undo')).rejects.toThrow(
      `what the check had changed is in ${file}: e2undo ${file} puts it back`,
    );
    expect(existsSync(inRoot('run/gandi/sdb.e2undo'))).toBe(true);
  });

  it('is given back as it was by the run after one that was killed', async () => {
    mountTmpfs('run/gandi', '128m');
    damage();
    const before = readFileSync(image);
    spawnSync('e2fsck', ['-p', '-z', inRoot('run/gandi/sdb.e2undo'), image]);
    expect(readFileSync(image).equals(before)).toBe(false);
    await expect(check()).rejects.toThrow('run e2fsck');
    const undo = 'e2undo /run/gandi/sdb.e2undo DISK';
    expect(ran).toEqual([undo, UNDO_IN_RUN, undo]);
    expect(readFileSync(image).equals(before)).toBe(true);
  });

  it('plays back nothing that was cut off: its journal would count as replayed', async () => {
    mountTmpfs('run/gandi', '128m');
    copyFileSync(image, inRoot('kept'));
    spawnSync('e2fsck', ['-p', '-z', inRoot('run/gandi/sdb.e2undo'), inRoot('kept')]);
    const file = readFileSync(inRoot('run/gandi/sdb.e2undo'));
    // The word of flags in its header: not finished.
    file.writeUInt32LE(0, 44);
    writeFileSync(inRoot('run/gandi/sdb.e2undo'), file);
    await check();
    expect(ran).toEqual([UNDO_IN_RUN]);
    expect(fileNow().equals(expected)).toBe(true);
  });

  it('loses an undo file that nobody needs any more', async () => {
    runProgram('e2fsck', ['-p', image]);
    writeFileSync(inRoot('run/gandi/sdb.e2undo'), 'E2UNDO02');
    await check();
    expect(ran).toEqual([]);
    expect(existsSync(inRoot('run/gandi/sdb.e2undo'))).toBe(false);
    expect(said.stderr).toBe('');
  });

  it('is left to the kernel where e2fsck does not know its features, with a warning', async () => {
    mountTmpfs('run/gandi', '128m');
    // As of a newer mke2fs(8): a feature that changes nothing for who does not know it.
    runProgram('debugfs', ['-w', '-R', 'feature FEATURE_C20', image]);
    await check();
    expect(ran).toEqual([UNDO_IN_RUN]);
    expect(said.stderr).toContain(
      `${image} was not unmounted in order, and is mounted unchecked: this e2fsck does not know its features (FEATURE_C20)`,
    );
    // e2fsck replays the journal before it looks at the features, as the kernel would.
    expect(fileNow().equals(expected)).toBe(true);
    expect(existsSync(inRoot('run/gandi/sdb.e2undo'))).toBe(false);
  });

  it('is not checked for the reason that e2fsck gives, and not for what it says of its undo file', async () => {
    const stderr = [
      'e2fsck: Device or resource busy while trying to open /dev/sdb',
      'Filesystem mounted or opened exclusively by another program?',
      '/run/gandi/sdb.e2undo: while force-closing undo file',
    ];
    const failure = `e2fsck: exit status 8: ${stderr[2]}`;
    const run = async (argv: readonly string[]) => ({
      argv,
      exitCode: 8,
      stdout: 'Overwriting existing filesystem; this can be undone using the command:\n    e2undo\n\n',
      stderr: `${stderr.join('\n')}\n`,
      failure,
    });
    const machine = { files: new Files(root), commands: { run }, live: true };
    const busy = newRunOn(machine);
    await expect(checkIfNeeded(busy, { ...SDB, node: image }, content())).rejects.toThrow(
      'could not be checked (e2fsck: Device or resource busy while trying to open /dev/sdb)',
    );
  });
});
