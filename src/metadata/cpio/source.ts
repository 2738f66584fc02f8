import { type BlockDevice, listBlockDevices } from '../../machine/devices/block-devices.ts';
import { udevRecord } from '../../machine/devices/udev-record.ts';
import { udevContent } from '../../machine/devices/udev-verdict.ts';
import type { Files, FileView } from '../../machine/files/files.ts';
import { dmiText } from '../dmi.ts';
import { defineSource, type Finding, type World } from '../source.ts';
import { chooseVolume, findVolumes, readVolume } from '../volumes.ts';
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

async function find(world: World): Promise<Finding<CpioSeed>> {
  const { files, remembered, isAsked } = world;
  if (isOthers(files) && !isAsked) return { state: 'absent' };
  const list = () => candidates(files);
  if (list().length === 0 && remembered === undefined) return { state: 'absent' };
  const { readCpioDevice } = await import('./device.ts');
  const { found, silent } = await findVolumes(
    world,
    list,
    readCpioDevice,
    remembered !== undefined || isAsked,
  );
  const { chosen, problems, doubts } = chooseVolume(found, world, 'CPIO device');
  const all = [...silent, ...doubts];
  const [problem] = problems;
  if (problem !== undefined) return { state: 'broken', origin: problem.path, problems, doubts: all };
  if (chosen === undefined) return { state: 'absent', doubts: all };
  const { place, stamps, content } = chosen;
  const origin = `${place.name} (CPIO)`;
  if (content.state !== 'present')
    return { state: content.state, origin, problems: content.problems, place, doubts: all };
  return {
    state: 'present',
    raw: { files: content.files, ...uuidOf(files) },
    place,
    origin,
    stamps,
    doubts: all,
  };
}

async function open(path: string): Promise<Finding<CpioSeed>> {
  const { readCpioDevice } = await import('./device.ts');
  const { content, stamps } = readVolume(path, readCpioDevice);
  const place = { name: path, attachment: path, isHosts: true };
  switch (content.state) {
    case 'absent':
      return { state: 'absent', sought: 'no CPIO archive' };
    case 'broken':
      return { state: 'broken', origin: path, problems: content.problems };
    case 'present':
      return { state: 'present', raw: { files: content.files }, place, origin: path, stamps };
  }
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
    return { parsed, ...(uuid === undefined ? {} : { instanceId: uuid }) };
  },
});
