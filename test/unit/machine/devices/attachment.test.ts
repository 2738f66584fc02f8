import { expect, it } from 'vitest';
import { attachmentOf, placeOf } from '../../../../src/machine/devices/attachment.ts';

const PCI = '/sys/devices/pci0000:00/0000:00:05.0';

it.each([
  [
    'a SCSI disk, whatever its host is numbered',
    `${PCI}/virtio2/host7/target7:0:1/7:0:1:0/block/sdb`,
    `${PCI}/virtio/scsi/0:1:0`,
  ],
  ['a CD drive of ATA', `${PCI}/ata2/host1/target1:0:0/1:0:0:0/block/sr0`, `${PCI}/ata2/scsi/0:0:0`],
  ['a virtio disk', `${PCI}/virtio3/block/vda`, `${PCI}/virtio`],
  ['an NVMe namespace', `${PCI}/nvme/nvme1/nvme1n2`, `${PCI}/nvme/n2`],
  ['one path of several to it', `${PCI}/nvme/nvme1/nvme1c3n2`, `${PCI}/nvme/n2`],
  ['a Xen disk', '/sys/devices/vbd-51728/block/xvdb', '/sys/devices/vbd-51728'],
])('%s', (_, path, attachment) => {
  expect(attachmentOf({ path })).toBe(attachment);
  expect(placeOf({ path })).toBe(attachment);
});

it('a partition is told by its number', () => {
  const disk = `${PCI}/virtio3/block/vda`;
  const partition = { disk: 'vda', number: 2, start: 0 };
  expect(placeOf({ path: `${disk}/vda2`, partition })).toBe(`${PCI}/virtio partition 2`);
});
