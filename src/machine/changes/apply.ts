import { closeSync, constants, fsyncSync, openSync, readSync, writeFileSync } from 'node:fs';
import type { CommandResult } from '../commands/commands.ts';
import { statusBehindLinks } from '../files/files.ts';
import { BACKUP_DIRECTORY } from '../files/paths.ts';
import {
  makeDirectory,
  removeEmptyDirectory,
  removeFile,
  replaceFile,
  replaceLink,
  writeFully,
} from '../files/write.ts';
import { encodeEraseMark } from '../formats/erase-mark.ts';
import { endOfOutput } from '../formats/text/output-end.ts';
import { encodeText } from '../formats/text/text-bytes.ts';
import { CommandError, Refused } from '../runtime/errors.ts';
import type { Change, CopyRange, EraseRange, RunCommand, WriteFile } from './change.ts';
import { type ChangeOf, needsLiveSystem } from './change-kinds.ts';
import { changedPaths, mayChangeAny } from './changed-paths.ts';
import type { Machine, Said } from './machine.ts';

/** Is told what a program of the admin's or the customer's own said. */
type Report = (said: Said) => void;

const CHUNK_BYTES = 1024 * 1024;
const SECTOR_BYTES = 512;

function withDescriptor<T>(path: string, flags: number, use: (descriptor: number) => T): T {
  const descriptor = openSync(path, flags);
  try {
    return use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Such as `20261121-041609`, by the guest's clock in UTC: a name, nothing more depends on it. */
const dateForName = () => new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');

/** The first free one of NAME, NAME.1, NAME.2 and so on; undefined if one of those before it has that text. */
function freeBackup({ files }: Machine, name: string, text: string): string | undefined {
  for (let number = 0; ; number++) {
    const path = number === 0 ? name : `${name}.${number}`;
    const kept = files.readText(path);
    if (kept === undefined) return path;
    if (kept === text) return undefined;
  }
}

function keepBackup(machine: Machine, path: string, dated: boolean): void {
  const old = machine.files.readText(path);
  if (old === undefined) return;
  const status = statusBehindLinks(machine.files, path);
  const target =
    status === undefined
      ? { mode: 0o600 }
      : { mode: status.mode, owner: { uid: status.uid, gid: status.gid } };
  const name = path.slice(1).replaceAll('/', '_');
  if (!dated) makeDirectory(machine.files, { path: BACKUP_DIRECTORY, mode: 0o700 });
  const backup = dated ? `${path}.${dateForName()}` : freeBackup(machine, `${BACKUP_DIRECTORY}/${name}`, old);
  // Of two changes within a second the first one had the admin's own text.
  if (backup === undefined || (dated && machine.files.status(backup) !== undefined)) return;
  const changed = machine.files.changing([backup], false);
  replaceFile(machine.files, { path: backup, ...target }, (descriptor) =>
    writeFully(descriptor, encodeText(old)),
  );
  changed();
}

async function runCommand(change: RunCommand, { commands, files }: Machine): Promise<CommandResult> {
  if (change.partition !== undefined) {
    const { withPartition } = await import('../devices/open-partition.ts');
    return withPartition(change.partition, constants.O_RDONLY, () => commands.run(change.argv, change));
  }
  if (change.whenReady !== undefined) {
    const { runWhenReady } = await import('../system/run-when-ready.ts');
    return runWhenReady(() => commands.run(change.argv, change), change.whenReady);
  }
  if (change.worksOn !== undefined) {
    const { watchForStall } = await import('../devices/stalled-device.ts');
    return commands.run(change.argv, { ...change, givesUpFor: watchForStall(files, change.worksOn) });
  }
  if (change.unchangedFilesStayIn === undefined) return commands.run(change.argv, change);
  const { rememberFiles } = await import('../files/unchanged-files.ts');
  const putBack = rememberFiles(files, change.unchangedFilesStayIn);
  try {
    return await commands.run(change.argv, change);
  } finally {
    putBack();
  }
}

function copyRange(machine: Machine, change: CopyRange): void {
  withDescriptor(change.device, constants.O_RDONLY, (from) =>
    replaceFile(machine.files, change, (to) => {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(1, change.length)));
      for (let copied = 0; copied < change.length; ) {
        const wanted = Math.min(chunk.length, change.length - copied);
        const got = readSync(from, chunk, 0, wanted, change.offset + copied);
        if (got === 0) throw new Error(`${change.device} ends at byte ${change.offset + copied}`);
        writeFully(to, chunk.subarray(0, got));
        copied += got;
      }
    }),
  );
}

function zeroRange(device: string, offset: number, length: number): void {
  const zeros = Buffer.alloc(Math.min(CHUNK_BYTES, Math.max(1, length)));
  withDescriptor(device, constants.O_WRONLY, (descriptor) => {
    for (let done = 0; done < length; done += zeros.length)
      writeFully(descriptor, zeros.subarray(0, Math.min(zeros.length, length - done)), offset + done);
    fsyncSync(descriptor);
  });
}

/** See erase-mark.ts: the mark goes first and is the last to go, so that a run that was cut off is taken up again. */
function eraseRange({ device, offset, length, keepMark }: EraseRange): void {
  withDescriptor(device, constants.O_WRONLY, (descriptor) => {
    writeFully(descriptor, encodeEraseMark(length), offset);
    fsyncSync(descriptor);
  });
  zeroRange(device, offset + SECTOR_BYTES, Math.max(0, length - SECTOR_BYTES));
  if (keepMark !== true) zeroRange(device, offset, SECTOR_BYTES);
}

/**
 * What the system answered at that moment (strerror(3) of EBUSY, ENOMEM, EIO and EINTR), such as to resize2fs(8) while
 * another one works on the file system.
 */
const NOT_NOW = /Device or resource busy|Cannot allocate memory|Input\/output error|Interrupted system call/;

function failed(failure: string, { exitCode, stdout, stderr }: CommandResult): CommandError {
  const output = `${stdout}${stderr}`;
  const isRefusal = exitCode !== undefined && !NOT_NOW.test(output);
  return isRefusal ? new Refused(failure, output) : new CommandError(failure, output);
}

async function writeFile(change: WriteFile, machine: Machine): Promise<void> {
  const { content } = change;
  const bytes = typeof content === 'string' ? encodeText(content) : content;
  if (change.appended === true) {
    const { appendLines } = await import('../files/append-lines.ts');
    appendLines(machine.files, change, Buffer.from(bytes).toString().split('\n').slice(0, -1));
    return;
  }
  if (change.backup) keepBackup(machine, change.path, change.backup === 'dated');
  replaceFile(machine.files, change, (descriptor) => writeFully(descriptor, bytes));
}

async function runAndReport(change: RunCommand, machine: Machine, report: Report): Promise<void> {
  const result = await runCommand(change, machine);
  const { failure, exitCode, stdout, stderr } = result;
  if (change.reportOutput === true) report({ output: endOfOutput(`${stdout}${stderr}`) });
  if (exitCode !== undefined && change.successStatuses?.includes(exitCode)) return;
  if (failure !== undefined) throw failed(failure, result);
}

/** How each kind of change is carried out: one that has no entry does not compile. */
const HANDLERS: {
  readonly [K in Change['kind']]: (
    change: ChangeOf<K>,
    machine: Machine,
    report: Report,
  ) => void | Promise<void>;
} = {
  'write-file': writeFile,
  'copy-range': (change, machine) => copyRange(machine, change),
  'make-directory': (change, { files }) => makeDirectory(files, change),
  'make-link': ({ path, target }, { files }) => replaceLink(files, path, target),
  'remove-file': ({ path, linksRefusedBelow }, { files }) => removeFile(files, path, linksRefusedBelow),
  'empty-file': async ({ path }, { files }) =>
    (await import('../files/remove-tree.ts')).emptyFile(files, path),
  'remove-tree': async (change, { files }) =>
    (await import('../files/remove-tree.ts')).removeTree(files, change),
  'zero-free-space': async ({ path }, { files }) => (await import('./zeros.ts')).zeroFreeSpace(files, path),
  'wipe-swap': async (change, { files }) => (await import('./zeros.ts')).wipeSwap(files, change),
  'remove-empty-directory': ({ path }, { files }) => removeEmptyDirectory(files, path),
  'sync-directory': async ({ path }, { files }) => {
    const { syncDirectory } = await import('../files/sync-directory.ts');
    syncDirectory(files, path);
  },
  'run-command': runAndReport,
  'run-supervised': async (change, machine, report) => {
    const { runSupervised } = await import('./supervised-command.ts');
    const { output, failure, warning } = await runSupervised(change, machine);
    report({ output, ...(warning === undefined ? {} : { warning }) });
    if (failure !== undefined) throw new Error(failure);
  },
  'set-random-password': async (change, machine) => {
    const { setRandomPassword } = await import('./set-random-password.ts');
    await setRandomPassword(change, machine);
  },
  'set-kernel-value': ({ path, value }, { files }) => writeFileSync(files.place(path), `${value}\n`),
  'wait-for-address': async (change) => {
    const { waitForAddress } = await import('../network/interface-addresses.ts');
    await waitForAddress(change);
  },
  'make-swap': async (change) => {
    const { makeSwap } = await import('./make-swap.ts');
    await makeSwap(change);
  },
  'make-swap-file': async (change, machine, report) => {
    const { makeSwapFile } = await import('./make-swap-file.ts');
    report({ output: '', ...(await makeSwapFile(change, machine)) });
  },
  'erase-range': eraseRange,
  'edit-accounts': async (change, { files }) => {
    const { editAccounts } = await import('./edit-accounts.ts');
    await editAccounts(files, change);
  },
  'unpack-modules': async (change, { files }) => {
    const { unpackModules } = await import('./modules/unpack-modules.ts');
    await unpackModules(files, change);
  },
};

async function makeChange(change: Change, machine: Machine, report: Report): Promise<void> {
  const changed = machine.files.changing(changedPaths(change), mayChangeAny(change));
  try {
    // The handler of a change's own kind takes that change: the two have one key.
    const handle = HANDLERS[change.kind] as (...args: [Change, Machine, Report]) => void | Promise<void>;
    await handle(change, machine, report);
  } finally {
    changed();
  }
}

/**
 * Carries one change out. This is the only place where the toolkit changes the machine.
 * @param report gets what a program of the admin's or the customer's said, also where the change then fails
 * @returns `skipped` if the change needs a running system and there is none
 * @throws Error, or Refused, whose message says in one line what failed; whatever the change was to replace is still there
 */
export async function applyChange(
  change: Change,
  machine: Machine,
  report: Report = () => undefined,
): Promise<'done' | 'skipped'> {
  if (!machine.live && needsLiveSystem(change)) return 'skipped';
  if (machine.intercept === undefined) await makeChange(change, machine, report);
  else await machine.intercept(change, () => makeChange(change, machine, report));
  return 'done';
}
