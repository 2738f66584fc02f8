import type { HostContext } from '../context/context.ts';
import { findVolume } from '../libvirt/storage.ts';
import { findGolden, ifThere, type Owned, parseVersionName } from '../record/find.ts';
import type { GoldenRecord, GoldenVersion } from '../record/host-record.ts';

type Golden = Pick<Owned<GoldenRecord>, 'name' | 'record'>;

/** @throws Error in one line if there is no such version, or no guest of it has come up */
export function versionOf(
  { name, record }: Golden,
  number: number | undefined,
  untested = false,
): GoldenVersion {
  const wanted = number ?? record.current;
  const version = record.versions.find((known) => known.number === wanted);
  if (wanted === undefined)
    throw new Error(
      `golden image ${name} has no version that has come up; make one with "gandi-host golden update"`,
    );
  if (version === undefined) throw new Error(`golden image ${name} has no version ${wanted}`);
  if (version.state !== 'ready' && !untested)
    throw new Error(`${name}@${wanted} is ${version.state}: no guest of it has come up`);
  return version;
}

/** Many more than are made on each other: a circle, which only an edit can make, ends. */
const LONGEST_CHAIN = 100;

/** An image below a guest's disk. */
export interface ChainImage {
  /** `NAME@V`. */
  name: string;
  version: GoldenVersion;
  path: string;
}

interface Step {
  golden: Golden;
  version: GoldenVersion;
}

/** The version that one was made of, as far as libvirt still knows of it: who undefined it left its disk. */
async function parentOf(
  { virsh }: Pick<HostContext, 'virsh'>,
  { parent }: GoldenVersion,
): Promise<Step | undefined> {
  if (parent === undefined) return undefined;
  const { name, number } = parseVersionName(parent);
  const golden = await ifThere(findGolden(virsh, name));
  const version = golden?.record.versions.find((known) => known.number === number);
  return golden === undefined || version === undefined ? undefined : { golden, version };
}

/**
 * The disk of a version, and those that it is an overlay of, the uppermost first.
 * @throws Error in one line if one of them is not as it was made, or gone
 */
export async function unchangedChain(
  context: Pick<HostContext, 'virsh'>,
  golden: Golden,
  version: GoldenVersion,
): Promise<ChainImage[]> {
  const chain: ChainImage[] = [];
  let next: Step | undefined = { golden, version };
  while (next !== undefined) {
    const { disk, number, stamp } = next.version;
    const name = `${next.golden.name}@${number}`;
    const volume = await findVolume(context.virsh, next.golden.record.pool, disk);
    if (volume === undefined) throw new Error(`${name}: its volume ${disk} is gone`);
    if (stamp !== undefined && stamp !== volume.stamp)
      throw new Error(
        `${name}: ${volume.path} was changed since it was made (${stamp}, now ${volume.stamp}); guests of it would break. "gandi-host golden rollback" goes to another version`,
      );
    chain.push({ name, version: next.version, path: volume.path });
    // A whole copy needs nothing of what it was made of.
    const isOverlay = volume.backing !== undefined;
    const parent: Step | undefined = isOverlay ? await parentOf(context, next.version) : undefined;
    next = chain.length < LONGEST_CHAIN ? parent : undefined;
  }
  return chain;
}

/**
 * The path of a version's disk.
 * @throws Error in one line if it, or an image below it, is not as it was made
 */
export async function checkUnchanged(
  context: Pick<HostContext, 'virsh'>,
  golden: Golden,
  version: GoldenVersion,
): Promise<string> {
  const [disk] = await unchangedChain(context, golden, version);
  return disk?.path ?? '';
}
