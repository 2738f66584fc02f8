import type { FileView } from '../machine/files/files.ts';
import { POST_BOOT_BACKGROUND_ORDER, POST_BOOT_ORDER, POST_BOOT_STARTED } from '../machine/files/paths.ts';
import { type LateWork, lateWorkMark } from '../state/late-work.ts';
import {
  type PostBootOrder,
  parsePostBootOrder,
  parseStartedMarks,
  type StartedMarks,
} from '../state/post-boot-order.ts';
import { hasRun } from '../state/source-scripts.ts';

type CustomerWork = 'script' | 'command' | 'scripts';

export interface OpenOrder extends PostBootOrder {
  /** What was started so far, of whatever configuration. */
  marks: StartedMarks;
  /** What of the customer's is run before all else of this order; undefined where packages or the like come before. */
  first?: CustomerWork;
}

/** By its text what it says: each step asks for the order, and to parse it is most of what that costs. */
let known: { text: string | undefined; order: PostBootOrder | undefined } = {
  text: undefined,
  order: undefined,
};

function orderIn(files: FileView): PostBootOrder | undefined {
  const text = files.readText(POST_BOOT_ORDER) ?? files.readText(POST_BOOT_BACKGROUND_ORDER);
  if (text !== known.text) known = { text, order: parsePostBootOrder(text) };
  return known.order;
}

/** Nothing that this program has run before it can have begun to shut the guest down. */
function firstWork(
  { script, command, late }: PostBootOrder,
  hasRunScripts: boolean,
): CustomerWork | undefined {
  if (late !== undefined) return undefined;
  if (script !== undefined) return 'script';
  if (command !== undefined) return 'command';
  return hasRunScripts ? undefined : 'scripts';
}

/** What gandi-bootstrap left to do at this boot, without what was started since; undefined if it left nothing. */
export function readOrder(files: FileView): OpenOrder | undefined {
  const order = orderIn(files);
  if (order === undefined) return undefined;
  const { script, command, scripts = [], late, ...rest } = order;
  const due = scripts.filter((script) => !hasRun(files, script));
  const marks = parseStartedMarks(files.readText(POST_BOOT_STARTED));
  const first = firstWork(order, due.length < scripts.length);
  return {
    ...rest,
    ...(script !== undefined && marks.script !== order.digest ? { script } : {}),
    ...(command !== undefined && marks.command !== order.digest ? { command } : {}),
    ...(due.length > 0 ? { scripts: due } : {}),
    ...(late === undefined || isDone(files, late) ? {} : { late }),
    marks,
    ...(first === undefined ? {} : { first }),
  };
}

function isDone(files: FileView, late: LateWork): boolean {
  const { path, content } = lateWorkMark(late);
  return files.readText(path) === content;
}

/** Whether something of the customer's is to be run. */
export function hasCustomerWork(order: OpenOrder | undefined): boolean {
  const { script, command, scripts = [], late } = order ?? {};
  return script !== undefined || command !== undefined || scripts.length > 0 || late !== undefined;
}
