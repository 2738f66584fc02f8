import type { MapReader } from '../../fields/map-reader.ts';
import { quote } from '../../fields/problem.ts';
import type { GuestConfig, SwapFileConfig } from '../../guest-config.ts';
import { type CloudConfig, isRefused } from './cloud-config.ts';

export type StorageSettings = Pick<GuestConfig, 'growRoot' | 'swapFile'>;

/** `growpart`, `resize_rootfs` and `swap` (cc_growpart, cc_resizefs, cc_mounts). */
export function readStorage(config: CloudConfig): StorageSettings {
  const isGrown = [readGrowth(config), readResize(config)];
  const swapFile = readSwap(config);
  return {
    ...(isGrown.includes(false) ? { growRoot: false } : {}),
    ...(swapFile === undefined ? {} : { swapFile }),
  };
}

const MODES = ['auto', 'growpart', 'gpart', 'true', 'off', 'false'];

/** @returns false where the root's partition is not to be grown */
function readGrowth(config: CloudConfig): boolean {
  const growpart = config.map('growpart', 'storage');
  if (growpart === undefined) return true;
  const mode = growpart.parsed('mode', 'auto or off', (text) =>
    MODES.find((name) => name === text.toLowerCase()),
  );
  growpart.flag('ignore_growroot_disabled');
  for (const { text, path } of growpart.words('devices')) {
    if (text !== '/') growpart.findings.passOver(path, quote(text), '"/": no other partition is grown');
  }
  growpart.finish();
  return !tellOff(growpart, 'mode', mode === 'off' || mode === 'false');
}

function readResize(config: CloudConfig): boolean {
  const reader = config.reader('resize_rootfs', 'storage');
  const isOff =
    reader.text('resize_rootfs')?.toLowerCase() !== 'noblock' && reader.flag('resize_rootfs') === false;
  return !tellOff(reader, 'resize_rootfs', isOff);
}

function tellOff(reader: MapReader, key: string, isOff: boolean): boolean {
  if (isOff) reader.findings.origin('root file system', 'not grown', reader.at(key));
  return isOff;
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
};
const SIZE = 'bytes, or a number with K, M, G or T, such as 2G';

function sizeOf(text: string): number | undefined {
  const [, number = '', unit = ''] =
    /^(\d{1,15}(?:\.\d{1,3})?)\s*([BKMGT]?)(?:i?B)?$/i.exec(text.trim()) ?? [];
  const size =
    number === '' ? Number.NaN : Math.floor(Number(number) * (UNITS[unit.toUpperCase()] ?? Number.NaN));
  return Number.isSafeInteger(size) ? size : undefined;
}

function readSwap(config: CloudConfig): SwapFileConfig | undefined {
  const swap = config.map('swap', 'storage');
  if (swap === undefined) return undefined;
  const path = swap.parsed('filename', 'an absolute path', (text) => (isPath(text) ? text : undefined));
  const size = swap.parsed('size', `auto, or ${SIZE}`, (text) => (text === 'auto' ? text : sizeOf(text)));
  const maxSize = swap.parsed('maxsize', SIZE, sizeOf);
  swap.finish();
  if (isRefused(swap.findings) || size === undefined || size === 0) return undefined;
  swap.findings.origin(
    'swap file',
    `${path ?? '/swap.img'}, ${size === 'auto' ? size : `${size} bytes`}`,
    'swap',
  );
  return {
    size,
    ...(path === undefined ? {} : { path }),
    ...(maxSize === undefined ? {} : { maxSize }),
  };
}

/** An absolute path without control characters and steps upwards. */
export const isPath = (text: string): boolean =>
  /^\/[^\p{Cc}\p{Cs}]*$/u.test(text) && text.length <= 4096 && !/(?:^|\/)\.\.?(?:\/|$)/.test(text);
