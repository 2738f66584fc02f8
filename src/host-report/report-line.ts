import { cleanJsonLine } from '../machine/runtime/clean-text.ts';

/**
 * Where a guest is: `bootstrap` is over when gandi-bootstrap is; `operator` is about the host's operator script, `seal` about the
 * making of an image; `ready` comes last, when all of ours is done that the boot waits for.
 */
export const STAGES = ['bootstrap', 'operator', 'seal', 'ready'] as const;
export type Stage = (typeof STAGES)[number];

export const STAGE_STATES = ['running', 'success', 'error'] as const;
export type StageState = (typeof STAGE_STATES)[number];

/** What the host is told. */
export interface HostReport {
  /** What the source calls this guest. */
  instance?: string | undefined;
  stage: Stage;
  state: StageState;
  /** What failed: step and line, or the end of what a script printed. */
  error?: string | undefined;
  /** The same with more lines, for a host that has room for them; it is not in the line. */
  detail?: string | undefined;
}

/** The version of the line's format: another one where a field is to mean something else. */
const VERSION = 1;

/** Bytes of the longest line with its end. XenStore takes 4096 with a path and its zero (xs_wire.h, XENSTORE_PAYLOAD_MAX). */
export const LINE_BYTES_LIMIT = 4000;
const INSTANCE_CHARACTERS = 128;

const lineOf = ({ instance, stage, state, error }: HostReport) =>
  `${cleanJsonLine({
    v: VERSION,
    instance: instance?.slice(0, INSTANCE_CHARACTERS) ?? null,
    stage,
    state,
    ...(error === undefined ? {} : { error }),
  })}\n`;

/**
 * A report as one line of JSON with its newline, as docs/report.md has it: UTF-8 without control characters, of at most
 * {@link LINE_BYTES_LIMIT} bytes. An error that is too long is cut at its end.
 */
export function reportLine(report: HostReport): string {
  let line = lineOf(report);
  let { error = '' } = report;
  for (let bytes = Buffer.byteLength(line); bytes > LINE_BYTES_LIMIT; bytes = Buffer.byteLength(line)) {
    // What is not plain takes up to twelve bytes a character: few rounds come close enough.
    error = error.slice(0, Math.min(error.length - 1, Math.floor((error.length * LINE_BYTES_LIMIT) / bytes)));
    line = lineOf({ ...report, error: `${error}…` });
  }
  return line;
}
