import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import type { CommandOptions, CommandResult, Commands } from '../../../src/machine/commands/commands.ts';
import { Files } from '../../../src/machine/files/files.ts';
import { readSettings } from '../../../src/machine/settings/settings.ts';
import { MountRun } from '../../../src/mount/run/run.ts';
import { observerOf, type RunLocks } from '../../../src/mount/run/run-locks.ts';
import { RunMemory } from '../../../src/mount/run/run-memory.ts';
import type { System } from '../../../src/plan/system.ts';
import { intercept } from '../fault-injection.ts';
import { MIB, run, writeAt } from '../images.ts';
import { simulatedSystem } from '../simulated-system.ts';
import { makeSysfs } from '../sysfs.ts';

const DISK_BYTES = 16 * MIB;

/** A superblock is written to when it is mounted, and would have a checksum to be made anew. */
export const NO_CHECKSUMS = '^metadata_csum';

/** What may be said of a disk that the host attaches. */
export interface DataDisk {
  /** Kernel name as in `sdb`. */
  name: string;
  label?: string;
  /** Of its ext4; without it a random one. */
  uuid?: string;
  /** Type of its file system; `none` for an empty disk. */
  type?: 'ext4' | 'swap' | 'none';
  /** Of the file system, if it does not fill the disk. */
  fileSystemBytes?: number;
  /** Features of mkfs.ext4(8). */
  features?: string;
  /** More options of it. */
  options?: readonly string[];
  vendor?: string;
  readOnly?: boolean;
  /** Lines of udev's record, without their `E:`. */
  udev?: readonly string[];
}

/** A guest whose host attaches and takes away disks: files with true file systems. Mounting is written down only. */
export class SimulatedDisks {
  readonly files: Files;
  /** All commands that were run, one a line. */
  readonly ran: string[] = [];
  /** Says why a command fails; it then has no effect. */
  fail: (line: string) => string | undefined = () => undefined;
  /** What a command prints. */
  answer: (line: string) => string = () => '';
  /** Names of disks that somebody has for himself, by the kernel's word. */
  readonly claimed = new Set<string>();
  readonly #folder: string;
  readonly #numbers = new Map<string, string>();
  #attached = 0;
  #mountCount = 0;

  /**
   * @param guest - one whose tree is the directory `root` of a folder in which its two disks lie, and these are to lie
   */
  constructor(settings = '', guest?: Files) {
    // A kernel's name of a disk may hold a slash: so these files can have names of devices.
    this.#folder = guest === undefined ? mkdtempSync('/dev/shm/gandi-guest-') : dirname(guest.root);
    const root = `${this.#folder}/root`;
    mkdirSync(`${root}${this.#folder}`, { recursive: true });
    // Paths are the same within the guest and from outside, such as those of mount points.
    symlinkSync('/', `${root}${root}`);
    mkdirSync(`${root}/srv`);
    this.files = guest ?? new Files(root);
    if (guest !== undefined) {
      this.#attached = 2;
      return;
    }
    this.write('/proc/self/mountinfo', '21 1 8:1 / / rw - ext4 /dev/root rw\n');
    this.write('/proc/swaps', 'headings\n');
    this.write('/etc/group', 'root:x:0:\n');
    this.write('/var/log/.keep', '');
    this.write('/etc/default/gandi', settings);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(`${this.files.root}${path}`), { recursive: true });
    writeFileSync(`${this.files.root}${path}`, text);
  }

  /** The device node of a disk. */
  node(name: string): string {
    return `${this.#folder}/${name}`;
  }

  /** Where a data disk of that name is mounted. */
  mountPoint(name: string): string {
    return `${this.files.root}/srv/${name}`;
  }

  /** The host attaches a disk, and udev sees it. */
  attach({
    name,
    label,
    uuid,
    type = 'ext4',
    fileSystemBytes,
    features = NO_CHECKSUMS,
    options = [],
    vendor = 'gandi.ne',
    readOnly = false,
    udev = [],
  }: DataDisk): void {
    const node = this.node(name);
    writeFileSync(node, '');
    run('truncate', ['--size', String(fileSystemBytes ?? DISK_BYTES), node]);
    const named = [
      ...(label === undefined ? [] : ['-L', label]),
      ...(uuid === undefined ? [] : ['-U', uuid]),
    ];
    if (type === 'ext4') run('mkfs.ext4', ['-q', '-O', features, ...options, ...named, node]);
    else if (type === 'swap') run('mkswap', [node]);
    run('truncate', ['--size', String(DISK_BYTES), node]);
    const number = `8:${16 * ++this.#attached}`;
    this.#numbers.set(name, number);
    this.write(`/run/udev/data/b${number}`, udev.map((line) => `E:${line}\n`).join(''));
    const attached = { scsi: `2:0:${this.#attached}:0`, vendor };
    const disk = { name: this.#kernelName(name), number, size: DISK_BYTES, attached, readOnly };
    for (const [path, entry] of Object.entries(makeSysfs([disk]))) {
      if (typeof entry === 'string') this.write(path, entry);
      else if ('link' in entry) {
        mkdirSync(dirname(`${this.files.root}${path}`), { recursive: true });
        symlinkSync(entry.link, `${this.files.root}${path}`);
      }
    }
    if (uuid !== undefined) this.link(`/dev/disk/by-uuid/${uuid}`, name);
    // block/genhd.c counts attachments, so that a name that is used again is told apart.
    this.write(`/sys/class/block/${this.#kernelName(name)}/diskseq`, `${this.#attached}\n`);
  }

  /** As udev does; of two disks with one UUID the later one has the link. */
  link(path: string, name: string): void {
    const link = `${this.files.root}${path}`;
    mkdirSync(dirname(link), { recursive: true });
    rmSync(link, { force: true });
    symlinkSync(this.node(name), link);
  }

  /** The guest boots anew, without any disk: what the host attaches then gets names from the start. */
  reboot(names: readonly string[]): void {
    for (const name of names) this.takeAway(name);
    this.write('/proc/self/mountinfo', '21 1 8:1 / / rw - ext4 /dev/root rw\n');
    rmSync(`${this.files.root}/run/gandi`, { recursive: true });
  }

  /** The host takes a disk away. What is mounted stays mounted. */
  takeAway(name: string): void {
    rmSync(`${this.files.root}/sys/class/block/${this.#kernelName(name)}`);
    rmSync(`${this.files.root}/sys/dev/block/${this.#numbers.get(name)}`);
    rmSync(this.node(name));
  }

  /** Somebody else mounts a disk. */
  mountElsewhere(name: string, mountPoint: string): void {
    this.#mounted(this.node(name), mountPoint, 'ext4');
  }

  /**
   * Somebody else mounts what is no block device, and calls its source what he likes.
   * @param parent mount point that it is mounted over; the root without
   */
  mountAs(source: string, mountPoint: string, type: string, parent?: string): void {
    const text = this.files.readText('/proc/self/mountinfo') ?? '';
    const below = text.split('\n').find((line) => line.split(' ')[4] === parent);
    const line = `${30 + ++this.#mountCount} ${below?.split(' ')[0] ?? 21} 0:99 / ${mountPoint} rw - ${type} ${source} rw\n`;
    this.write('/proc/self/mountinfo', text + line);
  }

  /** A process in a mount namespace of its own, which shows the disk there. */
  runContainer(
    pid: number,
    name: string,
    { mountPoint, group }: { mountPoint: string; group: string },
  ): void {
    const number = this.#numbers.get(name);
    const at = `/proc/${pid}`;
    this.write(`${at}/mountinfo`, `900 1 ${number} / ${mountPoint} rw - ext4 ${this.node(name)} rw\n`);
    this.write(`${at}/comm`, 'sleep\n');
    this.write(`${at}/cgroup`, `0::${group}\n`);
    mkdirSync(`${this.files.root}${at}/ns`);
    symlinkSync(`mnt:[${4026530000 + pid}]`, `${this.files.root}${at}/ns/mnt`);
  }

  /** The admin unmounts a data disk. */
  unmountByHand(name: string): void {
    this.#unmounted(this.mountPoint(name));
  }

  /** Mount points of all disks but root's, in the order in which they were mounted. */
  mounts(): string[] {
    const lines = (this.files.readText('/proc/self/mountinfo') ?? '').trim().split('\n').slice(1);
    return lines.map((line) => line.split(' ')[4]?.replace(this.files.root, '') ?? '');
  }

  /** What gandi-mount runs on. */
  get system(): Partial<System> & Pick<System, 'isClaimed' | 'loadDeviceUsers'> {
    return {
      open: () => ({ files: this.files, live: true }),
      commands: this.#answered,
      intercept,
      isClaimed: (node) => this.claimed.has(basename(node)),
      // Nobody uses a file system.
      loadDeviceUsers: () => Promise.resolve({ findHolders: () => [], findDeviceWriters: () => [] }),
    };
  }

  /** One run of gandi-mount. */
  run(dryRun = false, commands: Commands = this.commands, locks?: RunLocks): MountRun {
    const system = simulatedSystem(this.system);
    return new MountRun({
      system,
      machine: { files: this.files, commands, live: true },
      settings: readSettings(this.files),
      memory: new RunMemory(this.files),
      dryRun,
      locks: locks ?? observerOf(system.locks),
    });
  }

  /** A hook of the admin's. */
  addHook(name: string): void {
    this.write(`/etc/gandi/hooks/${name}`, '#!/bin/sh\n');
    chmodSync(`${this.files.root}/etc/gandi/hooks/${name}`, 0o755);
  }

  /** What programs do to the disks; all that is asked for succeeds, whatever it is. */
  get commands(): Commands {
    return {
      run: (argv: readonly [string, ...string[]], _: CommandOptions): Promise<CommandResult> => {
        // It only looks.
        if (argv[0] === 'find') return Promise.resolve(this.#find(argv));
        const line = argv
          .join(' ')
          .replaceAll(`${this.files.root}/`, '/')
          .replaceAll(`${this.#folder}/`, '/dev/');
        this.ran.push(line);
        const failure = this.fail(line);
        const result = { argv, stdout: this.answer(line), stderr: '' };
        const status = /exit status (\d+)/.exec(failure ?? '')?.[1];
        const exit = status === undefined ? {} : { exitCode: Number(status) };
        if (failure !== undefined) return Promise.resolve({ ...result, failure, ...exit });
        this.#effect(argv);
        return Promise.resolve({ ...result, exitCode: 0 });
      },
    };
  }

  /** The commands; each disk answers who asks it, as one who has called the program does. */
  get #answered(): Commands {
    const { commands } = this;
    return {
      run: (argv, options) =>
        argv[0] === 'dd'
          ? Promise.resolve({ argv, exitCode: 0, stdout: '', stderr: '' })
          : commands.run(argv, options),
    };
  }

  #find([program, place = '', ...options]: readonly [string, ...string[]]): CommandResult {
    const stdout = run(program, [this.files.locate(place), ...options]);
    return { argv: [program, place, ...options], stdout, stderr: '', exitCode: 0 };
  }

  #effect([program, ...parameters]: readonly string[]): void {
    const last = parameters.at(-1) ?? '';
    if (program === 'mount') {
      const [, type = '', , options = ''] = parameters;
      this.#mounted(parameters.at(-2) ?? '', last, type, options.split(',').includes('ro') ? 'ro' : 'rw');
    }
    if (program === 'umount') this.#unmounted(last);
  }

  #unmounted(mountPoint: string): void {
    const lines = (this.files.readText('/proc/self/mountinfo') ?? '').split('\n');
    const others = lines.filter((line) => line.split(' ')[4] !== mountPoint);
    this.write('/proc/self/mountinfo', others.join('\n'));
  }

  #mounted(node: string, mountPoint: string, type: string, access: 'rw' | 'ro' = 'rw'): void {
    const number = this.#numbers.get(basename(node));
    const id = 30 + ++this.#mountCount;
    const path = `${this.files.root}/proc/self/mountinfo`;
    if (!existsSync(mountPoint)) mkdirSync(mountPoint, { recursive: true });
    // s_mtime, the time of the last mount (Documentation/filesystems/ext4/super.rst).
    if (type === 'ext4') writeAt(node, 1024 + 44, new Uint8Array([1]));
    appendFileSync(
      path,
      `${id} 21 ${number} / ${mountPoint} ${access},relatime - ${type} ${node} ${access}\n`,
    );
  }

  #kernelName(name: string): string {
    return `shm!${basename(this.#folder)}!${name}`;
  }
}
