import { closeSync, constants, fstatSync, openSync, renameSync } from 'node:fs';
import { cleanJsonLine, cleanLine } from '../runtime/clean-text.ts';
import type { Environment } from '../runtime/environment.ts';
import { writeFully } from './write.ts';

export type Level = 'info' | 'warning' | 'problem';

/** Priorities of sd-daemon(3): the journal takes them from the start of a line. */
const JOURNAL_PRIORITY: Record<Level, string> = { info: '<6>', warning: '<4>', problem: '<3>' };

/**
 * One line for an admin, as it is written to standard error, which the service manager keeps.
 * @param environment tells whether the journal reads it (systemd.exec(5), JOURNAL_STREAM)
 */
export function lineForAdmin(program: string, level: Level, text: string, environment: Environment): string {
  const priority = environment.JOURNAL_STREAM === undefined ? '' : JOURNAL_PRIORITY[level];
  const mark = level === 'info' ? '' : `${level}: `;
  return `${priority}${program}: ${mark}${cleanLine(text)}\n`;
}

export interface LogRecord {
  level: Level;
  message: string;
  /** Further fields, such as the step's name. Never secret. */
  fields?: Record<string, unknown>;
}

/** Levels of pino; their numbers are 30, 40 and 50 (https://getpino.io/#/docs/api?id=loggerlevels-object). */
const METHOD: Record<Level, 'info' | 'warn' | 'error'> = { info: 'info', warning: 'warn', problem: 'error' };

/**
 * In bytes. logrotate(8) sees to it long before, by etc/logrotate.d/gandi-guest; this is for guests without it, in which
 * something fails at every boot for years.
 */
const LARGEST_LOG = 4 * 1024 * 1024;

/** Opens the log at its end. One that has grown too large makes room: it is kept as the only old one. */
function openLog(path: string): number {
  // A link at this path must not be followed.
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
  const open = () => openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o640);
  const descriptor = open();
  if (fstatSync(descriptor).size < LARGEST_LOG) return descriptor;
  closeSync(descriptor);
  renameSync(path, `${path}.1`);
  return open();
}

/**
 * Lines as pino has them. Its build for browsers makes objects alone; that for servers brings worker threads and a writer
 * of its own, and costs a start 20 million instructions where this one takes one. It is only loaded where there is
 * something to log.
 */
async function logLines(program: string, records: readonly LogRecord[], now: Date): Promise<string[]> {
  const { default: pino } = await import('pino/browser.js');
  const lines: string[] = [];
  const write = (line: object) => {
    const { level, time, ...rest } = line as Record<string, unknown>;
    lines.push(cleanJsonLine({ level, time, ...rest }));
  };
  const timestamp = () => now.toISOString();
  const logger = pino({ timestamp, browser: { write } });
  // In each line, where a child logger of its own would cost a quarter of all this.
  for (const { level, message, fields } of records) logger[METHOD[level]]({ program, ...fields }, message);
  return lines;
}

/**
 * Appends JSON lines to the log file.
 * @param program name that stands in each line
 * @param now the guest's clock
 * @param path the log; it is made readable for root only
 * @throws Error if the file cannot be opened or written, such as on a full disk
 */
export async function appendLog(
  program: string,
  records: readonly LogRecord[],
  now: Date,
  path: string,
): Promise<void> {
  if (records.length === 0) return;
  const lines = await logLines(program, records, now);
  const descriptor = openLog(path);
  try {
    writeFully(descriptor, Buffer.from(`${lines.join('\n')}\n`));
  } finally {
    closeSync(descriptor);
  }
}
