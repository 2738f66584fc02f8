import { LATE_MARK } from '../machine/files/paths.ts';
import type {
  AptConfig,
  FileConfig,
  LocaleConfig,
  PackagesConfig,
  PowerStateConfig,
  TimeServerConfig,
} from '../metadata/guest-config.ts';
import { digestOf } from './applied.ts';

/** What the source asks for that gandi-postboot does, once for its content. */
export interface LateWork {
  files?: FileConfig[];
  apt?: AptConfig;
  packages?: PackagesConfig;
  locale?: LocaleConfig;
  timeServers?: TimeServerConfig;
  finalMessage?: string;
  powerState?: PowerStateConfig;
}

/** What the mark says once all of it is done. */
export const lateWorkMark = (work: LateWork): { path: string; content: string } => ({
  path: LATE_MARK,
  content: `${digestOf(work)}\n`,
});

/** What was left by our own program in a file of root's: anything else than an object is none. */
export const isLateWork = (value: unknown): value is LateWork =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0;
