import type { FileView } from '../../machine/files/files.ts';
import { dmiText } from '../dmi.ts';
import { defineSource, type Finding, type Said, type Source, type World } from '../source.ts';
import type { Ec2Answers } from './ask.ts';
import { METRIC_STEP } from './metric.ts';

/** Where the service is on every instance; the second one on those of Nitro alone (AWS, "Use IMDS"). */
const ADDRESSES = ['http://169.254.169.254', 'http://[fd00:ec2::254]'];

/** Whether a UUID begins with `ec2`, as it is or with the bytes of its first group in the other order (SMBIOS 2.6). */
const isEc2Uuid = (uuid: string) => /^ec2/i.test(uuid) || /^[0-9a-f]{4}2[0-9a-f]ec-/i.test(uuid);

/** Whether this is an instance of Amazon's, which insists on tokens. */
export function isAmazons(files: Pick<FileView, 'readText'>): boolean {
  const vendor = dmiText(files, 'sys_vendor');
  if ([vendor, dmiText(files, 'bios_vendor')].includes('Amazon EC2')) return true;
  if (/^ec2/i.test(files.readText('/sys/hypervisor/uuid') ?? '')) return true;
  // One in two thousand random numbers begins so, too: it tells nothing where the firmware is somebody else's.
  if (vendor !== undefined && vendor !== '' && vendor !== 'Xen') return false;
  if (vendor === 'Xen' && /amazon/i.test(dmiText(files, 'bios_version') ?? '')) return true;
  return isEc2Uuid(dmiText(files, 'product_uuid') ?? '');
}

/** Hosts that have the same service (ds-identify of cloud-init, ec2_identify_platform). */
function isLikeAmazons(files: Pick<FileView, 'readText'>): boolean {
  const vendor = dmiText(files, 'sys_vendor');
  return (
    /.\.brightbox\.com$/.test(dmiText(files, 'product_serial') ?? '') ||
    /.\.zstack\.io$/.test(dmiText(files, 'chassis_asset_tag') ?? '') ||
    vendor === 'e24cloud' ||
    vendor === 'Tilaa' ||
    (vendor === '3DS Outscale' && dmiText(files, 'product_name') === '3DS Outscale VM')
  );
}

/** @param addresses of the service, which tests have elsewhere */
export const ec2At = (addresses: readonly string[]): Source<Ec2Answers> => ({
  name: 'ec2',
  summary: 'the metadata service of Amazon EC2 (IMDSv2), and of hosts that have the same one',
  needs: 'network',
  // Where the guest's order is the instance's, as it mostly is, the answer finds the interfaces as it wants them.
  dhcpMetricStep: METRIC_STEP,
  isMatched: (files) => isAmazons(files) || isLikeAmazons(files),
  async find(world: World): Promise<Finding<Ec2Answers>> {
    const { askEc2 } = await import('./ask.ts');
    return await askEc2(addresses, world, !isLikeAmazons(world.files));
  },
  open: async () => ({ state: 'absent' }),
  async parse(answers: Ec2Answers): Promise<Said> {
    return await (await import('./parse.ts')).parseEc2(answers);
  },
});

/** Amazon's instances, and those of hosts that do as it does. */
export const ec2 = defineSource(ec2At(ADDRESSES));
