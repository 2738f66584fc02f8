import { expect, it } from 'vitest';
import { ec2 } from '../../../../src/metadata/ec2/source.ts';
import { makeFiles } from '../../context.ts';

const DMI = '/sys/class/dmi/id';
const uuid = (text: string, more = {}) => ({ [`${DMI}/product_uuid`]: `${text}\n`, ...more });
const vendor = (text: string) => ({ [`${DMI}/sys_vendor`]: `${text}\n` });

it.each<[string, Record<string, string>, boolean]>([
  ['Nitro', vendor('Amazon EC2'), true],
  ['Nitro, by its BIOS', { ...vendor('QEMU'), [`${DMI}/bios_vendor`]: 'Amazon EC2\n' }, true],
  ['the hypervisor’s UUID', { '/sys/hypervisor/uuid': 'ec2e1916-9099-7caf-fd21-012345abcdef\n' }, true],
  ['that of another Xen', { '/sys/hypervisor/uuid': '0c2e1916-9099-7caf-fd21-012345abcdef\n' }, false],
  ['a UUID', uuid('EC2E1916-9099-7CAF-FD21-012345ABCDEF'), true],
  ['a UUID in lower case', uuid('ec2e1916-9099-7caf-fd21-012345abcdef', vendor('Xen')), true],
  ['a UUID whose bytes are swapped', uuid('45E12AEC-DCD1-B213-94ED-012345ABCDEF'), true],
  ['one that has these letters elsewhere', uuid('45E12AED-EC21-B213-94ED-012345ABCDEF'), false],
  ['a UUID of QEMU’s that begins so by chance', uuid('EC2E1916-9099-7CAF', vendor('QEMU')), false],
  ['swapped by chance', uuid('45E12AEC-DCD1-B213', vendor('OpenStack Foundation')), false],
  ['Xen with Amazon’s BIOS', { ...vendor('Xen'), [`${DMI}/bios_version`]: '4.11.amazon\n' }, true],
  ['another vendor with that BIOS', { ...vendor('QEMU'), [`${DMI}/bios_version`]: '4.11.amazon\n' }, false],
  ['Xen', { ...vendor('Xen'), [`${DMI}/bios_version`]: '4.11\n' }, false],
  ['Brightbox', { [`${DMI}/product_serial`]: 'srv-abcde.gb1.brightbox.com\n' }, true],
  ['another domain that ends so', { [`${DMI}/product_serial`]: 'srv-abcde.bobrightbox.com\n' }, false],
  ['a name below', { [`${DMI}/product_serial`]: 'srv.brightbox.com.evil.example\n' }, false],
  ['ZStack', { [`${DMI}/chassis_asset_tag`]: '123456.zstack.io\n' }, true],
  ['another one that ends so', { [`${DMI}/chassis_asset_tag`]: '123456.buzzstack.io\n' }, false],
  ['E24Cloud', vendor('e24cloud'), true],
  ['Tilaa', vendor('Tilaa'), true],
  ['Tilaa, in other words', vendor('Tilaa B.V.'), false],
  ['Outscale', { ...vendor('3DS Outscale'), [`${DMI}/product_name`]: '3DS Outscale VM\n' }, true],
  ['another product of Outscale’s', { ...vendor('3DS Outscale'), [`${DMI}/product_name`]: 'VM\n' }, false],
  ['a vendor in other letters', vendor('amazon ec2'), false],
  ['nothing', {}, false],
])('EC2 by the firmware: %s', (_, entries, expected) => {
  expect(ec2.isMatched?.(makeFiles(entries))).toBe(expected);
});
