import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemCommands } from '../../../src/machine/commands/commands.ts';
import type { Files } from '../../../src/machine/files/files.ts';
import { BOOTSTRAP_REPORT, SOURCE_FILE } from '../../../src/machine/files/paths.ts';
import { keepConfiguration, loadHostConfiguration } from '../../../src/metadata/choose.ts';
import { makeCpioSeed } from '../../../src/metadata/cpio/seed.ts';
import type { HostConfiguration } from '../../../src/metadata/guest-config.ts';
import { makeNoCloudSeed } from '../../../src/metadata/nocloud/seed.ts';
import type { Heard } from '../../../src/metadata/source.ts';
import { type FakeDisk, makeSysfs } from '../sysfs.ts';
import { temporaryRoot } from '../temporary-root.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

/** A NoCloud volume of an instance that is called like its host name. */
export const nocloudVolume = (name: string, metaData = `instance-id: ${name}\nlocal-hostname: ${name}\n`) =>
  makeNoCloudSeed({ 'meta-data': bytes(metaData) });

/** A NoCloud volume whose directory cannot be read. */
export function damagedVolume(): Uint8Array {
  const image = nocloudVolume('damaged');
  // Behind the descriptors: the directories begin with sector 23 (src/machine/formats/iso9660/image.ts).
  return image.subarray(0, 23 * 2048);
}

export const cpioDisk = (name: string) => makeCpioSeed({ nodename: bytes(`${name}\n`) });

/** A report of a boot that has gone by: nothing on a disk speaks for the host by its content alone any more. */
export const BOOTED = { [BOOTSTRAP_REPORT]: '{"bootId":"eba2"}' };

/** A simulated guest that is started again and again, with devices that come and go. */
export interface SeededGuest {
  files: Files;
  /**
   * Attaches a device with these bytes.
   * @param name `sr0` is a CD drive, `sdf` a disk
   * @param target where it is attached
   * @param says the label that udev found; absent: udev has no record. The vendor of the disk
   * @returns its node
   */
  attach(name: string, target: number, image: Uint8Array, says?: { label?: string; vendor?: string }): string;
  /** Attaches a disk with one partition that has the same bytes: the nodes of both. */
  attachPartitioned(name: string, target: number, image: Uint8Array): string[];
  detach(node: string): void;
  /** Another device is made of an attached one. */
  hold(name: string, by: string): void;
  /** What a run learns. */
  look(
    sources?: readonly string[],
    seed?: string,
    hypervisor?: 'kvm' | 'xen',
    waitSeconds?: number,
    heard?: Heard,
  ): Promise<HostConfiguration>;
  /** What a boot learns and keeps. */
  boot(sources?: readonly string[]): Promise<HostConfiguration>;
  stored(): Record<string, unknown>;
}

export function seededGuest(entries: Record<string, string> = {}): SeededGuest {
  const files = temporaryRoot({
    '/proc/swaps': 'headings\n',
    '/proc/self/mountinfo': '1 0 8:0 / / rw - ext4 /dev/root rw\n',
    ...entries,
  });
  // Nodes are below /dev, so that these files can be devices.
  const disks = temporaryRoot({}, '/dev/shm').root;
  const put = (path: string, entry: string | { link: string }) => {
    const at = join(files.root, path);
    mkdirSync(dirname(at), { recursive: true });
    rmSync(at, { force: true });
    if (typeof entry === 'string') writeFileSync(at, entry);
    else symlinkSync(entry.link, at);
  };
  const putDisk = (disk: FakeDisk, images: Record<string, Uint8Array>) => {
    for (const [path, entry] of Object.entries(makeSysfs([disk]))) {
      if (typeof entry === 'string')
        put(path, entry.replace(/^DEVNAME=/m, `DEVNAME=shm/${basename(disks)}/`));
      else if ('link' in entry) put(path, { link: entry.link });
    }
    return Object.entries(images).map(([name, image]) => {
      const node = join(disks, name);
      writeFileSync(node, image);
      return node;
    });
  };
  const diskAt = (name: string, target: number, size: number, vendor = 'QEMU'): FakeDisk => {
    const isDrive = name.startsWith('sr');
    const number = isDrive ? `11:${target}` : `8:${target * 16}`;
    return { name, number, size, attached: { scsi: `${isDrive ? 1 : 2}:0:${target}:0`, vendor } };
  };
  const machine = { files, commands: systemCommands, live: true };
  const guest: SeededGuest = {
    files,
    attach(name, target, image, { label, vendor } = {}) {
      const disk = diskAt(name, target, image.length, vendor);
      const record = label === undefined ? '' : `E:ID_FS_TYPE=iso9660\nE:ID_FS_LABEL=${label}\n`;
      if (label !== undefined) put(`/run/udev/data/b${disk.number}`, record);
      const [node = ''] = putDisk(disk, { [name]: image });
      return node;
    },
    attachPartitioned(name, target, image) {
      const partition = { name: `${name}1`, number: 1, start: 0, size: image.length };
      const disk = { ...diskAt(name, target, image.length), partitions: [partition] };
      return putDisk(disk, { [name]: image, [`${name}1`]: image });
    },
    detach(node) {
      rmSync(node);
      rmSync(join(files.root, '/sys/class/block', basename(node)));
    },
    hold: (name, by) => put(`/sys/class/block/${name}/holders/${by}`, { link: `../../${by}` }),
    look: (sources = ['all'], seed, hypervisor = 'kvm', waitSeconds = 0, heard = undefined) =>
      loadHostConfiguration({
        ...machine,
        hypervisor,
        sources,
        waitSeconds,
        ...(seed === undefined ? {} : { seed }),
        ...(heard === undefined ? {} : { heard }),
      }),
    async boot(sources) {
      const host = await guest.look(sources);
      await keepConfiguration(machine, host);
      return host;
    },
    stored: () => JSON.parse(readFileSync(files.locate(SOURCE_FILE), 'utf8')),
  };
  return guest;
}
