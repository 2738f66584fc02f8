import { listBlockDevices } from '../../../src/machine/devices/block-devices.ts';
import type { UdevDisk } from '../../../src/machine/devices/udev/udev-disk.ts';
import type { UdevContent } from '../../../src/machine/devices/udev/udev-verdict.ts';
import type { Signature } from '../../../src/machine/formats/signatures/signature.ts';
import { parseFstab } from '../../../src/machine/formats/text/fstab.ts';
import type { DiskBus } from '../../../src/machine/settings/settings.ts';
import { judge } from '../../../src/mount/disks/data-disk.ts';
import type { DiskFacts } from '../../../src/mount/disks/disk-facts.ts';
import { makeFiles } from '../context.ts';
import { type FakeDisk, makeSysfs } from '../sysfs.ts';

export const GIB = 1024 ** 3;
export const ext4: Signature = {
  type: 'ext4',
  usage: 'filesystem',
  title: 'ext4 file system',
  uuid: 'u-1',
  label: 'data',
};
export const ARCHIVE: Signature = { type: 'archive', usage: 'archive', title: 'archive', at: 524288 };
export const gandi = { scsi: '0:0:1:0', vendor: 'gandi.ne' } as const;

/** A disk of the host's. */
export function disk(name: string, changes: Partial<FakeDisk> = {}): FakeDisk {
  return { name, number: '8:16', size: GIB, attached: gandi, ...changes };
}

/** What is there, and what the settings say. */
export interface Case {
  disks: FakeDisk[];
  facts?: Partial<DiskFacts>;
  content?: Record<string, Signature[]>;
  buses?: DiskBus[];
  fileSystems?: string[];
  fstab?: string;
  udev?: Record<string, UdevContent>;
}

/** A record of udev's that says what the content is, or that it has not looked. */
export const udevWith = (content: UdevContent | undefined): UdevDisk => ({
  identity: {},
  isMultipathPath: false,
  ...(content === undefined ? {} : { content }),
});

/** What a device of a case is to us. */
export function verdict(
  name: string,
  {
    disks,
    facts = {},
    content = {},
    buses = ['gandi', 'xen'],
    fileSystems = [],
    fstab = '',
    udev = {},
  }: Case,
) {
  const devices = listBlockDevices(makeFiles(makeSysfs(disks)));
  const device = devices.find((one) => one.name === name);
  if (!device) throw new Error(`no device ${name}`);
  const all: DiskFacts = {
    devices,
    mounts: [],
    mountsOf: new Map(),
    rootDisks: new Set(),
    systemDisks: new Map(),
    activeSwaps: new Set(),
    declared: parseFstab(fstab),
    declaredDevices: new Map(),
    isReady: () => true,
    contentOf: (one) => content[one.name] ?? [],
    udevOf: (one) => udevWith(udev[one.name]),
    ...facts,
  };
  return judge(device, all, { diskBuses: buses, diskFileSystems: fileSystems });
}

/** What the only disk is to us, with that content. */
export const only = (found: Signature[], changes: Partial<FakeDisk> = {}, more: Partial<Case> = {}) =>
  verdict('sdb', { disks: [disk('sdb', changes)], content: { sdb: found }, ...more });
