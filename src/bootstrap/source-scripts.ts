import type { Change } from '../machine/changes/change.ts';
import { SCRIPT_DIRECTORY } from '../machine/files/paths.ts';
import { whyNotAsMeant } from '../machine/formats/script-start.ts';
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
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
  };
}

/** The scripts of the source that have not run with what is in them now. */
export function dueScripts({ files, host }: Pick<StepContext, 'files' | 'host'>): DueScripts {
  const due: DueScripts = { scripts: [], changes: [], notes: [] };
  for (const script of host.parsed.config.scripts ?? []) {
    const content = Buffer.from(script.content, 'base64');
    const digest = sha256(content);
    if (hasRun(files, script.name, digest)) continue;
    const text = content.toString('latin1');
    const interpreter = interpreterOf(text);
    const why =
      whyNotAsMeant(content.toString()) ??
      (interpreter === undefined ? 'it does not begin with #!' : undefined);
    if (why !== undefined || interpreter === undefined) {
      due.notes.push({ level: 'problem', text: `${script.name} is not run: ${why}` });
      continue;
    }
    due.scripts.push(orderOf(script, digest, interpreter));
    due.changes.push({
      kind: 'write-file',
      path: scriptPath(script.name),
      content,
      mode: 0o700,
      secret: true,
    });
  }
  if (due.changes.length > 0 && files.status(SCRIPT_DIRECTORY) === undefined)
    due.changes.unshift({ kind: 'make-directory', path: SCRIPT_DIRECTORY, mode: 0o700 });
  return due;
}
