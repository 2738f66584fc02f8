import { posix } from 'node:path';
import type { BlockDevice } from '../../machine/devices/block-devices.ts';
import { readDiskRecords, readPathMemory, recordOf, storePathMemory } from '../../state/disk-records.ts';
import { isNew, noLongerNew } from '../../state/path-memory.ts';
import { type Attachment, afterMount } from '../attach/attach-disk.ts';
import { groupNumber, mountOptions, planGrow, planMount } from '../attach/attach-plan.ts';
import { checkIfNeeded } from '../checks/check-disk.ts';
import { diskStates } from '../disks/disk-state.ts';
import { copyOptions, findCopies } from '../mounts/copies.ts';
import { planUnmount } from '../mounts/detach-plan.ts';
import { findMount, unmountOnly } from '../mounts/own-mount.ts';
import { isPristine, readRoot } from '../mounts/root-directory.ts';
import { observeReleased, WORK_DIRECTORY } from '../mounts/work-mounts.ts';
import type { MountRun } from '../run/run.ts';
import { lookupStep } from '../run/steps.ts';

/** The disk that a key of the map stands for, if it is there and not mounted anywhere. */
async function find(run: MountRun, key: string): Promise<Attachment | undefined> {
  const { files } = run.machine;
  const records = readDiskRecords(files).filter(
    ({ state, mountPoint }) => state === 'on-demand' && posix.basename(mountPoint ?? '') === key,
  );
  if (records.length === 0) return undefined;
  const facts = await observeReleased(run);
  const device = facts.devices.find((one) => recordOf(records, one) !== undefined);
  if (device === undefined || facts.mountsOf.has(device.name)) return undefined;
  const states = diskStates(facts, records, run.diskRoot, run.settings);
  const verdict = states.find((state) => state.device === device)?.verdict;
  if (verdict?.kind !== 'data') return undefined;
  const { content } = verdict;
  const memory = readPathMemory(files);
  const mountPoint = `${WORK_DIRECTORY}/${key}`;
  const twins = findCopies(states, facts, memory).twins.get(device.name) ?? [];
  return { device, content, mountPoint, isNew: isNew(memory, content), twins };
}

/** Notes that a file system is new no more, if its root directory says so. */
async function noteUse(run: MountRun, { content, mountPoint }: Attachment): Promise<void> {
  const { machine } = run;
  const root = await readRoot(run, mountPoint);
  const memory = readPathMemory(machine.files);
  if (root !== undefined && !isPristine(root))
    await storePathMemory(machine, noLongerNew(memory, content.uuid));
}

/** Unmounts what was mounted for a moment. */
async function release(run: MountRun, device: BlockDevice, mountPoint: string): Promise<void> {
  const mount = findMount(run.machine.files, device, mountPoint);
  if (mount === undefined && !run.dryRun)
    throw new Error(`${device.node} is not what is mounted at ${mountPoint}: unmount that first`);
  if (mount !== undefined) await unmountOnly(run, mount, planUnmount(mountPoint));
}

/** What can only be done to a mounted file system is done before autofs mounts it. */
async function prepare(run: MountRun, attachment: Attachment): Promise<void> {
  const { device, content, mountPoint, twins = [] } = attachment;
  await checkIfNeeded(run, device, content);
  const grows = planGrow(device, content.type, mountPoint, content.fileSystemBytes).length > 0;
  if (!grows && !attachment.isNew) return;
  const more = copyOptions(content, twins);
  await run.perform(planMount(device, content, mountPoint, run.settings, run.machine.files, more));
  try {
    await afterMount(run, attachment);
    await noteUse(run, attachment);
  } finally {
    await release(run, device, mountPoint);
    await run.attempt([{ kind: 'remove-empty-directory', path: mountPoint }]);
  }
}

/**
 * Answers a lookup of autofs: prints the entry of the map (autofs(5)) for a key.
 * @returns false if the key is not a data disk's, or the disk is mounted already
 * @throws Error if its file system cannot be made ready
 */
export async function answerLookup(run: MountRun, key: string): Promise<boolean> {
  if (run.mode !== 'autofs') return false;
  return await run.step(lookupStep, () => answer(run, key));
}

async function answer(run: MountRun, key: string): Promise<boolean> {
  const attachment = await find(run, key);
  if (attachment === undefined) return false;
  await prepare(run, attachment);
  const { device, content, twins = [] } = attachment;
  const { files } = run.machine;
  const parameters = [run.settings.mountParameters, ...copyOptions(content, twins)].join(',');
  const group = groupNumber(run.settings.diskGroup, files.readText('/etc/group'));
  const options = mountOptions(parameters, content, device.readOnly, group, files);
  run.print(`-fstype=${content.type},${options} :${device.node}\n`);
  return true;
}
