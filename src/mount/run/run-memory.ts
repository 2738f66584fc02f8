import { applyChange } from '../../machine/changes/apply.ts';
import { parseJsonObject } from '../../machine/changes/json-file.ts';
import type { Machine } from '../../machine/changes/machine.ts';
import type { Files } from '../../machine/files/files.ts';
import { RUNTIME_DIRECTORY } from '../../machine/files/paths.ts';
import { programFile } from '../../machine/files/program-file.ts';
import { seenState } from '../../machine/files/trace/seen-state.ts';
import { hasParts, isAbsentOr, isText } from '../../machine/formats/shape.ts';
import type { FstabEntry } from '../../machine/formats/text/fstab.ts';
import {
  lastParsedSettings,
  type ParsedSettings,
  readSettings,
  recallSettings,
  type Settings,
} from '../../machine/settings/settings.ts';
import { isParsedSettings } from '../../machine/settings/settings-shape.ts';
import {
  areAsSeen,
  isSeenMountUnits,
  type SeenMountUnits,
  seeMountUnits,
} from '../../machine/system/seen-mount-units.ts';
import { VERSION } from '../../terminal/version.ts';

/** For root alone, as all that is written in that directory. */
const FILE = `${RUNTIME_DIRECTORY}/gandi-mount-memory.json`;

interface Remembered {
  /** Which program understood the files so; another one may do so otherwise. */
  program: string;
  settings?: ParsedSettings;
  mountUnits?: SeenMountUnits;
}

const isRemembered = hasParts<Remembered>({
  program: isText,
  settings: isAbsentOr(isParsedSettings),
  mountUnits: isAbsentOr(isSeenMountUnits),
});

function thisProgram(): string {
  const { ino = 0, size = 0, ctimeMs = 0 } = seenState(programFile(), 'behind') ?? {};
  return `${VERSION} ${ino} ${size} ${ctimeMs}`;
}

/**
 * What a run has made of files, for the next run of this boot, as long as they are the same: to understand the settings and
 * to look through all directories of units is a tenth of the attach of a disk.
 */
export class RunMemory {
  readonly #remembered: Remembered;
  #isNew = false;

  constructor(private readonly files: Files) {
    const program = thisProgram();
    const kept = parseJsonObject(files.readText(FILE));
    this.#remembered = isRemembered(kept) && kept.program === program ? kept : { program };
  }

  /** The guest's settings. They are told by the file's whole text. */
  readSettings(): Settings {
    const before = this.#remembered.settings;
    if (before !== undefined) recallSettings(before);
    const settings = readSettings(this.files);
    const parsed = lastParsedSettings();
    if (parsed !== undefined && parsed !== before) {
      this.#remembered.settings = parsed;
      this.#isNew = true;
    }
    return settings;
  }

  /** What mount units name. They are told by inode, size and time of change of all that was read. */
  mountUnits(): readonly FstabEntry[] {
    const before = this.#remembered.mountUnits;
    if (before !== undefined && areAsSeen(this.files, before)) return before.entries;
    const { units, isSettled } = seeMountUnits(this.files);
    if (isSettled) this.#remembered.mountUnits = units;
    else delete this.#remembered.mountUnits;
    this.#isNew ||= isSettled || before !== undefined;
    return units.entries;
  }

  /**
   * Keeps what is new.
   * @throws the system's error if the file cannot be written
   */
  async store(machine: Machine): Promise<void> {
    if (!this.#isNew) return;
    const content = `${JSON.stringify(this.#remembered)}\n`;
    await applyChange({ kind: 'write-file', path: FILE, mode: 0o600, content, thisBootOnly: true }, machine);
    this.#isNew = false;
  }
}
