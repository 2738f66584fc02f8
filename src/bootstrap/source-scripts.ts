import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { SCRIPT_DIRECTORY } from '../machine/files/paths.ts';
import { whyNotAsMeant } from '../machine/formats/text/script-start.ts';
import { decodeText } from '../machine/formats/text/text-bytes.ts';
import { sha256 } from '../machine/runtime/digest.ts';
import type { ScriptConfig } from '../metadata/guest-config.ts';
import type { StepContext } from '../plan/step.ts';
import type { Note } from '../state/note.ts';
import { hasRun, type OrderedScript, scriptPath } from '../state/source-scripts.ts';

/** What is to be done about the scripts of the source. */
export interface DueScripts {
  scripts: OrderedScript[];
  /** They put the scripts where gandi-postboot finds them. */
  changes: Change[];
  notes: Note[];
}

/** What the kernel makes of the first line (execve(2)). */
function interpreterOf(start: string): [string, ...string[]] | undefined {
  const [, program, argument] = /^#![ \t]*(\S+)(?:[ \t]+([^\n]*\S))?/.exec(start) ?? [];
  if (program === undefined) return undefined;
  return argument === undefined ? [program] : [program, argument];
}

function orderOf(
  { name, repeat, timeoutSeconds }: ScriptConfig,
  digest: string,
  interpreter: readonly [string, ...string[]],
): OrderedScript {
  return {
    name,
    argv: [...interpreter, scriptPath(name)],
    digest,
    ...(repeat === 'until-success' ? { untilSuccess: true } : {}),
    ...(repeat === 'each-boot' ? { eachBoot: true } : {}),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
  };
}

function takeIfDue(script: ScriptConfig, files: FileView, due: DueScripts): void {
  const content = Buffer.from(script.content, 'base64');
  const digest = sha256(content);
  const often = script.repeat === 'each-boot' ? { eachBoot: true as const } : {};
  if (hasRun(files, { name: script.name, digest, ...often })) return;
  const interpreter = interpreterOf(content.toString('latin1'));
  const why =
    whyNotAsMeant(content.toString()) ??
    (interpreter === undefined ? 'it does not begin with #!' : undefined);
  if (why !== undefined || interpreter === undefined) {
    due.notes.push({ level: 'problem', text: `${script.name} is not run: ${why}` });
    return;
  }
  due.scripts.push(orderOf(script, digest, interpreter));
  const path = scriptPath(script.name);
  // One that runs at each boot is there already.
  if (files.readText(path) === decodeText(content) && files.status(path)?.mode === 0o700) return;
  due.changes.push({ kind: 'write-file', path, content, mode: 0o700, secret: true });
}

/**
 * The scripts of the source that have not run with what is in them now, or not in this boot.
 * @param when of those that run early, or behind the boot
 */
export function dueScripts(
  { files, host }: Pick<StepContext, 'files' | 'host'>,
  when: ScriptConfig['when'] = 'post-boot',
): DueScripts {
  const due: DueScripts = { scripts: [], changes: [], notes: [] };
  for (const script of host.parsed.config.scripts ?? [])
    if (script.when === when) takeIfDue(script, files, due);
  if (due.changes.length > 0 && files.status(SCRIPT_DIRECTORY) === undefined)
    due.changes.unshift({ kind: 'make-directory', path: SCRIPT_DIRECTORY, mode: 0o700 });
  return due;
}
