import { linkSync, lstatSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { posix } from 'node:path';
import type { Files } from '../files/files.ts';
import { replaceFile, writeFully } from '../files/write.ts';
import { type AccountTexts, addAccount, arePlain, setPasswords } from '../formats/account-files.ts';
import { ACCOUNT_FILES } from '../formats/text/account-file-names.ts';
import { encodeText } from '../formats/text/text-bytes.ts';
import { sleep } from '../runtime/sleep.ts';
import type { EditAccounts } from './change.ts';

/** As often as shadow's programs try to take a lock, and how long they wait between (lib/commonio.c). */
const LOCK_TRIES = 15;
const LOCK_MILLISECONDS = 1000;

const DAY_MILLISECONDS = 86_400_000;

const pathOf = (file: string) => `/etc/${file}`;

/** What a lock is linked from: a name that no program lists. */
const UNFINISHED_LOCK = '/etc/.accounts.lock.gandi-new';

/** Taken by those that have lckpwdf(3) alone keep others out, such as passwd(1) and systemd-sysusers(8). */
const PASSWORD_LOCK = '/etc/.pwd.lock';

/** How a file was when it was read: who changes it by the rules puts another in its place. */
type Seen = ReadonlyMap<string, string>;

function stateOf(place: string): string {
  const { ino, size, mtimeNs } = lstatSync(place, { bigint: true });
  return `${ino} ${size} ${mtimeNs}`;
}

/**
 * Whether a process has the lock of lckpwdf(3): one on a file by fcntl(2), which neither runtime has words for. The kernel
 * lists it by device and inode (proc_locks(5)); the device of some file systems is another one there.
 */
function isPasswordLockHeld(files: Files): boolean {
  const status = lstatSync(files.place(PASSWORD_LOCK), { throwIfNoEntry: false });
  if (status === undefined) return false;
  const inode = new RegExp(`:${status.ino} `);
  return (files.readText('/proc/locks') ?? '').split('\n').some((line) => inode.test(line));
}

/** The locks of all databases, each made as shadow's programs make theirs: a link is there at once, and to one process. */
class AccountLocks {
  readonly #taken: string[] = [];

  constructor(private readonly files: Files) {}

  /** @returns what somebody else has locked */
  take(): string | undefined {
    const own = this.files.place(UNFINISHED_LOCK);
    rmSync(own, { force: true });
    // With the zero at its end, as they write it. They take a lock for held as long as that process lives.
    writeFileSync(own, `${process.pid}\0`, { flag: 'wx', mode: 0o600 });
    try {
      for (const file of ACCOUNT_FILES) {
        const place = this.files.place(`${pathOf(file)}.lock`);
        linkSync(own, place);
        this.#taken.push(place);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      return pathOf(ACCOUNT_FILES[this.#taken.length] ?? '');
    } finally {
      rmSync(own, { force: true });
    }
    return isPasswordLockHeld(this.files) ? PASSWORD_LOCK : undefined;
  }

  giveBack(): void {
    for (const place of this.#taken.splice(0).reverse()) rmSync(place, { force: true });
  }
}

function readAll(files: Files): { texts: AccountTexts; seen: Seen } {
  const seen = new Map<string, string>();
  const texts: Partial<Record<(typeof ACCOUNT_FILES)[number], string>> = {};
  for (const file of ACCOUNT_FILES) {
    const kind = files.status(pathOf(file))?.kind;
    if (kind === undefined) continue;
    if (kind !== 'file') throw new Error(`${pathOf(file)} is not a file`);
    seen.set(file, stateOf(files.place(pathOf(file))));
    texts[file] = files.readText(pathOf(file)) ?? '';
  }
  if (!arePlain(texts)) throw new Error('the files of accounts have lines of another kind');
  return { texts, seen };
}

/**
 * Replaces one database. What it was stays beside it with a `-` at the end of its name, as shadow's programs have it. That name
 * is given only once it is another file: they write into the one that has it.
 */
function replaceDatabase(files: Files, file: string, text: string, seen: Seen): void {
  const path = pathOf(file);
  const place = files.place(path);
  const { mode } = lstatSync(place);
  const spare = posix.join(posix.dirname(place), `.${file}-.gandi-new`);
  rmSync(spare, { force: true });
  linkSync(place, spare);
  try {
    replaceFile(files, { path, mode: mode & 0o7777 }, (descriptor) => {
      writeFully(descriptor, encodeText(text));
      if (stateOf(place) !== seen.get(file)) throw new Error(`${path} changed meanwhile`);
    });
  } catch (error) {
    rmSync(spare, { force: true });
    throw error;
  }
  renameSync(spare, `${place}-`);
  // Two names of one file stay as they are (rename(2)).
  rmSync(spare, { force: true });
}

/**
 * Edits the databases of accounts, as useradd(8) and chpasswd(8) of shadow would, behind the same locks, and in their order.
 * @param now for the day that is noted with a password
 * @param pause between two tries to take the locks
 * @throws Error where somebody else has a lock, or what is asked for cannot be; each file is the old or the new one
 */
export async function editAccounts(
  files: Files,
  { add, passwords = [] }: EditAccounts,
  now: Date = new Date(),
  pause: () => Promise<unknown> = () => sleep(LOCK_MILLISECONDS),
): Promise<void> {
  const locks = new AccountLocks(files);
  try {
    let held = locks.take();
    for (let tries = 1; held !== undefined && tries < LOCK_TRIES; tries++) {
      locks.giveBack();
      await pause();
      held = locks.take();
    }
    if (held !== undefined) throw new Error(`another program has locked ${held}; run this again later`);
    const { texts, seen } = readAll(files);
    const day = Math.floor(now.getTime() / DAY_MILLISECONDS);
    const added = add === undefined ? texts : addAccount(texts, add, day);
    const edited = setPasswords(added, passwords, day);
    for (const file of ACCOUNT_FILES) {
      const text = edited[file];
      if (text !== undefined && text !== texts[file]) replaceDatabase(files, file, text, seen);
    }
  } finally {
    locks.giveBack();
  }
}
