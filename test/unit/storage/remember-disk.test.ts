import { statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { systemCommands } from '../../../src/machine/commands/commands.ts';
import { HOST_DISK_FILE } from '../../../src/machine/files/paths.ts';
import { renderSwapHeader } from '../../../src/machine/formats/swap-header.ts';
import { readRememberedDisk } from '../../../src/metadata/gandi/disk/host-disk.ts';
import type { SwapDevice } from '../../../src/metadata/gandi-disk.ts';
import { rememberHostDisk } from '../../../src/storage/remember-disk.ts';
import { archiveHeader, MIB, makeImage, writeAt } from '../images.ts';
import { temporaryRoot } from '../temporary-root.ts';

const UUID = '0f2c8a3e-5a0b-4a5e-9d57-3d1f1f0c2b11';
const disk = { place: '/sys/devices/pci0000:00/0000:00:03.0/virtio/scsi/0:1:0', swapUuid: 'the one before' };

function prepared() {
  const image = makeImage(4 * MIB);
  const area = { deviceBytes: 4 * MIB, pageBytes: 4096, uuid: UUID, label: 'swap', badPages: [128] };
  for (const { offset, bytes } of renderSwapHeader(area)) writeAt(image, offset, bytes);
  const swap: SwapDevice = { node: image, state: 'archive', content: '', reason: '', archiveOffset: 524288 };
  const machine = { files: temporaryRoot({}), commands: systemCommands, live: false };
  return { image, machine, swap };
}

it('is noted with the UUID that the swap area has after the run, for root alone', async () => {
  const { machine, swap } = prepared();
  await rememberHostDisk(machine, { disk, swap });
  expect(readRememberedDisk(machine.files)).toEqual({ place: disk.place, swapUuid: UUID });
  expect(statSync(machine.files.locate(HOST_DISK_FILE)).mode & 0o777).toBe(0o600);
});

it('is noted with an archive that stayed in its swap area, whoever may use that', async () => {
  const { image, swap } = prepared();
  writeAt(image, 524288, archiveHeader());
  const machine = { files: temporaryRoot(), commands: systemCommands, live: false };
  await rememberHostDisk(machine, { disk, swap });
  expect(readRememberedDisk(machine.files)).toEqual({
    place: disk.place,
    swapUuid: UUID,
    left: expect.any(Number),
  });
});

it('is not noted where nothing proves it', async () => {
  const { machine, swap } = prepared();
  await rememberHostDisk(machine, { swap });
  expect(machine.files.status(HOST_DISK_FILE)).toBeUndefined();
});
