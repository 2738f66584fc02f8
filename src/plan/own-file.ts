import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import type { Settings, Switch } from '../machine/settings/settings.ts';
import { ensureFile, type WantedFile } from './ensure-file.ts';

const MARK = '# Written by gandi-bootstrap';

/** First line of a file that is ours as a whole: says so, and how to keep us from writing it. */
export function ownHeader(settings: Settings, setting: Switch): string {
  return `${MARK} from what the host asks for; ${setting}=0 in ${settings.path} keeps it from being written.\n`;
}

/** Whether we wrote a file, whatever was changed in it below its first line. */
export const isOwn = (text: string | undefined) => text?.startsWith(MARK) ?? false;

/**
 * The change that a file of ours needs. While the host asks for nothing new, an existing file is left alone with
 * what an admin changed in it; when it does, the file it replaces is kept as a backup.
 * @param news whether the host asks for something else than what was applied last
 */
export function ensureOwnFile(files: FileView, wanted: WantedFile, news: boolean): Change[] {
  if (!news && files.status(wanted.path) !== undefined) return [];
  return ensureFile(files, { ...wanted, backup: true });
}
