import { NO_ANSWER } from '../../machine/devices/device-answers.ts';
import type { Mount } from '../../machine/formats/text/mounts.ts';
import { reasonOf } from '../../machine/runtime/errors.ts';
import { sleep } from '../../machine/runtime/sleep.ts';
import { type DiskRecord, readDiskRecords } from '../../state/disk-records.ts';
import { describeDevice } from '../attach/attach-disk.ts';
import { type DiskFacts, observeDisks } from '../disks/disk-facts.ts';
import { diskStates } from '../disks/disk-state.ts';
import type { DiskState } from '../disks/observed-disk.ts';
import { whoHolds } from '../holders/device-holders.ts';
import { planServices, runningOf, servicesInUse, servicesOf } from '../holders/services.ts';
import { describeUsers, findUsers, isUsed } from '../holders/users.ts';
import { planFlush, planRemoveMountPoint, planUnmount } from '../mounts/detach-plan.ts';
import { stopUnit } from '../mounts/disk-units.ts';
import { unmountOnly, whyOutOfReach } from '../mounts/own-mount.ts';
import { observeReleased } from '../mounts/work-mounts.ts';
import { notifyUsers, planDiskHook, runDiskHook } from '../run/hook.ts';
import type { MountRun } from '../run/run.ts';
import { keepPathsUnmounted, keepRecord, keepUnmounted, withoutPlace } from './ejected-records.ts';

export interface EjectOptions {
  /** End the processes that use it. */
  force: boolean;
  /** How long to wait for others to stop using it. */
  waitSeconds: number;
}

const POLL_MILLISECONDS = 500;

/** How long processes have to end before they are killed. */
const TERM_SECONDS = 5;

/** The disks that somebody means: by node, kernel name, label, mount point or the name of its directory. */
export function findNamed(states: readonly DiskState[], name: string): DiskState[] {
  const plain = name.replace(/(.)\/+$/, '$1');
  const by = (test: (state: DiskState) => boolean) => states.filter(test);
  // Where it is mounted, or would be on its first access.
  const place = ({ mount, record }: DiskState) => mount?.mountPoint ?? record?.mountPoint;
  const exact = by((state) => [state.device.node, state.device.name, place(state)].includes(plain));
  if (exact.length > 0) return exact;
  const directory = by((state) => place(state)?.endsWith(`/${plain}`) === true);
  if (directory.length > 0 && !plain.includes('/')) return directory;
  return by(({ verdict }) => verdict.kind === 'data' && verdict.content.label === name);
}

async function endProcesses(run: MountRun, mount: Mount, facts: DiskFacts): Promise<void> {
  const usersNow = async () => (await findUsers(run, mount, facts.mounts)).processes;
  for (const signal of ['TERM', 'KILL']) {
    const processes = await usersNow();
    if (processes.length === 0) return;
    run.tell('warning', `ending ${describeUsers({ processes, mounts: [], kernel: [] })}`);
    await run.attempt([
      {
        kind: 'run-command',
        argv: ['kill', '-s', signal, '--', ...processes.map(({ pid }) => String(pid))],
        timeoutSeconds: 10,
        thisBootOnly: true,
        why: 'they use the disk, and --force was given',
      },
    ]);
    if (run.dryRun) return;
    const deadline = performance.now() + TERM_SECONDS * 1000;
    while ((await usersNow()).length > 0 && performance.now() < deadline) await sleep(POLL_MILLISECONDS);
  }
}

/** One try. @returns why it stays mounted; undefined if it does not */
async function tryUnmount(
  run: MountRun,
  { mount, device }: MountedDisk,
  force: boolean,
): Promise<string | undefined> {
  const { files } = run.machine;
  const facts = observeDisks(files, run.diskRoot, run.answers, () => run.memory.mountUnits());
  const covered = whyOutOfReach(mount, facts.mounts);
  if (covered !== undefined) return `${covered}: unmount that first`;
  if (force) await endProcesses(run, mount, facts);
  const users = await findUsers(run, mount, facts.mounts);
  if (isUsed(users) && !run.dryRun) return `it is in use by ${describeUsers(users)}`;
  try {
    await run.perform(planFlush(mount.mountPoint, device.name));
    await unmountOnly(run, mount, planUnmount(mount.mountPoint, undefined, device.name));
  } catch (error) {
    const now = await findUsers(run, mount, facts.mounts);
    return isUsed(now) ? `it is in use by ${describeUsers(now)}` : reasonOf(error);
  }
  return undefined;
}

/** Tries to unmount until it succeeds or the time is up. @returns why it stays mounted; undefined if it does not */
async function unmount(run: MountRun, disk: MountedDisk, options: EjectOptions): Promise<string | undefined> {
  const deadline = performance.now() + options.waitSeconds * 1000;
  for (;;) {
    const refused = await tryUnmount(run, disk, options.force);
    if (refused === undefined || performance.now() >= deadline) return refused;
    await sleep(POLL_MILLISECONDS);
  }
}

/** A disk that is mounted at its place. */
export type MountedDisk = DiskState & { mount: Mount };

export const isMounted = (state: DiskState): state is MountedDisk => state.mount !== undefined;

/**
 * Why unmounting would be refused whatever is done before it: somebody uses the disk, and there is no hook that may
 * know how to end that. Undefined where it is worth trying.
 */
export async function whyInVain(
  run: MountRun,
  { device, mount }: MountedDisk,
  facts: DiskFacts,
): Promise<string | undefined> {
  const users = await findUsers(run, mount, facts.mounts, servicesOf(run, mount.mountPoint));
  const hook = planDiskHook(run, 'pre-disk-detach', device.node, mount.mountPoint);
  return hook.changes.length === 0 && isUsed(users) ? `it is in use by ${describeUsers(users)}` : undefined;
}

/**
 * Ejects one mounted disk: hook, services, flush, unmount.
 * @returns the record of the disk afterwards, with the reason if it is still mounted, or who has it although it is not
 */
async function ejectMounted(
  run: MountRun,
  state: MountedDisk,
  facts: DiskFacts,
  options: EjectOptions,
): Promise<{ record: DiskRecord; refused?: string; heldBy?: string }> {
  const { device, mount, verdict } = state;
  const { mountPoint } = mount;
  const content = verdict.kind === 'data' ? verdict.content : undefined;
  const isOurs = state.record?.state === 'mounted' || state.record?.state === 'on-demand';
  const record: DiskRecord =
    isOurs && state.record !== undefined
      ? state.record
      : { ...describeDevice(run, device, content), state: 'mounted', mountPoint };
  // Nothing is asked of what is over it, such as a user's FUSE: it may hang, and would be taken for the disk.
  const covered = whyOutOfReach(mount, facts.mounts);
  if (covered !== undefined) return { record, refused: `${covered}: unmount that first` };
  // Nor of a disk that does not answer: whoever waits for that waits for ever, and every later run for this one.
  const silent = await run.answers.ask(run.machine.commands, [device]);
  if (silent.length > 0)
    return { record, refused: `${NO_ANSWER}; have the host look after it, or detach it` };
  const inVain = options.force || options.waitSeconds > 0 ? undefined : await whyInVain(run, state, facts);
  if (inVain !== undefined) return { record, refused: inVain };
  const deadline = performance.now() + options.waitSeconds * 1000;
  const services = servicesOf(run, mountPoint);
  const hook = planDiskHook(run, 'pre-disk-detach', device.node, mountPoint);
  // A hook that ran before a detach that was refused runs again only if somebody still uses the disk.
  const hookIsDue =
    record.detachHookRan !== true || isUsed(await findUsers(run, mount, facts.mounts, services));
  const served = hookIsDue ? await runDiskHook(run, hook, record) : record;
  const running = await runningOf(run, await servicesInUse(run, mount, services));
  await run.attempt(planServices(running, 'stop'));
  const refused = await unmount(run, state, options);
  if (refused !== undefined) {
    await run.attempt(planServices(running, 'start'));
    return { record: { ...served, detachHookRan: hook.changes.length > 0 }, refused };
  }
  await stopUnit(run, mountPoint);
  const { detachHookRan: _, ownMount: __, ...rest } = served;
  const since = run.now();
  const why = `it was ejected from ${mountPoint}`;
  const secondsLeft = Math.max(0, (deadline - performance.now()) / 1000);
  const heldBy = run.dryRun ? undefined : await whoHolds(run, device, facts, secondsLeft);
  if (heldBy !== undefined) {
    // The directory stays: to remove it takes away what others have mounted there (detach_mounts() in fs/namespace.c).
    const held = `${why}, and is still in use by ${heldBy}`;
    return { record: { ...rest, state: 'ejected', why: held, since }, heldBy };
  }
  await run.attempt(planRemoveMountPoint(mountPoint, run.mode));
  return { record: { ...withoutPlace(rest), state: 'ejected', why, since } };
}

const LOST = 'what is written until it is let go is lost if it is detached now';

/** Other partitions of the same disk that are mounted still. */
function alsoMounted(state: DiskState, facts: DiskFacts): string[] {
  const disk = state.device.partition?.disk ?? state.device.name;
  return facts.devices
    .filter(({ name, partition }) => name !== state.device.name && (partition?.disk ?? name) === disk)
    .flatMap(({ name }) => facts.mountsOf.get(name) ?? [])
    .map(({ mountPoint }) => mountPoint);
}

/** @see ejectDisk */
interface Ejection {
  outcome: 'safe' | 'refused' | 'held' | 'unknown';
  text: string;
}

/** Has disks that are not mounted stay so, and says whether they can be detached. */
async function ejectUnmounted(
  run: MountRun,
  named: readonly DiskState[],
  states: readonly DiskState[],
  facts: DiskFacts,
  waitSeconds: number,
): Promise<Ejection> {
  for (const { device, elsewhere } of named) {
    if (elsewhere === undefined) continue;
    const text = `${device.node} is mounted at ${elsewhere.mountPoint} by somebody else`;
    return { outcome: 'refused', text };
  }
  for (const one of named) {
    await keepUnmounted(run, one);
    await keepPathsUnmounted(run, one, states);
  }
  for (const { device } of named) {
    const heldBy = await whoHolds(run, device, facts, waitSeconds);
    if (heldBy === undefined) continue;
    return { outcome: 'held', text: `${device.node} is not mounted, but in use by ${heldBy}; ${LOST}` };
  }
  for (const { record } of named) {
    // Of one that somebody had when it was ejected.
    if (record?.state !== 'ejected' || record.mountPoint === undefined) continue;
    await run.attempt(planRemoveMountPoint(record.mountPoint, run.mode));
    await keepRecord(run, withoutPlace(record));
  }
  const nodes = named.map(({ device }) => device.node).join(', ');
  const text = `${nodes} ${named.length > 1 ? 'are not mounted: they' : 'is not mounted: it'} can be detached`;
  return { outcome: 'safe', text };
}

/**
 * Unmounts a disk because somebody asked, and says whether it can be detached.
 * @param name label, device, or mount point
 * @returns one of: `safe`; `refused`, it stays mounted; `held`, it is unmounted, and somebody else has it still; `unknown`,
 *   no such disk; with the reason for people
 */
export async function ejectDisk(run: MountRun, name: string, options: EjectOptions): Promise<Ejection> {
  const facts = await observeReleased(run);
  const records = readDiskRecords(run.machine.files);
  const states = diskStates(facts, records, run.diskRoot, run.settings);
  const ours = states.filter(({ verdict }) => verdict.kind === 'data');
  const named = findNamed(ours, name);
  const mounted = named.filter(isMounted);
  if (named.length === 0) {
    const [other] = findNamed(states, name);
    const why =
      other?.verdict.kind === 'left-alone'
        ? `: ${other.device.node} is left alone, ${other.verdict.why}`
        : '';
    return { outcome: 'unknown', text: `there is no data disk ${JSON.stringify(name)}${why}` };
  }
  if (mounted.length > 1) {
    const places = mounted.map(({ mount }) => mount.mountPoint).join(', ');
    return { outcome: 'refused', text: `several disks have the label ${name}: name one of ${places}` };
  }
  const [state] = mounted;
  if (state === undefined) return await ejectUnmounted(run, named, states, facts, options.waitSeconds);
  const { node } = state.device;
  const { mountPoint } = state.mount;
  const { record, refused, heldBy } = await ejectMounted(run, state, facts, options);
  await keepRecord(run, record);
  if (refused === undefined) await keepPathsUnmounted(run, state, states);
  if (refused !== undefined) {
    return { outcome: 'refused', text: `${node} stays mounted at ${mountPoint}: ${refused}` };
  }
  if (heldBy !== undefined) {
    const text = `${node} was unmounted from ${mountPoint}, and is still in use by ${heldBy}; ${LOST}`;
    return { outcome: 'held', text };
  }
  const left = alsoMounted(state, facts);
  const text =
    left.length === 0
      ? `${node} was unmounted from ${mountPoint}: it can be detached`
      : `${node} was unmounted from ${mountPoint}; its disk is still mounted at ${left.join(', ')}`;
  if (!run.dryRun) await run.attempt(notifyUsers(run.settings, text));
  return { outcome: 'safe', text };
}
