import { readFileSync } from 'node:fs';
import { type BlockDevice, listBlockDevices } from '../devices/block-devices.ts';
import { type DeviceUse, deviceUse } from '../devices/device-use.ts';
import { whyLostAtReboot } from '../devices/lasting-storage.ts';
import { mountedBytes } from '../devices/mounted-size.ts';
import { openDevice } from '../files/device-reader.ts';
import type { Files } from '../files/files.ts';
import { HOST_DIRECTORY } from '../files/paths.ts';
import { type Mount, parseMountInfo, parseSwaps } from '../formats/text/mounts.ts';
import { addressesOf } from '../network/interface-addresses.ts';
import { listInterfaces } from '../network/network-interfaces.ts';
import { detectNetworkManager } from '../network/network-manager.ts';
import type { Environment } from '../runtime/environment.ts';
import { askSshd, type SshdAnswer } from '../system/ask-sshd.ts';
import type {
  Facts,
  NetworkInterface,
  NetworkManagerName,
  OsRelease,
  RootChecks,
  RootFileSystem,
} from '../system/facts.ts';
import { readOsRelease } from '../system/os-release.ts';
import { findRoot, findRootChecks } from '../system/root-file-system.ts';

/** Set by packaging/steady.sh, which starts the programs at boot. */
export const BOOT_VARIABLE = 'GANDI_BOOT';

/** Key of the page size in the auxiliary vector (include/uapi/linux/auxvec.h). */
const AT_PAGESZ = 6n;
const USUAL_PAGE_BYTES = 4096;

/** Pairs of 64-bit words, of which the key of the last is 0 (getauxval(3)). */
function pageSize(): number {
  const vector = readFileSync('/proc/self/auxv');
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    if (vector.readBigUInt64LE(at) === AT_PAGESZ) return Number(vector.readBigUInt64LE(at + 8));
  }
  return USUAL_PAGE_BYTES;
}

/** Number of CPUs in a list such as `0-3,8` (Documentation/admin-guide/cputopology.rst). */
export function countCpus(list: string): number {
  let count = 0;
  for (const range of list.trim().split(',')) {
    const [first, last] = range.split('-').map(Number);
    if (first !== undefined && Number.isInteger(first)) count += (last ?? first) - first + 1;
  }
  return Math.max(1, count);
}

/** Reads a value once, when it is first asked for. */
function once<T>(read: () => T): () => T {
  let known: { value: T } | undefined;
  return () => {
    known ??= { value: read() };
    return known.value;
  };
}

/** Block devices of the running system, and what they are used for. */
export interface ObservedStorage {
  devices: BlockDevice[];
  mounts: Mount[];
  use: DeviceUse;
}

/**
 * Reads block devices, mounts and swaps of the running system.
 * @throws the system's error if /sys or /proc cannot be read
 */
export function observeStorage(files: Files): ObservedStorage {
  const devices = listBlockDevices(files);
  const mounts = parseMountInfo(files.readText('/proc/self/mountinfo') ?? '');
  const swaps = parseSwaps(files.readText('/proc/swaps') ?? '');
  return { devices, mounts, use: deviceUse(devices, mounts, swaps, files) };
}

function observeRoot({ devices, mounts, use }: ObservedStorage): RootFileSystem | undefined {
  return findRoot({
    devices,
    mounts,
    use,
    open: openDevice,
    mountedBytes,
    randomGuid: () => crypto.randomUUID().toUpperCase(),
  });
}

function observeInterfaces(files: Files): NetworkInterface[] {
  // Few ask for the addresses, and each answer has those of all interfaces.
  return listInterfaces(files).map((device) => ({
    ...device,
    get addresses() {
      return addressesOf(device.name);
    },
  }));
}

/** Facts that can be read from the files of an unpacked image, and what a running system adds to them. */
class ObservedFacts implements Facts {
  readonly live: boolean;
  readonly #files: Files;
  readonly #os: () => OsRelease;
  readonly #interfaces: () => NetworkInterface[];
  readonly #storage: () => ObservedStorage;
  readonly #root: () => RootFileSystem | undefined;
  readonly #networkManager: () => NetworkManagerName | undefined;

  constructor(
    files: Files,
    live: boolean,
    private readonly environment: Environment,
  ) {
    this.live = live;
    this.#files = files;
    this.#os = once(() => readOsRelease(files));
    this.#interfaces = once(() => (live ? observeInterfaces(files) : []));
    this.#storage = once(() => observeStorage(files));
    this.#root = once(() => (live ? observeRoot(this.#storage()) : undefined));
    this.#networkManager = once(() => detectNetworkManager(files));
  }

  get booting(): boolean {
    return this.live && this.environment[BOOT_VARIABLE] !== undefined;
  }
  get os(): OsRelease {
    return this.#os();
  }
  get kernelRelease(): string {
    return this.live ? (this.#files.readText('/proc/sys/kernel/osrelease') ?? '').trim() : '';
  }
  get pageBytes(): number {
    return this.live ? pageSize() : USUAL_PAGE_BYTES;
  }
  get onlineCpus(): number {
    return this.live ? countCpus(this.#files.readText('/sys/devices/system/cpu/online') ?? '') : 1;
  }
  get hypervisor(): Facts['hypervisor'] {
    return this.live && this.#files.status('/proc/xen') !== undefined ? 'xen' : 'kvm';
  }
  get interfaces(): NetworkInterface[] {
    return this.#interfaces();
  }
  get root(): RootFileSystem | undefined {
    return this.#root();
  }
  get rootChecks(): RootChecks | undefined {
    if (!this.live) return undefined;
    const files = this.#files;
    const mounts = parseMountInfo(files.readText('/proc/self/mountinfo') ?? '');
    return findRootChecks({ files, mounts, open: openDevice });
  }
  get lostAtReboot(): string | undefined {
    return this.live ? whyLostAtReboot(HOST_DIRECTORY, this.#files) : undefined;
  }
  get activeSwaps(): string[] {
    return this.live ? [...this.#storage().use.activeSwaps].map((name) => `/dev/${name}`) : [];
  }
  get networkManager(): NetworkManagerName | undefined {
    return this.#networkManager();
  }
  get kernelCommandLine(): string {
    return this.live ? (this.#files.readText('/proc/cmdline') ?? '').trim() : '';
  }
  sshdSettings(user: string): SshdAnswer {
    return this.live ? askSshd(this.#files, user) : { failure: 'nothing runs in an unpacked image' };
  }
}

/**
 * The machine as it is now; each value is read when it is first asked for.
 * @param live false for an unpacked image, whose /proc and /sys are nobody's
 * @param environment tells whether the guest boots
 */
export function observeFacts(files: Files, live: boolean, environment: Environment): Facts {
  return new ObservedFacts(files, live, environment);
}
