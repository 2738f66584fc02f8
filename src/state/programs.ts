import { METADATA_ORDER, POST_BOOT_BACKGROUND_ORDER, POST_BOOT_ORDER } from '../machine/files/paths.ts';

export type ProgramName =
  | 'gandi-bootstrap'
  | 'gandi-mount'
  | 'gandi-config'
  | 'gandi-postboot'
  | 'gandi-guest'
  | 'mdata-get'
  | 'mdata-put'
  | 'mdata-list'
  | 'mdata-delete';

/**
 * What gandi-bootstrap is called in messages and reports where it asks a service of the network: its unit has that name. That
 * of the boot is gandi-bootstrap's.
 */
export const METADATA_PROGRAM = 'gandi-metadata';

/** A unit that a boot starts. */
export interface ProgramUnit {
  name: string;
  /** File without which it does not start. */
  order?: string;
}

/** What the rest of the toolkit knows of a program. */
export interface ProgramEntry {
  name: ProgramName;
  /** Units that start it at a boot; the first is named after it. */
  units: readonly ProgramUnit[];
  /**
   * When it leaves a report (report.ts): at each boot, also where its unit is turned off that is missed; at boots that
   * start it, which is missed where the unit would; when it runs, which is not missed; never.
   */
  report: 'at each boot' | 'at boots that start it' | 'when it runs' | 'never';
}

/**
 * The programs of the toolkit, in the order of a boot. What starts them (src/main.ts) and what documents them
 * (packaging/documentation/programs.ts) have an entry for each name, or do not compile.
 */
export const PROGRAMS: readonly ProgramEntry[] = [
  {
    name: 'gandi-bootstrap',
    units: [
      { name: 'gandi-bootstrap.service' },
      { name: `${METADATA_PROGRAM}.service`, order: METADATA_ORDER },
    ],
    report: 'at each boot',
  },
  { name: 'gandi-mount', units: [{ name: 'gandi-mount.service' }], report: 'when it runs' },
  { name: 'gandi-config', units: [{ name: 'gandi-config.service' }], report: 'at boots that start it' },
  {
    name: 'gandi-postboot',
    units: [
      { name: 'gandi-postboot.service', order: POST_BOOT_ORDER },
      { name: 'gandi-postboot-background.service', order: POST_BOOT_BACKGROUND_ORDER },
    ],
    report: 'at boots that start it',
  },
  { name: 'gandi-guest', units: [], report: 'never' },
  { name: 'mdata-get', units: [], report: 'never' },
  { name: 'mdata-put', units: [], report: 'never' },
  { name: 'mdata-list', units: [], report: 'never' },
  { name: 'mdata-delete', units: [], report: 'never' },
];
