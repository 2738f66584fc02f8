import { parseJsonObject, storeJson } from '../../machine/changes/json-file.ts';
import type { Machine } from '../../machine/changes/machine.ts';
import type { FileView } from '../../machine/files/files.ts';
import { SOURCE_FILE, STATE_DIRECTORY } from '../../machine/files/paths.ts';
import { hasParts, isAbsentOr, isListOf, isText, isTexts } from '../../machine/formats/shape.ts';
import type { Group, GuestConfig, HostConfiguration, Origin, Problem } from '../guest-config.ts';
import { isGuestConfig, isOrigin } from './config-shape.ts';
import { isProblem } from './problem-shape.ts';

/** A file of another layout says nothing: the source is asked again, and what it says is new. */
const LAYOUT = 1;

/** What was learned of a source, in its normal form. */
export interface StoredConfiguration {
  /** Name of the source. */
  source: string;
  /** Where it was found; later it is to be there. */
  attachment: string;
  /** Where it was found, for people. */
  origin: string;
  instanceId?: string;
  /** SHA-256 of what was parsed, where the source keeps that itself, or is asked at each boot. */
  digest?: string;
  config: GuestConfig;
  refused: readonly Group[];
  problems: Problem[];
  origins: readonly Origin[];
}

const isStored = hasParts<Omit<StoredConfiguration, 'origin'> & { layout: number; origin?: string }>({
  layout: (layout) => layout === LAYOUT,
  source: isText,
  attachment: isText,
  origin: isAbsentOr(isText),
  instanceId: isAbsentOr(isText),
  digest: isAbsentOr(isText),
  config: isGuestConfig,
  refused: isTexts,
  problems: isListOf(isProblem),
  origins: isListOf(isOrigin),
});

/**
 * Reads what an earlier boot learned.
 * @returns undefined where nothing was, or the file is damaged: then the source counts as new
 */
export function readStored(files: Pick<FileView, 'readText'>): StoredConfiguration | undefined {
  const value = parseJsonObject(files.readText(SOURCE_FILE));
  if (!isStored(value)) return undefined;
  const { layout: _, ...stored } = value;
  return { ...stored, origin: stored.origin ?? stored.source };
}

/** What was learned, as a configuration that counts. */
export function fromStored({
  source,
  origin,
  instanceId,
  config,
  refused,
  problems,
  origins,
}: StoredConfiguration): HostConfiguration {
  return {
    state: 'kept',
    source,
    ...(instanceId === undefined ? {} : { instanceId }),
    origin: `what ${origin} said at an earlier boot`,
    parsed: { config, problems, refused, origins: [...origins] },
  };
}

/**
 * Keeps what a source says, for later boots, for interfaces that come, and for people. Nothing is written where it says
 * the same as before.
 * @throws Error if it cannot be written; what was kept before is there then
 */
export async function storeConfiguration(machine: Machine, stored: StoredConfiguration): Promise<void> {
  await storeJson(
    machine,
    STATE_DIRECTORY,
    { path: SOURCE_FILE, mode: 0o600 },
    { layout: LAYOUT, ...stored },
  );
}
