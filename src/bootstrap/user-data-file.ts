import { posix } from 'node:path';
import type { Change } from '../machine/changes/change.ts';
import { decodeText } from '../machine/formats/text/text-bytes.ts';
import type { Plan, Step, StepContext } from '../plan/step.ts';

/** It may hold secrets, and programs that run it as root trust it. */
const MODE = 0o400;
const DIRECTORY_MODE = 0o755;

function plan({ files, host }: StepContext): Plan {
  const wanted = host.parsed.config.storedUserData;
  if (wanted === undefined) return { changes: [] };
  const { path, content: text } = wanted;
  const status = files.status(path);
  if (text === undefined) {
    return { changes: status === undefined ? [] : [{ kind: 'remove-file', path }] };
  }
  const content = Buffer.from(text, 'base64');
  const isFile = status?.kind === 'file' && status.mode === MODE && status.uid === 0;
  if (isFile && files.readText(path) === decodeText(content)) return { changes: [] };
  const directory = posix.dirname(path);
  const changes: Change[] = [{ kind: 'write-file', path, content, mode: MODE, secret: true }];
  if (files.status(directory) === undefined)
    changes.unshift({ kind: 'make-directory', path: directory, mode: DIRECTORY_MODE });
  return { changes };
}

/** User-data that the source wants kept as they are, for the guest’s own programs; gone once the host has none. */
export const userDataFile: Step = {
  name: 'user-data-file',
  summary: 'keeps user-data of SmartOS in /var/db/mdata-user-data, as they are',
  plan,
};
