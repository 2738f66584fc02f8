import type { BlockDevice } from '../../machine/devices/block-devices.ts';
import { NO_ANSWER } from '../../machine/devices/device-answers.ts';
import type { Signature } from '../../machine/formats/signatures/signature.ts';
import { mark } from '../../machine/runtime/marks.ts';
import { type DiskRecord, isAbout, readDiskRecords, storeDiskRecords } from '../../state/disk-records.ts';
import { chooseNames, isNew } from '../../state/path-memory.ts';
import type { NamedDisk } from '../../state/remembered-file-system.ts';
import { attachDisk, completeAttach, describeDevice, grow } from '../attach/attach-disk.ts';
import { demandNames, storeDemandNames } from '../attach/autofs-names.ts';
import { needsCheck } from '../checks/check-disk.ts';
import type { DiskChecks } from '../checks/checks.ts';
import type { DiskFacts } from '../disks/disk-facts.ts';
import { diskStates, isToBeServed, namedDisks, type Scope } from '../disks/disk-state.ts';
import type { DiskState } from '../disks/observed-disk.ts';
import { placesOf } from '../disks/places.ts';
import { type Copies, findCopies, whyNotBeside } from '../mounts/copies.ts';
import { writeUnits } from '../mounts/disk-units.ts';
import { ownMountOf } from '../mounts/own-mount.ts';
import { observeReleased } from '../mounts/work-mounts.ts';
import { DISK_HOOKS } from '../run/hook.ts';
import { nameForPeople, sinceNow } from '../run/progress.ts';
import type { MountRun } from '../run/run.ts';
import { PathNotes } from './path-notes.ts';
import { adopt, leaveAlone, toldAsCopy } from './served-records.ts';

/** Records are written so often at least, each at once where a hook runs: so many at once would be written so many times. */
const STORE_MILLISECONDS = 1000;

/** Whether a new record takes the place of an old one. The records of disks that are gone all stay. */
const replaces = (record: DiskRecord, old: DiskRecord) =>
  old.state !== 'gone' && old.name === record.name && old.sequence === record.sequence;

/** Makes the mounts follow the disks that are there, in one turn. */
export class DiskService {
  readonly touched: DiskRecord[] = [];
  #records: DiskRecord[];
  readonly #notes: PathNotes;
  readonly #hasHooks: boolean;
  #storedAt = performance.now();
  #isStored = true;

  constructor(
    private readonly run: MountRun,
    private readonly scope: Scope,
    private readonly checks: DiskChecks,
  ) {
    this.#records = checks.follow(readDiskRecords(run.machine.files), scope);
    this.#notes = new PathNotes(run);
    const { files } = run.machine;
    this.#hasHooks = DISK_HOOKS.some(
      (name) => files.status(`${run.settings.hookDirectory}/${name}`) !== undefined,
    );
  }

  /** @returns whether anything was done, so that it is worth looking again */
  async round(): Promise<boolean> {
    const before = this.touched.length;
    let facts = await observeReleased(this.run);
    // The places of those that are gone are free for those that came.
    if (await this.#gone(facts)) facts = await observeReleased(this.run);
    mark('disks observed');
    const states = diskStates(facts, this.#records, this.run.diskRoot, this.run.settings);
    mark('disks judged');
    for (const state of states) await this.#followMounted(state, facts);
    const names = chooseNames(namedDisks(states), this.#notes.memory, placesOf(this.run, facts));
    const copies = findCopies(states, facts, this.#notes.memory);
    const isCopy = ({ device }: DiskState) => Number(copies.originals.has(device.name));
    // Originals first: a copy may have to do without being mounted.
    const waiting = states
      .filter((state) => !this.#wasServed(state) && this.#isToBeServed(state))
      .sort((one, other) => isCopy(one) - isCopy(other));
    mark('names chosen');
    await this.#announce(waiting, names, states, copies);
    mark('disks announced');
    for (const state of waiting) {
      // To replay a journal may take long: people are to see meanwhile what became of the others.
      if (state.verdict.kind === 'data' && state.verdict.content.clean !== true) await this.#storeRecords();
      await this.#note(await this.#serve(state, names.get(state.device.name), copies));
    }
    mark('disks served');
    await this.#store(states, names, copies);
    mark('records stored');
    return this.touched.length > before;
  }

  /** Each attachment is served once in a run. */
  #wasServed({ device }: DiskState): boolean {
    return this.touched.some((record) => isAbout(record, device));
  }

  #isToBeServed(state: DiskState): boolean {
    const { device, record } = state;
    // What was ejected while it was checked stays unmounted.
    const isChecked = this.checks.outcomeOf(device) !== undefined;
    return isToBeServed(state, this.scope) && (!isChecked || record?.state === 'mounting');
  }

  #put(record: DiskRecord): void {
    this.touched.push(record);
    this.run.noteDisk(record);
    this.#isStored = false;
    this.#records = [...this.#records.filter((old) => !replaces(record, old)), record];
  }

  /**
   * At once where there are hooks: the run after one that is cut off is to run none again. What else it does again is no harm.
   */
  async #note(record: DiskRecord): Promise<void> {
    this.#put(record);
    if (this.#hasHooks || performance.now() - this.#storedAt >= STORE_MILLISECONDS)
      await this.#storeRecords();
  }

  async #storeRecords(): Promise<void> {
    if (this.run.dryRun || this.#isStored) return;
    await storeDiskRecords(this.run.machine, this.#records);
    this.#storedAt = performance.now();
    this.#isStored = true;
  }

  /** @returns whether anything was gone */
  async #gone(facts: DiskFacts): Promise<boolean> {
    const present = (record: DiskRecord) => facts.devices.some((device) => isAbout(record, device));
    const gone = this.#records.filter((record) => record.state !== 'gone' && !present(record));
    if (gone.length === 0) return false;
    const { handleGone, tellOthers } = await import('./gone.ts');
    for (const record of gone) await this.#note(await handleGone(this.run, record, facts));
    if (!this.run.dryRun) tellOthers(this.run, gone, facts);
    return true;
  }

  /**
   * Notes what is going to be mounted: a run that is cut off leaves no mount that nobody knows of. And that a file system
   * is new, which nothing shows any more once it is mounted.
   */
  async #announce(
    waiting: readonly DiskState[],
    names: ReadonlyMap<string, string>,
    states: readonly DiskState[],
    copies: Copies,
  ): Promise<void> {
    if (this.run.dryRun || this.run.mode !== 'udev') return;
    const begin = sinceNow(this.run);
    const announced = waiting.flatMap((state): DiskRecord[] => {
      const { device, verdict, mount, elsewhere } = state;
      const name = names.get(device.name);
      if (verdict.kind !== 'data' || mount || elsewhere || name === undefined) return [];
      const mountPoint = `${this.run.diskRoot}/${name}`;
      const described = describeDevice(this.run, device, verdict.content);
      return [{ ...described, ...begin, state: 'mounting', mountPoint }];
    });
    if (announced.length === 0) return;
    const isReplaced = (old: DiskRecord) => announced.some((record) => replaces(record, old));
    this.#records = [...this.#records.filter((old) => !isReplaced(old)), ...announced];
    await storeDiskRecords(this.run.machine, this.#records);
    const known = announced.flatMap(({ uuid, mountPoint }) =>
      uuid === undefined || mountPoint === undefined ? [] : [{ uuid, mountPoint }],
    );
    await writeUnits(this.run, known, this.#notes.memory);
    const before = this.#notes.memory;
    const isMeant = ({ state }: DiskRecord, disk: NamedDisk) => state === 'mounting' && isNew(before, disk);
    this.#notes.remember({ states, names, copies, records: this.#records }, isMeant);
    if (this.#notes.memory !== before) await this.#notes.store();
  }

  async #followMounted(state: DiskState, facts: DiskFacts): Promise<void> {
    const { device, record, mount } = state;
    if ((record?.state !== 'mounted' && record?.state !== 'on-demand') || this.#wasServed(state)) return;
    if (mount === undefined) {
      // What is asked for by its name is mounted again.
      const isAskedFor = typeof this.scope === 'object' && this.scope.device === device.name;
      if (record.state === 'on-demand' || isAskedFor) return;
      const why = 'it was unmounted by hand';
      this.run.tell('info', `${record.node}: ${why}; gandi-mount attach ${record.node} mounts it again`);
      const { mountPoint: _, ownMount: __, ...rest } = record;
      this.#put({ ...rest, state: 'ejected', why, since: this.run.now() });
      return;
    }
    const { id, mountPoint } = mount;
    // Somebody may have unmounted it and mounted it there again; what autofs mounts comes and goes.
    const isKnown = record.state === 'on-demand' || id === record.ownMount?.id;
    const now = isKnown ? record : { ...record, mountPoint, ownMount: ownMountOf(mount) };
    if (!isKnown) this.#put(now);
    if (device.size <= (record.deviceBytes ?? 0)) return;
    const { answers, machine } = this.run;
    if ((await answers.ask(machine.commands, [device])).length > 0) {
      this.run.tell('warning', `${device.node} has grown, and is left as it is: ${NO_ANSWER}`);
      return;
    }
    const content = facts.contentOf(device).find(({ type }) => type === record.type);
    const isGrown =
      content === undefined || (await grow(this.run, { device, content, mountPoint, isNew: false }));
    // One that could not be grown is tried again in the next run.
    this.#put(isGrown ? { ...now, deviceBytes: device.size } : now);
  }

  async #serve(state: DiskState, name: string | undefined, copies: Copies): Promise<DiskRecord> {
    const { device, verdict, mount, elsewhere } = state;
    if (verdict.kind !== 'data' || name === undefined) {
      return leaveAlone(this.run, state, verdict.kind === 'data' ? 'there is no name for it' : verdict.why);
    }
    const { content } = verdict;
    const ofContent = { device, content, isNew: isNew(this.#notes.memory, content) };
    if (mount !== undefined) {
      const { mountPoint } = mount;
      const wasCutOff = state.record?.state === 'mounting';
      if (wasCutOff) return await completeAttach(this.run, { ...ofContent, mountPoint });
      return await adopt(this.run, state, mount);
    }
    if (elsewhere !== undefined)
      return leaveAlone(this.run, state, `it is mounted at ${elsewhere.mountPoint}`);
    if (this.run.mode === 'off') return leaveAlone(this.run, state, 'mounting is turned off in the settings');
    const why = whyNotBeside(this.run.machine.files, state, copies, typeof this.scope === 'object');
    if (why !== undefined) return leaveAlone(this.run, state, why);
    const mountPoint = `${this.run.diskRoot}/${name}`;
    if (this.run.mode === 'autofs') {
      const { offer } = await import('./offer.ts');
      return toldAsCopy(this.run, offer(this.run, state, content, mountPoint), copies);
    }
    const check = this.checks.outcomeOf(device);
    const isDue = check === undefined && needsCheck(device, content) && !this.run.dryRun;
    if (isDue && !this.run.isClaimed(device.node)) return await this.#check(device, content, mountPoint);
    const twins = copies.twins.get(device.name) ?? [];
    const record = await attachDisk(this.run, { ...ofContent, mountPoint, twins, check });
    return toldAsCopy(this.run, record, copies);
  }

  /** Has a disk checked while others are served; it is mounted in a later turn. */
  async #check(device: BlockDevice, content: Signature, mountPoint: string): Promise<DiskRecord> {
    const { run, checks } = this;
    const isQueued = !run.leavesChecks && !checks.haveRoom;
    const record: DiskRecord = {
      ...describeDevice(run, device, content),
      ...sinceNow(run),
      state: 'checking',
      mountPoint,
      why: 'it was not unmounted in order',
      ...(isQueued ? { isQueued } : {}),
    };
    if (run.leavesChecks) return record;
    // Other runs go by it.
    this.#put(record);
    await this.#storeRecords();
    await checks.add(device, content);
    run.tell('info', `${nameForPeople(record)} was not unmounted in order: it is mounted once it is checked`);
    return record;
  }

  async #store(
    states: readonly DiskState[],
    names: ReadonlyMap<string, string>,
    copies: Copies,
  ): Promise<void> {
    if (this.run.dryRun) return;
    const { machine } = this.run;
    // Also of a copy that is left alone: it is not to have the path of the original once that is gone.
    const isMeant = ({ state, name }: DiskRecord) =>
      state === 'mounted' || state === 'on-demand' || copies.originals.has(name);
    this.#notes.remember({ states, names, copies, records: this.#records }, isMeant);
    await this.#notes.noteUse(this.touched);
    await storeDiskRecords(machine, this.#records);
    this.#isStored = true;
    await storeDemandNames(this.run, demandNames(this.#records));
    await this.#notes.store();
  }
}
