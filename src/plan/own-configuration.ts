import type { HostConfiguration } from '../metadata/guest-config.ts';

/** For programs whose steps need nothing of the host's: it is not read, and its problems are not told again. */
export function ownConfiguration(origin: string): HostConfiguration {
  return {
    state: 'kept',
    origin,
    parsed: { config: {}, problems: [], refused: [], origins: [] },
  };
}
