import type { FileView } from '../machine/files/files.ts';
import type { Problem } from './guest-config.ts';
import type { Source } from './source.ts';
import { SOURCES } from './sources.ts';

/** A word of the kernel command line, as an admin types it at the boot prompt: `gandi.source=nocloud`, in quotes or not. */
const WORD = /(?:^|\s)"?gandi\.source="?([^\s"]+)/g;

/** Which sources count. */
export interface AllowedSources {
  allowed: readonly Source[];
  /** They were named, by the admin: what they say need not come from a place that is the host's alone. */
  isAsked: boolean;
  /** What names them: the setting, or the word at the boot prompt. Absent: nothing does. */
  namedBy?: string;
  problems: Problem[];
}

/**
 * Which sources count: those that CONFIG_SOURCES names, else those of the kernel command line, else all.
 * @param setting the names in CONFIG_SOURCES
 * @param files of the running system; absent for an unpacked image
 * @param known every source there is
 */
export function allowedSources(
  setting: readonly string[],
  files: Pick<FileView, 'readText'> | undefined,
  known: readonly Source[] = SOURCES,
): AllowedSources {
  const [, word] = [...(files?.readText('/proc/cmdline') ?? '').matchAll(WORD)].at(-1) ?? [];
  const isSet = setting.join() !== 'all';
  const names = isSet || word === undefined ? setting : word.toLowerCase().split(',');
  if (names.join() === 'all') return { allowed: known, isAsked: false, problems: [] };
  const namedBy = isSet ? 'CONFIG_SOURCES' : 'gandi.source on the kernel command line';
  if (names.join() === 'none') return { allowed: [], isAsked: true, namedBy, problems: [] };
  const unknown = names.filter((name) => known.every((source) => source.name !== name));
  return {
    allowed: known.filter(({ name }) => names.includes(name)),
    isAsked: true,
    namedBy,
    problems: unknown.map((name) => ({
      group: 'source',
      path: namedBy,
      found: `no source of the name ${name}`,
      expected: `some of ${known.map((source) => source.name).join(', ')}`,
    })),
  };
}

/**
 * Services of the network that may be asked: those that an admin names, else those whose host this is by its firmware.
 * @param files of the running system
 */
export function networkSources(
  { allowed, isAsked }: Pick<AllowedSources, 'allowed' | 'isAsked'>,
  files: Pick<FileView, 'readText'>,
): Source[] {
  return allowed.filter(
    ({ needs, isMatched }) => needs === 'network' && (isAsked || isMatched?.(files) === true),
  );
}
