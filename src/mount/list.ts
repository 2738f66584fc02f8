import type { FileView } from '../machine/files/files.ts';
import { cleanJson } from '../machine/runtime/clean-text.ts';
import { readDiskRecords, readPathMemory } from '../state/disk-records.ts';
import { type DiskRow, renderDisks } from '../terminal/disk-table.ts';
import { diskStates } from './disks/disk-state.ts';
import { observe } from './disks/observe.ts';
import type { DiskState } from './disks/observed-disk.ts';
import { progressOf, progressWords } from './run/progress.ts';
import type { MountRun } from './run/run.ts';

function presentRow(files: FileView, { device, verdict, mount, elsewhere, record }: DiskState): DiskRow {
  const { type, uuid, label } = verdict.kind === 'data' ? verdict.content : (record ?? {});
  const mountPoint = mount?.mountPoint ?? elsewhere?.mountPoint ?? record?.mountPoint;
  const state = mount === undefined ? record?.state : 'mounted';
  const reason = verdict.kind === 'data' ? record?.why : verdict.why;
  const progress = mount === undefined && record !== undefined ? progressOf(files, record) : undefined;
  const words = progress === undefined ? undefined : progressWords(progress);
  const told = [reason, words && `its ${words.what} ${words.how}`].filter((text) => text !== undefined);
  const why = told.length === 0 ? undefined : told.join('; ');
  const since = record?.since;
  const fields = Object.entries({ type, uuid, label, mountPoint, why, since, progress });
  return {
    device: device.node,
    present: true,
    bytes: device.size,
    state: state ?? (verdict.kind === 'data' ? 'not-mounted' : verdict.kind),
    ...Object.fromEntries(fields.filter(([, value]) => value !== undefined)),
  };
}

/** Disks that are there, then those that were: of this boot, and file systems of earlier boots. */
async function rows(run: MountRun, files: FileView): Promise<DiskRow[]> {
  const records = readDiskRecords(files);
  const facts = await observe(run);
  const states = diskStates(facts, records, run.diskRoot, run.settings);
  const present = states
    .filter(({ device }) => device.kind === 'disk' || device.kind === 'partition')
    .map((state) => presentRow(files, state));
  const gone = records
    .filter(({ state }) => state === 'gone')
    .map(
      ({ node, name: _, deviceNumber: __, ...record }): DiskRow => ({
        device: node,
        present: false,
        ...record,
      }),
    );
  const known = new Set([...present, ...gone].map(({ uuid }) => uuid));
  const earlier = readPathMemory(files)
    .filter(({ uuid }) => !known.has(uuid))
    .map(
      ({ name, ...fileSystem }): DiskRow => ({
        ...fileSystem,
        present: false,
        state: 'not-attached',
        mountPoint: `${run.diskRoot}/${name}`,
        why: 'it was mounted there at an earlier boot',
      }),
    );
  return [...present, ...gone, ...earlier];
}

/** Prints present and past disks, what became of them, and why one is left alone. */
export async function listDisks(run: MountRun, json: boolean): Promise<void> {
  const disks = await rows(run, run.machine.files);
  if (json) run.print(cleanJson({ disks }));
  else run.print(renderDisks(disks));
}
