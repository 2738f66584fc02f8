import { isLabelSeen, labelledDevices } from '../../machine/devices/labelled-devices.ts';
import { encodeText } from '../../machine/formats/text/text-bytes.ts';
import { dmiText } from '../dmi.ts';
import { defineSource, type Finding, type World } from '../source.ts';
import { findVolume, openVolume, type VolumeKind } from '../volumes.ts';
import type { ConfigDriveFiles } from './volume.ts';

/** ds-identify and cloud-init take no other case. */
const LABELS = ['config-2', 'CONFIG-2'];

/** The maker of an image leaves the directories of a drive there (DataSourceConfigDrive.py). */
const SEED_DIRECTORIES = ['/var/lib/cloud/seed/config_drive/', '/config-drive/'];

/** Machines that may have such a drive, or a service in the network that says the same. */
const PRODUCTS = ['OpenStack Nova', 'OpenStack Compute'];

/** On Xen another format than OpenStack's has the same label. */
const drives = (hypervisor?: World['hypervisor']): VolumeKind<ConfigDriveFiles> => ({
  name: 'ConfigDrive',
  what: 'ConfigDrive',
  load: async () => {
    const { isIbms, readConfigDrive } = await import('./volume.ts');
    return (source) =>
      hypervisor === 'xen' && isIbms(source) ? { state: 'absent' } : readConfigDrive(source);
  },
});

/** What lies in a directory of the guest. It takes the place of no drive that is gone. */
async function fromDirectory(
  { files, remembered }: Pick<World, 'files' | 'remembered'>,
  doubts: Finding<ConfigDriveFiles>['doubts'],
): Promise<Finding<ConfigDriveFiles>> {
  const absent = { state: 'absent' as const, ...(doubts === undefined ? {} : { doubts }) };
  if (remembered?.startsWith('/sys/')) return absent;
  for (const directory of SEED_DIRECTORIES) {
    if (files.status(directory) === undefined) continue;
    const { readFiles } = await import('./volume.ts');
    const raw = readFiles((path, most) => {
      const text = files.readText(`${directory}${path}`);
      const bytes = text === undefined ? undefined : encodeText(text);
      return bytes === undefined || bytes.length > most ? undefined : bytes;
    });
    if (raw === undefined) continue;
    const place = { name: directory, attachment: directory, isHosts: true };
    return { ...absent, state: 'present', raw, place, origin: directory, stamps: [] };
  }
  return absent;
}

async function find(world: World): Promise<Finding<ConfigDriveFiles>> {
  const { files, remembered, isAsked, hypervisor } = world;
  const isPromised =
    remembered !== undefined || isAsked || PRODUCTS.includes(dmiText(files, 'product_name') ?? '');
  const found = await findVolume(world, () => labelledDevices(files, LABELS), drives(hypervisor), isPromised);
  return found.state === 'absent' ? await fromDirectory(world, found.doubts) : found;
}

/** OpenStack's drive, as nova, ironic, Proxmox and KubeVirt write it. */
export const configdrive = defineSource<ConfigDriveFiles>({
  name: 'configdrive',
  summary: 'a volume labelled config-2 with the files of OpenStack, as nova, Proxmox and KubeVirt make one',
  needs: 'disk',
  find,
  isSeen: ({ files }) => isLabelSeen(files, LABELS),
  open: (path) => openVolume(path, drives()),
  parse: async ({ contents, ...files }) => {
    const { parseOpenStack } = await import('../openstack/parse.ts');
    return await parseOpenStack({
      ...files,
      content: (path) => (Object.hasOwn(contents, path) ? contents[path] : undefined),
    });
  },
});
