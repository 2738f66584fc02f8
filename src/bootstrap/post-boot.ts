import type { Change } from '../machine/changes/change.ts';
import {
  HOST_DIRECTORY,
  HOST_INIT,
  HOST_SCRIPT,
  POST_BOOT_BACKGROUND_ORDER,
  POST_BOOT_NETWORK,
  POST_BOOT_ORDER,
  POST_BOOT_STARTED,
  RUNTIME_DIRECTORY,
} from '../machine/files/paths.ts';
import { interpreterBehindBlanks, isBinary, whyNotAsMeant } from '../machine/formats/text/script-start.ts';
import { isEnabled } from '../machine/system/units.ts';
import { filesInForce } from '../network/managers/files-in-force.ts';
import { ensureFile } from '../plan/ensure-file.ts';
import { splitWords } from '../plan/split-words.ts';
import type { Plan, Step, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';
import type { Asked } from '../state/asked.ts';
import type { Note } from '../state/note.ts';
import {
  configurationDigest,
  type PostBootOrder,
  parseStartedMarks,
  renderPostBootOrder,
} from '../state/post-boot-order.ts';
import type { OrderedScript } from '../state/source-scripts.ts';
import { swap } from '../storage/swap.ts';
import { askedWithoutSecrets } from '../verify/asked.ts';
import { lateWork } from './late-work.ts';
import { dueScripts } from './source-scripts.ts';

/** A file that the kernel cannot execute by itself is given to sh, as execvp(3) does. */
const KERNEL_EXECUTES = /^(#!|\u007fELF)/;

function scriptArgv(script: string, words: string | undefined): [string, ...string[]] {
  const args = splitWords(words ?? '');
  if (KERNEL_EXECUTES.test(script)) return [HOST_SCRIPT, ...args];
  return [...(interpreterBehindBlanks(script) ?? (['/bin/sh'] as const)), HOST_SCRIPT, ...args];
}

/** What becomes of the host's script: how it is started, or why it is not. */
interface ScriptRun {
  script?: [string, ...string[]];
  why?: string;
}

function planScript(script: string, words: string | undefined): ScriptRun {
  const why = isBinary(script) ? undefined : whyNotAsMeant(script);
  return why === undefined ? { script: scriptArgv(script, words) } : { why };
}

/** The customer's work is to find the network; so does a look at that. */
const needsNetwork = ({ script, command, scripts, late }: PostBootOrder) =>
  script !== undefined || command !== undefined || scripts !== undefined || late?.packages !== undefined;

/**
 * Of what is looked at: what is asked, and by which files the network is what it is, for an admin may add one. Which name a
 * disk gets differs from boot to boot.
 */
function lookDigest(context: StepContext, { swap: _, ...asked }: Asked): string {
  const files = asked.interfaces.length > 0 ? filesInForce(context) : undefined;
  return digestOf({ ...asked, ...(files === undefined ? {} : { files }) });
}

const asksForSomething = ({ hostName, interfaces, missing, nameServers, accounts }: Asked) =>
  hostName !== undefined || [interfaces, missing, nameServers, accounts].some(({ length }) => length > 0);

/**
 * What is to be looked at in a boot in which nothing of the customer's is run: something else is asked than when it was
 * looked at last. A run of the admin's is followed by none of gandi-postboot's; `gandi-guest verify` is at hand then.
 */
function lookFor(
  { facts, host, applied }: StepContext,
  asked: Asked,
  digest: string,
): Pick<PostBootOrder, 'look' | 'asked'> {
  const isNews = host.state === 'new' || applied[postBoot.name] !== digest;
  return facts.booting && isNews && asksForSomething(asked) ? { look: true, asked } : {};
}

/** What is left to do, if anything, and why the script is not to be run where that is asked for. */
function orderFor(
  context: StepContext,
  asked: Asked,
  looked: string,
  scripts: readonly OrderedScript[],
): { order?: PostBootOrder; why?: string } {
  const { files, host, settings } = context;
  const { config, refused } = host.parsed;
  const isKnown = host.state !== 'none' && !refused.includes('post-boot');
  const text = isKnown ? files.readText(HOST_SCRIPT) : undefined;
  const digest = configurationDigest(config, text);
  const started = parseStartedMarks(files.readText(POST_BOOT_STARTED));
  const command = config.postBoot?.command;
  const stopAutofs = !settings.switches.CONFIG_ALLOW_MOUNT && isEnabled(files, 'autofs.service');
  const late = lateWork(context);
  const isDue = text !== undefined && started.script !== digest;
  const { why, ...script } = isDue ? planScript(text, config.postBoot?.scriptArguments) : ({} as ScriptRun);
  const order: PostBootOrder = {
    digest,
    ...script,
    ...(command !== undefined && started.command !== digest ? { command } : {}),
    ...(scripts.length > 0 ? { scripts: [...scripts] } : {}),
    ...(late === undefined ? {} : { late }),
    ...(stopAutofs ? { stopAutofs } : {}),
  };
  const told = why === undefined ? {} : { why };
  if (needsNetwork(order)) return { order: { ...order, asked }, ...told };
  const look = lookFor(context, asked, looked);
  const isWork = stopAutofs || late !== undefined || look.look === true;
  return isWork ? { order: { ...order, ...look }, ...told } : told;
}

/** gandi-postboot removes the host's own first-boot script behind all else; the guest may have gone down before. */
function removeUsedHostInit({ files, host }: StepContext): Change[] {
  const digest = configurationDigest(host.parsed.config, files.readText(HOST_SCRIPT));
  const started = parseStartedMarks(files.readText(POST_BOOT_STARTED));
  const isOver = started.script === digest || started.command === digest;
  if (!isOver || files.status(HOST_INIT) === undefined) return [];
  return [{ kind: 'remove-file', path: HOST_INIT }];
}

/**
 * Whether /gandi lacks a part of what the host gives, because it could not be stored. What is run of a configuration that
 * is not whole would be run again with the rest.
 */
function isIncomplete({ files, host, failed }: StepContext): boolean {
  const members = failed.includes(swap.name) ? (host.gandi?.archive?.members ?? []) : [];
  return members.some(({ name, length }) => files.status(`${HOST_DIRECTORY}/${name}`)?.size !== length);
}

const refusalOf = (why: string): Note => ({ level: 'problem', text: `${HOST_SCRIPT} is not run: ${why}` });

function plan(context: StepContext): Plan {
  const { files, facts, settings, applied } = context;
  // Of an unpacked image nothing is run; its first boot will find out.
  if (!facts.live) return { changes: [] };
  if (isIncomplete(context)) {
    const text = `script and command are left for a boot in which all that the host gives can be stored in ${HOST_DIRECTORY}`;
    return { changes: [], notes: [{ level: 'warning', text }] };
  }
  const asked = askedWithoutSecrets(context);
  const looked = lookDigest(context, asked);
  const due = dueScripts(context);
  const { order, why } = orderFor(context, asked, looked, due.scripts);
  const notes = [...(why === undefined ? [] : [refusalOf(why)]), ...due.notes];
  const refused = notes.length === 0 ? {} : { notes };
  // Only what is looked at in this boot need not be looked at again in the next one.
  const isLooked = facts.booting || applied[postBoot.name] === looked;
  const digest = isLooked ? { digest: looked } : {};
  if (order === undefined) return { changes: removeUsedHostInit(context), ...digest, ...refused };
  // Nobody waits for a look, nor for packages: a service that one of them starts may itself wait for the end of the boot.
  const isWaitedFor = order.look !== true && order.late?.packages === undefined;
  const waits = settings.switches.CONFIG_POSTBOOT_WAIT && isWaitedFor;
  const path = waits ? POST_BOOT_ORDER : POST_BOOT_BACKGROUND_ORDER;
  const changes: Change[] = [...due.changes];
  if (files.status(RUNTIME_DIRECTORY) === undefined) {
    changes.push({ kind: 'make-directory', path: RUNTIME_DIRECTORY, mode: 0o755 });
  }
  const leave = (file: { path: string; content: string }) => {
    for (const change of ensureFile(files, { ...file, mode: 0o600 }))
      changes.push(change.kind === 'write-file' ? { ...change, secret: true, thisBootOnly: true } : change);
  };
  leave({ path, content: renderPostBootOrder(order) });
  if (needsNetwork(order)) leave({ path: POST_BOOT_NETWORK, content: '' });
  return { changes, ...digest, ...refused };
}

/** The order for gandi-postboot, whose units do not start without one. */
export const postBoot: Step = {
  name: 'post-boot',
  setting: 'CONFIG_POSTBOOT',
  summary: 'has gandi-postboot run the host’s script and command, once for each configuration',
  plan,
};
