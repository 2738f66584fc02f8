import { type BlockDevice, listBlockDevices } from '../../machine/devices/block-devices.ts';
import { udevRecord } from '../../machine/devices/udev/udev-record.ts';
import { udevContent } from '../../machine/devices/udev/udev-verdict.ts';
import type { Files, FileView } from '../../machine/files/files.ts';
import { dmiText } from '../dmi.ts';
import { defineSource, type Finding, type World } from '../source.ts';
import { findVolume, mapFound, openVolume, type VolumeKind } from '../volumes.ts';
import type { CpioFiles } from './device.ts';

/** What an archive says, and what the machine calls itself: there is no other id of an instance. */
export interface CpioSeed {
  files: CpioFiles;
  uuid?: string;
}

/**
 * Makers of virtual machines whose metadata come another way (metadata-agent, src/main.rs): no CPIO device is looked for
 * there.
 */
const OTHERS = ['Oxide', 'Joyent', 'DigitalOcean', 'Amazon EC2'];

const isOthers = (files: Pick<FileView, 'readText'>) => OTHERS.includes(dmiText(files, 'sys_vendor') ?? '');

/** Whole disks on which udev finds nothing, or that it has no record of; one in use holds something else. */
function candidates(files: Files): BlockDevice[] {
  const isFree = (device: BlockDevice) => {
    if (device.kind !== 'disk' || device.holders.length > 0) return false;
    const record = udevRecord(files, device);
    return record === undefined || Object.keys(udevContent(record, device)).length === 0;
  };
  return listBlockDevices(files).filter(isFree);
}

/** The machine's number in SMBIOS, which root alone can read. */
function uuidOf(files: Pick<FileView, 'readText'>): { uuid?: string } {
  const uuid = dmiText(files, 'product_uuid')?.toLowerCase();
  return uuid === undefined ? {} : { uuid };
}

const ARCHIVE: VolumeKind<CpioFiles> = {
  name: 'CPIO',
  what: 'CPIO device',
  load: async () => (await import('./device.ts')).readCpioDevice,
};

async function find(world: World): Promise<Finding<CpioSeed>> {
  const { files, remembered, isAsked } = world;
  if (isOthers(files) && !isAsked) return { state: 'absent' };
  const list = () => candidates(files);
  if (list().length === 0 && remembered === undefined) return { state: 'absent' };
  const found = await findVolume(world, list, ARCHIVE, remembered !== undefined || isAsked);
  return mapFound(found, (seed) => ({ files: seed, ...uuidOf(files) }));
}

async function open(path: string): Promise<Finding<CpioSeed>> {
  return mapFound(await openVolume(path, ARCHIVE), (files) => ({ files }));
}

/** A CPIO archive at the start of a disk, as the metadata-agent of illumos reads one. */
export const cpio = defineSource<CpioSeed>({
  name: 'cpio',
  summary: 'a CPIO archive at the start of a disk: nodename, authorized_keys, firstboot.sh, config.toml',
  needs: 'disk',
  find,
  open,
  parse: async ({ files, uuid }) => {
    const parsed = (await import('./parse.ts')).parseCpio(files);
    const content = files['operator.sh'];
    return {
      parsed,
      ...(uuid === undefined ? {} : { instanceId: uuid }),
      ...(content === undefined ? {} : { operatorScript: { content, field: 'operator.sh' } }),
    };
  },
});
