import { createCipheriv, createHash } from 'node:crypto';
import {
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { BOOTSTRAP_STEPS } from '../../../src/bootstrap/steps.ts';
import type { Intercept } from '../../../src/machine/changes/machine.ts';
import { Files } from '../../../src/machine/files/files.ts';
import { APPLIED_DIRECTORY } from '../../../src/machine/files/paths.ts';
import { readSettings } from '../../../src/machine/settings/settings.ts';
import type { RootFileSystem } from '../../../src/machine/system/facts.ts';
import { loadHostConfiguration } from '../../../src/metadata/choose.ts';
import { packArchive } from '../../../src/metadata/gandi/seed-disk.ts';
import { runProgram } from '../../../src/plan/run-program.ts';
import { readApplied } from '../../../src/state/records.ts';
import type { Report } from '../../../src/state/report.ts';
import { makeContext } from '../context.ts';
import { intercept } from '../fault-injection.ts';
import { MIB, writeAt } from '../images.ts';
import { simulatedSystem } from '../simulated-system.ts';
import { type FakeDisk, makeSysfs } from '../sysfs.ts';
import { SimulatedCommands } from './simulated-commands.ts';

export const RELEASE = '6.12.0-gandi';
export const PASSWORD_HASH = `$6$simulated$${'x'.repeat(86)}`;
const DISK_BYTES = 4 * MIB;
const ROOT_BYTES = 64 * MIB;
const ARCHIVE_OFFSET = 524_288;

/**
 * Where the host puts its archive: on a disk that is swap as a whole, or before a disk's swap partition; there it can
 * reach over the start of one that has been in use.
 */
export type Layout = 'whole disk' | 'gap before the partition' | 'gap before a used partition, and its start';

const CONFIG = {
  vm_hostname: 'web1',
  nameservers: ['92.243.10.253', '2001:4b98:dc2:49::193'],
  vif: [
    {
      pna: [
        {
          pna_address: '92.243.10.20',
          pbn: { pbn_network: '92.243.10.0/24', pbn_gateway: '92.243.10.254' },
        },
      ],
    },
  ],
  vm_conf: {
    user: 'admin1',
    password: PASSWORD_HASH,
    ssh_key: `ssh-ed25519 ${Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0 '.padEnd(51, 'k'), 'latin1').toString('base64')} me`,
  },
};

const TREE: Record<string, string> = {
  '/bin/bash': '',
  '/etc/group': 'root:x:0:\nsudo:x:27:\n',
  '/etc/gandi/sysctl.conf': 'vm.swappiness = 10\n',
  '/etc/hosts': '127.0.0.1\tlocalhost\n',
  '/etc/network/interfaces': 'auto lo\niface lo inet loopback\n',
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\n',
  '/etc/resolv.conf': 'nameserver 10.0.0.1\nsearch example.org\n',
  '/etc/shadow': 'root:*:20000:0:99999:7:::\n',
  '/etc/skel/.bashrc': 'prompt\n',
  '/etc/skel/.profile': 'profile\n',
  '/gandi/script': 'of an earlier boot\n',
  '/root/.bashrc': '',
  '/var/log/lastlog': '',
};

/** Gone with each boot. */
const LIVE: Record<string, string> = {
  '/proc/swaps': 'headings\n',
  '/proc/self/mountinfo': '1 0 8:0 / / rw - ext4 /dev/root rw\n',
  '/proc/sys/kernel/hostname': 'localhost\n',
  '/proc/sys/kernel/random/boot_id': 'one\n',
  '/proc/sys/vm/swappiness': '60\n',
};

/** Paths to texts or links. */
type Entries = Readonly<Record<string, string | { link: string }>>;

/** What a guest and its host's archive have beside what all simulated guests have. */
export interface MoreOfGuest {
  files?: Entries;
  script?: string;
  /** Command of the host's, for gandi-postboot. */
  command?: string;
  /** In place of the archive: the disk's first bytes, and the label that udev finds there. */
  seed?: { image: Uint8Array; label?: string };
  /** Its unit runs gandi-bootstrap. */
  booting?: boolean;
}

const OF_THIS_BOOT = /^\/(proc|run|sys)\//;

/** A guest in memory: a tree as its root, files as its disks, programs that have their effects within it. */
export class SimulatedGuest {
  readonly files: Files;
  readonly commands: SimulatedCommands;
  /** The device that becomes swap. */
  readonly swapNode: string;
  readonly #folder: string;
  readonly #layout: Layout;
  /** Gone with each boot, and made anew. */
  readonly #live: Entries;
  readonly #label: string | undefined;
  readonly #booting: boolean;

  private constructor(folder: string, layout: Layout, live: Entries, label?: string, booting = false) {
    this.#booting = booting;
    this.#folder = folder;
    this.#layout = layout;
    this.#live = live;
    this.#label = label;
    this.files = new Files(`${folder}/root`);
    this.commands = new SimulatedCommands(this.files, ROOT_BYTES);
    this.swapNode = `${folder}/${layout === 'whole disk' ? 'sdb' : 'sdb1'}`;
  }

  /** A guest that has not booted yet, with the host's archive on its disk. */
  static async make(layout: Layout, more: MoreOfGuest = {}): Promise<SimulatedGuest> {
    // The kernel's name of a disk may hold a slash: so these files can have names of devices.
    const folder = mkdtempSync('/dev/shm/gandi-guest-');
    mkdirSync(`${folder}/root`);
    const { '/gandi/script': ofEarlierBoot, ...tree } = TREE;
    const own = more.seed === undefined ? { ...tree, '/gandi/script': ofEarlierBoot ?? '' } : tree;
    const entries = Object.entries({ ...more.files, ...own });
    const live = Object.fromEntries(entries.filter(([path]) => OF_THIS_BOOT.test(path)));
    const guest = new SimulatedGuest(folder, layout, { ...live, ...LIVE }, more.seed?.label, more.booting);
    for (const [path, entry] of entries) guest.#write(path, entry);
    for (const disk of ['sda', 'sdb', 'sdb1']) {
      closeSync(openSync(`${folder}/${disk}`, 'w'));
      truncateSync(`${folder}/${disk}`, DISK_BYTES);
    }
    if (guest.#isShared) writeAt(`${folder}/sdb`, MIB, new Uint8Array(DISK_BYTES).fill(0xaa));
    if (more.seed !== undefined) writeAt(`${folder}/sdb`, 0, more.seed.image);
    else writeAt(`${folder}/sdb`, ARCHIVE_OFFSET, await hostArchive(guest.#isShared ? MIB : 0, more));
    guest.share(`${folder}/sdb`);
    guest.#showDisks();
    guest.restart();
    return guest;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }

  /** What a reboot takes away. */
  restart(): void {
    rmSync(`${this.files.root}/run`, { recursive: true, force: true });
    for (const [path, entry] of Object.entries(this.#live)) this.#write(path, entry);
    // udev has read them.
    for (const number of this.files.list('/sys/dev/block')) this.#write(`/run/udev/data/b${number}`, '');
    if (this.#label !== undefined)
      this.#write('/run/udev/data/b8:16', `E:ID_FS_TYPE=iso9660\nE:ID_FS_LABEL=${this.#label}\n`);
  }

  /** Disk and partition are two files here: what was written to the one gets into the other where they are one. */
  share(written: string): void {
    if (!this.#isShared) return;
    const [disk, partition] = [`${this.#folder}/sdb`, `${this.#folder}/sdb1`];
    if (written === disk) writeAt(partition, 0, readFileSync(disk).subarray(MIB, MIB + DISK_BYTES));
    else if (written === partition) writeAt(disk, MIB, readFileSync(partition));
  }

  get #isShared(): boolean {
    return this.#layout === 'gap before a used partition, and its start';
  }

  /** Its changes can be disturbed; those to devices that are one are made to both. */
  readonly intercept: Intercept = async (change, make) => {
    await intercept(change, make);
    if ('device' in change) this.share(change.device);
  };

  /** gandi-bootstrap from beginning to end. */
  async bootstrap(): Promise<Report> {
    const { files, commands } = this;
    const hypervisor = this.#layout === 'whole disk' ? 'kvm' : 'xen';
    const host = await loadHostConfiguration({
      files,
      commands,
      live: true,
      hypervisor,
      sources: ['all'],
      waitSeconds: 0,
    });
    return await runProgram({
      system: simulatedSystem(),
      program: 'gandi-bootstrap',
      steps: BOOTSTRAP_STEPS,
      machine: { files, commands, live: true, intercept: this.intercept },
      settings: readSettings(files),
      host,
      observe: () =>
        makeContext({
          facts: { hypervisor, root: this.root, booting: this.#booting },
        }).facts,
      dryRun: false,
    });
  }

  /** The root file system as it is now. */
  get root(): RootFileSystem {
    return {
      type: 'ext4',
      device: '/dev/root',
      disk: '/dev/root',
      deviceBytes: ROOT_BYTES,
      fileSystemBytes: this.commands.fileSystemBytes,
    };
  }

  /** All that the guest has, without times and random ids: paths and disks to what they hold. */
  state(): Record<string, string> {
    const device = readFileSync(this.swapNode);
    const disk = readFileSync(`${this.#folder}/sdb`);
    // The UUID of a swap area (struct swap_header of linux/swap.h).
    device.fill(0, 1036, 1052);
    if (this.#isShared) disk.fill(0, MIB + 1036, MIB + 1052);
    return {
      ...treeState(this.files.root),
      [`${APPLIED_DIRECTORY}/gandi-bootstrap.json`]: JSON.stringify(
        Object.entries(readApplied(this.files, 'gandi-bootstrap')).sort(),
      ),
      'root file system': String(this.commands.fileSystemBytes),
      'swap device': digest(device),
      'disk with the archive': digest(this.#layout === 'whole disk' ? device : disk),
    };
  }

  #write(path: string, entry: string | { link: string }): void {
    const place = join(this.files.root, path);
    mkdirSync(dirname(place), { recursive: true });
    if (typeof entry === 'string') writeFileSync(place, entry);
    else if (!lstatSync(place, { throwIfNoEntry: false })) symlinkSync(entry.link, place);
  }

  #showDisks(): void {
    const name = (disk: string) => `shm!${basename(this.#folder)}!${disk}`;
    const disks: FakeDisk[] = [
      {
        name: name('sda'),
        number: '8:0',
        size: DISK_BYTES,
        attached: { scsi: '2:0:0:0', vendor: 'gandi.ne' },
      },
      {
        name: name('sdb'),
        number: '8:16',
        size: DISK_BYTES,
        attached: { scsi: '2:0:1:0', vendor: 'gandi.ne' },
      },
    ];
    if (this.#layout !== 'whole disk' && disks[1] !== undefined) {
      disks[1].size = DISK_BYTES + MIB;
      disks[1].partitions = [
        { name: name('sdb1'), number: 1, start: MIB, size: DISK_BYTES, label: 'gandiswap' },
      ];
    }
    for (const [path, entry] of Object.entries(makeSysfs(disks))) {
      if (typeof entry === 'string' || 'link' in entry) this.#write(path, entry);
    }
  }
}

/** @param fillerBytes of a second module, which cannot be compressed */
async function hostArchive(fillerBytes: number, { script, command }: MoreOfGuest): Promise<Uint8Array> {
  const encode = (text: string) => new TextEncoder().encode(text);
  const { pack } = await import('tar-stream');
  const modules = pack();
  modules.entry({ name: `lib/modules/${RELEASE}/kernel/a.ko`, mtime: new Date(0) }, 'module');
  if (fillerBytes > 0) {
    const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));
    const filler = cipher.update(Buffer.alloc(fillerBytes));
    modules.entry({ name: `lib/modules/${RELEASE}/kernel/b.ko`, mtime: new Date(0) }, filler);
  }
  modules.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of modules as AsyncIterable<Buffer>) chunks.push(chunk);
  const config = command === undefined ? CONFIG : { ...CONFIG, vm_conf: { ...CONFIG.vm_conf, run: command } };
  return await packArchive({
    config: encode(JSON.stringify(config)),
    ...(script === undefined ? {} : { script: encode(script) }),
    init: encode('print()\n'),
    modules: { name: `${RELEASE}-modules.tar.gz`, content: gzipSync(Buffer.concat(chunks)) },
  });
}

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** The reports say when they were written; the rest is gone with each boot. */
const PASSED_OVER = ['/proc', '/run', '/sys', '/var/log/gandi.log', '/var/lib/gandi/gandi-bootstrap.json'];

/** All that a tree has, without times: paths to what they hold. */
export function treeState(root: string, below = ''): Record<string, string> {
  const state: Record<string, string> = {};
  for (const name of readdirSync(`${root}${below}`)) {
    const path = `${below}/${name}`;
    if (PASSED_OVER.includes(path)) continue;
    const stats = lstatSync(`${root}${path}`);
    const what = `${(stats.mode & 0o7777).toString(8)} ${stats.uid}:${stats.gid}`;
    if (stats.isDirectory()) Object.assign(state, { [path]: what }, treeState(root, path));
    else if (stats.isSymbolicLink()) state[path] = `link to ${readlinkSync(`${root}${path}`)}`;
    else state[path] = `${what} ${readFileSync(`${root}${path}`, 'latin1').slice(0, 4000)}`;
  }
  return state;
}
