import { parseJsonObject, storeJson } from '../machine/changes/json-file.ts';
import type { Machine } from '../machine/changes/machine.ts';
import type { FileView } from '../machine/files/files.ts';
import { SOURCE_FILE, STATE_DIRECTORY } from '../machine/files/paths.ts';
import type { Group, GuestConfig, HostConfiguration, Origin, Problem } from './guest-config.ts';

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

/** A list of objects. */
const isList = (value: unknown): value is unknown[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'object' && item !== null);

/** Whether its parts have the types on which all steps rely: half a configuration is none. */
function isConfig(config: object): config is GuestConfig {
  const { hostName, interfaces, users, scripts, files, mounts } = config as Record<string, unknown>;
  const isName = hostName === undefined || typeof hostName === 'string';
  return (
    isName && [interfaces, users, scripts, files, mounts].every((part) => part === undefined || isList(part))
  );
}

/**
 * Reads what an earlier boot learned.
 * @returns undefined where nothing was, or the file is damaged: then the source counts as new
 */
export function readStored(files: Pick<FileView, 'readText'>): StoredConfiguration | undefined {
  const { layout, source, attachment, origin, instanceId, digest, config, refused, problems, origins } =
    parseJsonObject(files.readText(SOURCE_FILE)) ?? {};
  if (layout !== LAYOUT || typeof source !== 'string' || typeof attachment !== 'string') return undefined;
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return undefined;
  if (!isConfig(config) || !Array.isArray(refused) || !isList(problems) || !isList(origins)) return undefined;
  return {
    source,
    attachment,
    origin: typeof origin === 'string' ? origin : source,
    ...(typeof instanceId === 'string' ? { instanceId } : {}),
    ...(typeof digest === 'string' ? { digest } : {}),
    // Ours alone can write it (0600, in a directory of root's), and writes it whole.
    config,
    refused: refused as Group[],
    problems: problems as Problem[],
    origins: origins as Origin[],
  };
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
