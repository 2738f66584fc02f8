import type { Change } from '../../machine/changes/change.ts';
import type { NetworkManagerName } from '../../machine/system/facts.ts';
import { isOwn } from '../../plan/own-file.ts';
import type { StepContext } from '../../plan/step.ts';
import { WRITERS } from './writers.ts';

/** First line of the file of an interface that has gone: a run that was cut off is taken up again. */
const FORGOTTEN = '# Written by gandi-bootstrap: the interface has gone.\n';

/** Where the file lies that an interface has for this boot. */
export function thisBootFile(manager: NetworkManagerName, name: string): { path: string; mode: number } {
  const [file] = WRITERS[manager].filesOf('', { name, addresses: [] }, 'this boot');
  if (file === undefined) throw new Error(`${manager} has no file for ${name}`);
  return file;
}

/** Whether a text at that path is that of a file of ours for this boot: a lasting one may lie there too. */
export function isForThisBoot(manager: NetworkManagerName, text: string | undefined): boolean {
  const { mark } = WRITERS[manager].thisBoot;
  return isOwn(text) && (mark === undefined || mark.test(text ?? ''));
}

/**
 * Takes a file of ours for this boot away, with what it led to: the interface has gone, or is to have what the host says.
 * Some managers would read it rather than the lasting file.
 */
export function stopDhcp(manager: NetworkManagerName, { files, facts }: StepContext, name: string): Change[] {
  const { stop, forgetting } = WRITERS[manager].thisBoot;
  const { path, mode } = thisBootFile(manager, name);
  const text = files.readText(path);
  if (!isForThisBoot(manager, text) && text?.startsWith(FORGOTTEN) !== true) return [];
  const { before, after } = stop(name, path);
  const isGone = facts.interfaces.every((each) => each.name !== name);
  const forget: Change[] =
    isGone && forgetting !== undefined
      ? [{ kind: 'write-file', path, content: `${FORGOTTEN}${forgetting(name)}`, mode }]
      : [];
  return [...forget, ...before, { kind: 'remove-file', path }, ...after];
}
