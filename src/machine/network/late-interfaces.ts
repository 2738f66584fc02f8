import { comingTo, isUdevBusy, lookUntilSettled } from '../devices/late-devices.ts';
import type { FileView } from '../files/files.ts';
import { findInterface, type InterfaceIdentity, listInterfaces } from './network-interfaces.ts';

const NET_CLASS = '/sys/class/net';

/** One record a device, named by its kind and number: `n2` is the interface of index 2 (systemd, sd-device.c). */
const UDEV_RECORDS = '/run/udev/data';

/** kernel-command-line(7) */
const IFNAMES = /(?:^|\s)net\.ifnames=(\S*)/g;

/** How long a boot waits for network drivers at most. */
const WAIT_SECONDS = 10;

/** udev runs and gives interfaces other names than the kernel's (systemd.net-naming-scheme(7)). */
function udevRenames(files: FileView): boolean {
  // Of several the last one counts.
  const [, asked = '1'] = [...(files.readText('/proc/cmdline') ?? '').matchAll(IFNAMES)].at(-1) ?? [];
  return !/^(0|no|false|off)$/i.test(asked) && files.status('/run/udev/control') !== undefined;
}

/** Whether an interface has the name that it keeps: udev writes its record of an interface once it has named it. */
function isNamed(files: FileView, name: string): boolean {
  if (!/^eth\d+$/.test(name)) return true;
  const index = (files.readText(`${NET_CLASS}/${name}/ifindex`) ?? '').trim();
  return files.status(`${UDEV_RECORDS}/n${index}`) !== undefined;
}

/**
 * Waits until all interfaces that are meant are there, under the names that they keep: in early boot drivers may
 * still load, and udev rename. Ends as well when udev has nothing left to do, or when the time is up.
 * @param waitSeconds longest wait
 */
export async function waitForInterfaces(
  files: FileView,
  meant: readonly InterfaceIdentity[],
  waitSeconds = WAIT_SECONDS,
): Promise<void> {
  const devices = meant.filter(({ virtual }) => virtual === undefined);
  if (devices.length === 0) return;
  const renames = udevRenames(files);
  let names: readonly string[] = [];
  // udev has hundreds of records, of which those of interfaces alone are of interest, and only where it renames any.
  const listed = () => {
    names = files.list(NET_CLASS);
    return [...names, '', ...(renames ? names.filter((name) => isNamed(files, name)) : [])].join(' ');
  };
  const look = (): true | undefined => {
    // Of many each look reads all that there are: not before there can be enough of them.
    if (names.length < devices.length) return undefined;
    const interfaces = listInterfaces(files);
    const named = !renames || interfaces.every(({ name }) => isNamed(files, name));
    const complete = devices.every((identity) => findInterface(identity, interfaces) !== undefined);
    return named && complete ? true : undefined;
  };
  await lookUntilSettled(look, { listed, isBusy: () => isUdevBusy(files) }, waitSeconds);
}

/** Waits until there is any interface with a device behind it, or udev has nothing left to do, or the time is up. */
export async function waitForAnyInterface(files: FileView, waitSeconds = WAIT_SECONDS): Promise<void> {
  const look = (): true | undefined => (listInterfaces(files).length > 0 ? true : undefined);
  await lookUntilSettled(look, comingTo(files, [NET_CLASS]), waitSeconds);
}
