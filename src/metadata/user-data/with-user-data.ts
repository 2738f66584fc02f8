import type { ParsedConfig } from '../guest-config.ts';
import { parseUserData } from './user-data.ts';

/** What a source brings besides its own fields. */
export interface UserData {
  /** The customer's. */
  userData?: Uint8Array;
  /** The host's own, each by itself; the customer's counts before it. */
  vendorData?: readonly Uint8Array[];
  /** What the source calls this guest. */
  instanceId?: string;
}

/**
 * Adds to what a source says in its own fields what its user-data and vendor-data say. What user-data say counts before
 * vendor-data, and both before the source's fields; keys without a user's name are the default user's, with those that the
 * source names.
 */
export async function withUserData(parsed: ParsedConfig, data: UserData): Promise<ParsedConfig> {
  const vendor = (data.vendorData ?? []).map((bytes, index) =>
    parseUserData(bytes, index === 0 ? 'vendor-data' : `vendor-data-${index + 1}`),
  );
  const parts = [...vendor, parseUserData(data.userData, 'user-data')];
  const scripts = [...(parsed.config.scripts ?? []), ...parts.flatMap(({ script }) => script ?? [])];
  return {
    config: { ...parsed.config, ...(scripts.length === 0 ? {} : { scripts }) },
    problems: [...parsed.problems, ...parts.flatMap(({ problems }) => problems)],
    refused: parsed.refused,
    origins: [...parsed.origins, ...parts.flatMap(({ origins }) => origins)],
  };
}
