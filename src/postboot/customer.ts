import type { Change } from '../machine/changes/change.ts';
import { HOST_INIT, HOST_SCRIPT, POST_BOOT_LOG, POST_BOOT_STARTED } from '../machine/files/paths.ts';
import type { Plan, Step, StepContext } from '../plan/step.ts';
import { type PostBootOrder, renderStartedMarks } from '../state/post-boot-order.ts';
import { hasCustomerWork, readOrder } from './order.ts';

type Part = 'script' | 'command';

/** Enough of the digest to tell units of two configurations apart. */
const DIGEST_CHARACTERS = 8;

const WHAT: Record<Part, string> = { script: HOST_SCRIPT, command: "the host's command" };

/**
 * Runs the text of standard input as `sh -c TEXT` does, its standard input empty. On one line, so that the shell's messages
 * have the lines of the text.
 */
const RUN_INPUT: [string, ...string[]] = ['/bin/sh', '-c', 'eval "exec < /dev/null; $(cat)"'];

/** The command may have secrets in it: it is in no command line, which every user can read. */
function programOf(
  order: PostBootOrder,
  part: Part,
): { argv: [string, ...string[]]; input?: string } | undefined {
  if (part === 'script') return order.script === undefined ? undefined : { argv: order.script };
  return order.command === undefined ? undefined : { argv: RUN_INPUT, input: order.command };
}

function planPart({ files, settings }: StepContext, part: Part): Plan {
  const order = readOrder(files);
  const program = order && programOf(order, part);
  if (order === undefined || program === undefined) return { changes: [] };
  const change: Change = {
    kind: 'run-supervised',
    ...program,
    scope: `gandi-postboot-${part}-${order.digest.slice(0, DIGEST_CHARACTERS)}`,
    timeoutSeconds: settings.postBootSeconds,
    logFile: POST_BOOT_LOG,
    mark: { path: POST_BOOT_STARTED, content: renderStartedMarks(order.marks, { [part]: order.digest }) },
    what: WHAT[part],
    // To ask systemd takes a process: nothing of the customer's has run before the first.
    ...(part === 'command' && order.first !== 'command' ? { notInShutdown: true } : {}),
  };
  return { changes: [change] };
}

/** The customer's script, once for each configuration that the host gave. */
export const script: Step = {
  name: 'script',
  setting: 'CONFIG_POSTBOOT',
  summary: 'the host’s script with its arguments, once for each configuration',
  plan: (context) => planPart(context, 'script'),
};

/** The customer's command, also where the script failed. */
export const command: Step = {
  name: 'run',
  setting: 'CONFIG_POSTBOOT',
  summary: 'the host’s command by sh, once for each configuration',
  plan: (context) => planPart(context, 'command'),
};

/** The log is of one configuration: what an earlier one printed makes room. */
export const freshLog: Step = {
  name: 'log',
  setting: 'CONFIG_POSTBOOT',
  summary: 'begins a new log when there is a script or a command to run',
  plan({ files }) {
    const order = readOrder(files);
    const begun = order?.digest === order?.marks.script || order?.digest === order?.marks.command;
    const isOld = hasCustomerWork(order) && !begun && files.status(POST_BOOT_LOG) !== undefined;
    return { changes: isOld ? [{ kind: 'remove-file', path: POST_BOOT_LOG }] : [] };
  },
};

/** The host's own first-boot script goes once its time is over, as the guest tools of version 2 do it. */
export const removeHostInit: Step = {
  name: 'remove-init',
  setting: 'CONFIG_POSTBOOT',
  summary: 'removes the host’s first-boot script',
  plan({ files }) {
    if (readOrder(files) === undefined || files.status(HOST_INIT) === undefined) return { changes: [] };
    return { changes: [{ kind: 'remove-file', path: HOST_INIT }] };
  },
};
