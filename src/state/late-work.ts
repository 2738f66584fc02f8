import { LATE_MARK } from '../machine/files/paths.ts';
import { hasParts, isAbsentOr, isListOf, isText } from '../machine/formats/shape.ts';
import type {
  AptConfig,
  FileConfig,
  LocaleConfig,
  PackagesConfig,
  PowerStateConfig,
  TimeServerConfig,
} from '../metadata/guest-config.ts';
import {
  isApt,
  isFile,
  isLocale,
  isPackages,
  isPowerState,
  isTimeServers,
} from '../metadata/stored/config-shape.ts';
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

const isLate = hasParts<LateWork>({
  files: isAbsentOr(isListOf(isFile)),
  apt: isAbsentOr(isApt),
  packages: isAbsentOr(isPackages),
  locale: isAbsentOr(isLocale),
  timeServers: isAbsentOr(isTimeServers),
  finalMessage: isAbsentOr(isText),
  powerState: isAbsentOr(isPowerState),
});

/** What was left by our own program in a file of root's; an object without parts is none. */
export const isLateWork = (value: unknown): value is LateWork =>
  isLate(value) && Object.keys(value).length > 0;
