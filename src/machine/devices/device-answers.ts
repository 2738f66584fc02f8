import { posix } from 'node:path';
import type { Commands } from '../commands/commands.ts';
import { type OpenDevice, openDevice } from '../files/device-reader.ts';
import type { FileView } from '../files/files.ts';
import { pauseBetweenLooks, sleep } from '../runtime/sleep.ts';
import { type BlockDevice, DEVICES_BY_NUMBER, isVirtual } from './block-devices.ts';

/** udev's records, of a block device bMAJOR:MINOR; written when its rules, libblkid among them, have come to their end. */
const UDEV_RECORDS = '/run/udev/data';
/** udevd listens here as long as it runs (systemd, src/udev/udev-ctrl.c). */
const UDEV_CONTROL = '/run/udev/control';

/** How long udev may take to look at the disks that are there, before they are asked directly. */
const UDEV_SECONDS = 10;
/** How long a disk may take to answer the reads of a program that asks it directly. */
const PROBE_SECONDS = 5;
const POLL_MILLISECONDS = 50;
/** How many are asked at the same time: with this program itself that is all that runs of ours. */
const MOST_ASKED = 3;
/** One that takes longer holds the others up no more: many may be silent. */
const PATIENT_MILLISECONDS = 250;
/** How often a disk that somebody else is reading is looked at before it is asked. */
const CALM_LOOKS = 10;

/** As long ago udev may have read a disk that is taken to answer still: a boot is not much older, nor a disk that came. */
const FRESH_SECONDS = 15;

/** What is found on a disk that does not answer, for people. */
export const NO_ANSWER = `no answer within ${PROBE_SECONDS} s`;

/** Drives that may have no medium. */
const DRIVE = /^(sr|fd)\d+$/;

type Records = Pick<FileView, 'list' | 'linkTarget' | 'modifiedAt' | 'readText' | 'status'>;
type Numbered = Pick<BlockDevice, 'deviceNumber' | 'path' | 'partition'>;

/**
 * Which disks are known to answer. Who reads one that does not waits in the kernel, where nothing ends it: neither a
 * deadline nor a signal. So nothing here is read by this program before something else has just read it: udev, which
 * looks at each disk anyway and costs no process, or, where that takes too long or is long ago, a program that can be
 * given up.
 */
export class DeviceAnswers {
  readonly #answered = new Set<string>();
  readonly #silent = new Set<string>();
  /** Nobody means to read them: they are not waited for twice. */
  readonly #unasked = new Set<string>();
  /** Devices of hardware among those that were listed last: who waits asks many times, and others hardly ever come. */
  #hardware: { listed: string; devices: { number: string; name: string }[] } = { listed: '', devices: [] };

  /** @param freshSeconds as long ago udev may have read a disk; 0: each is asked, which only people can wait for */
  constructor(
    private readonly files: Records,
    private readonly freshSeconds = FRESH_SECONDS,
  ) {}

  /** Whether a device may be read. What could be read a moment ago can be for the rest of a run. */
  answers(device: Numbered): boolean {
    const { deviceNumber } = device;
    if (this.#silent.has(deviceNumber)) return false;
    if (!this.#answered.has(deviceNumber) && this.#hasJustBeenRead(device)) this.#answered.add(deviceNumber);
    return this.#answered.has(deviceNumber);
  }

  /** Whether a device was asked and did not answer. */
  isSilent({ deviceNumber }: Pick<BlockDevice, 'deviceNumber'>): boolean {
    return this.#silent.has(deviceNumber);
  }

  /** @returns numbers of disks and partitions that nothing is known of yet */
  unknown(): string[] {
    return this.#unread()
      .filter(({ name }) => !DRIVE.test(name))
      .map(({ number }) => number);
  }

  /** Another text when a device has come or gone, and when udev has looked at a disk or into a drive. */
  listed(): string {
    const unread = this.#unread().map(({ number }) => number);
    return `${this.#hardware.listed}\n${unread.join(' ')}`;
  }

  #unread(): { number: string; name: string }[] {
    return this.#hardwareDevices().filter(({ number }) => {
      const known = this.#answered.has(number) || this.#silent.has(number) || this.#unasked.has(number);
      return !known && !this.#isRead(number);
    });
  }

  #hardwareDevices(): { number: string; name: string }[] {
    const numbers = this.files.list(DEVICES_BY_NUMBER);
    const listed = numbers.join(' ');
    if (listed !== this.#hardware.listed) {
      const devices = numbers.flatMap((number) => {
        const path = posix.resolve(
          DEVICES_BY_NUMBER,
          this.files.linkTarget(`${DEVICES_BY_NUMBER}/${number}`) ?? '',
        );
        return isVirtual(path) ? [] : [{ number, name: posix.basename(path) }];
      });
      this.#hardware = { listed, devices };
    }
    return this.#hardware.devices;
  }

  /** Whether a disk was asked and did not answer: udev then waits for it, too, and never comes to an end. */
  get someAreSilent(): boolean {
    return this.#silent.size > 0;
  }

  /**
   * Waits until udev has read all disks. Those that it has not read in time are asked, a few at the same time.
   * @param list the devices that are meant to be read; others are waited for and not asked
   * @param waitSeconds longest wait for udev
   * @returns those that did not answer
   */
  async settle(
    commands: Commands,
    list: () => readonly BlockDevice[],
    waitSeconds = UDEV_SECONDS,
  ): Promise<BlockDevice[]> {
    const started = performance.now();
    const deadline = started + waitSeconds * 1000;
    const mayWait = () => performance.now() < deadline && this.files.status(UDEV_CONTROL) !== undefined;
    let unknown = this.unknown();
    while (unknown.length > 0 && mayWait()) {
      await pauseBetweenLooks(started);
      // Others may have come meanwhile, and are looked for when these are known, or gone.
      const isThere = (number: string) =>
        this.files.linkTarget(`${DEVICES_BY_NUMBER}/${number}`) !== undefined;
      unknown = unknown.filter((number) => !this.#isRead(number) && isThere(number));
      if (unknown.length === 0) unknown = this.unknown();
    }
    if (unknown.length === 0) return [];
    const asked = list().filter(({ deviceNumber }) => unknown.includes(deviceNumber));
    for (const number of unknown) this.#unasked.add(number);
    return await this.ask(commands, asked);
  }

  /**
   * Asks devices that are not known to answer, a few at the same time.
   * @returns those that did not
   */
  async ask(commands: Commands, devices: readonly BlockDevice[]): Promise<BlockDevice[]> {
    const isOpen = (device: BlockDevice) => !this.isSilent(device) && !this.answers(device);
    let asked = devices.filter(isOpen);
    // Somebody else may be reading it, such as udev one of its partitions.
    for (let looks = 0; looks < CALM_LOOKS && asked.some((device) => this.#isFresh(device)); looks++) {
      await sleep(POLL_MILLISECONDS);
      asked = asked.filter(isOpen);
    }
    if (asked.length === 0) return [];
    const waiting = [...asked];
    const answers = new Map<BlockDevice, Promise<boolean>>();
    const work = async () => {
      for (let device = waiting.shift(); device !== undefined; device = waiting.shift()) {
        const answer = this.#ask(device, commands);
        answers.set(device, answer);
        await noLongerThan(PATIENT_MILLISECONDS, answer);
      }
    };
    await Promise.all(Array.from({ length: MOST_ASKED }, work));
    const silent: BlockDevice[] = [];
    for (const device of asked) if ((await answers.get(device)) === false) silent.push(device);
    return silent;
  }

  /**
   * Whether a device that has answered in this run does so now. One that nothing waits for does; any other is asked.
   */
  async answersStill(commands: Commands, device: BlockDevice): Promise<boolean> {
    const { path, partition, deviceNumber } = device;
    if (isBusy(this.files, partition === undefined ? path : posix.dirname(path)))
      this.#answered.delete(deviceNumber);
    return (await this.ask(commands, [device])).length === 0 && !this.isSilent(device);
  }

  /** An error is an answer. */
  async #ask({ node, deviceNumber }: BlockDevice, commands: Commands): Promise<boolean> {
    // Up to behind the place of the host's archive.
    const argv = ['dd', `if=${node}`, 'of=/dev/null', 'bs=64k', 'count=9'] as const;
    const { exitCode } = await commands.run(argv, { timeoutSeconds: PROBE_SECONDS });
    (exitCode === undefined ? this.#silent : this.#answered).add(deviceNumber);
    return exitCode !== undefined;
  }

  /** Whether udev has come to its end with a device. To list all of its records, of which a guest has hundreds, takes longer. */
  #isRead(number: string): boolean {
    return this.files.status(`${UDEV_RECORDS}/b${number}`) !== undefined;
  }

  /** udev came to its end with the device a moment ago, and nothing waits for it now. */
  #hasJustBeenRead(device: Numbered): boolean {
    const { path, partition } = device;
    return this.#isFresh(device) && !isBusy(this.files, partition === undefined ? path : posix.dirname(path));
  }

  /** A clock that was set meanwhile makes a record old, or come from the future, and so has the device be asked. */
  #isFresh({ deviceNumber }: Numbered): boolean {
    if (this.freshSeconds === 0) return false;
    const written = this.files.modifiedAt(`${UDEV_RECORDS}/b${deviceNumber}`);
    return written !== undefined && Math.abs(Date.now() - written) < this.freshSeconds * 1000;
  }
}

/**
 * Opens devices that answer alone.
 * @throws Error for one that is not known to; else as `openDevice` does
 */
export function openAnswering(
  devices: readonly BlockDevice[],
  answers: Pick<DeviceAnswers, 'answers'>,
): (node: string) => OpenDevice {
  const byNode = new Map(devices.map((device) => [device.node, device]));
  return (node) => {
    const device = byNode.get(node);
    if (device !== undefined && !answers.answers(device)) throw new Error(NO_ANSWER);
    return openDevice(node);
  };
}

/** Waits for something that may go on. */
function noLongerThan(milliseconds: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    work.then(() => resolve(), reject).finally(() => clearTimeout(timer));
  });
}

/** Whether a disk has requests under way, of reading and of writing (Documentation/ABI/stable/sysfs-block, inflight). */
function isBusy(files: Pick<FileView, 'readText'>, diskPath: string): boolean {
  return /[1-9]/.test(files.readText(`${diskPath}/inflight`) ?? '');
}
