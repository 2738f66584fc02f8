import type { Commands } from '../machine/commands/commands.ts';
import type { Files } from '../machine/files/files.ts';
import { mark } from '../machine/runtime/marks.ts';
import { hear, SMARTOS } from './smartos/hear.ts';
import type { Heard } from './source.ts';
import { readStored } from './stored/store.ts';

/** What the host is asked on. */
interface Asking {
  open(): { files: Files };
  commands: Commands;
}

/**
 * Asks the host at the other end of a line, which alone knows whether it says the same as at the boot before. Nothing else of
 * the guest is looked at, and nothing is understood of what it says.
 * @returns undefined where the guest has another source; what was heard is not to be asked again
 */
export async function hearHost({ open, commands }: Asking): Promise<Heard | undefined> {
  const { files } = open();
  const stored = readStored(files);
  if (stored?.source !== SMARTOS) return undefined;
  const { attachment, digest } = stored;
  mark('stored configuration read');
  const finding = await hear({ files, commands, remembered: attachment, waitSeconds: 0 });
  mark('host asked');
  const isSame =
    finding.state === 'present' && finding.digest === digest && finding.place.attachment === attachment;
  return { source: SMARTOS, finding, isSame };
}
