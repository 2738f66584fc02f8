import {
  hasParts,
  isAbsentOr,
  isListOf,
  isNumeric,
  isOneOf,
  isText,
  isTexts,
  isTrue,
} from '../machine/formats/shape.ts';
import type { LookedAt } from '../metadata/guest-config.ts';
import { isProblem } from '../metadata/stored/problem-shape.ts';
import type { Note } from './note.ts';
import type { PartReport, Report, SlowChange, StepReport } from './report.ts';

const isStatus = isOneOf('unchanged', 'changed', 'failed', 'off', 'skipped');

const isStep = hasParts<StepReport>({
  name: isText,
  status: isStatus,
  changes: isTexts,
  notes: isListOf(hasParts<Note>({ level: isOneOf('info', 'warning', 'problem'), text: isText })),
  parts: isAbsentOr(isListOf(hasParts<PartReport>({ name: isText, status: isStatus, text: isText }))),
  output: isAbsentOr(isText),
  slowChanges: isAbsentOr(
    isListOf(hasParts<SlowChange>({ change: isText, durationMilliseconds: isNumeric })),
  ),
  durationMilliseconds: isNumeric,
});

/** What only people are told, which another version may have left out. */
const text = isAbsentOr(isText);

/** A report in a file; one of packaging/steady.sh's lacks the time, and one of no boot that is known its id. */
export const isStoredReport = hasParts<
  Omit<Report, 'startedAt' | 'bootId'> & Partial<Pick<Report, 'startedAt' | 'bootId'>>
>({
  program: text,
  version: text,
  startedAt: isAbsentOr(isText),
  bootId: text,
  status: isOneOf('configured', 'unchanged', 'failed', 'nothing-found'),
  steady: isAbsentOr(isTrue),
  source: text,
  sources: isAbsentOr(isListOf(hasParts<LookedAt>({ source: isText, outcome: isText }))),
  problems: isListOf(isProblem),
  steps: isListOf(isStep),
});
