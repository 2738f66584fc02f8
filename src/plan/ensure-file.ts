import type { Change } from '../machine/changes/change.ts';
import { type FileView, statusBehindLinks } from '../machine/files/files.ts';
import type { Owner } from '../machine/files/owner.ts';

export interface WantedFile {
  path: string;
  content: string;
  /** Of a new file; a file that exists keeps its mode and owner. */
  mode: number;
  owner?: Owner;
  /** An existing file of other content is kept in /var/lib/gandi/backup, or beside it with the date at its end. */
  backup?: boolean | 'dated';
}

/** The change that gives a file its content, or none if it has it. */
export function ensureFile(files: FileView, wanted: WantedFile): Change[] {
  const old = files.readText(wanted.path);
  if (old === wanted.content) return [];
  const status = statusBehindLinks(files, wanted.path);
  const mode = status?.kind === 'file' ? status.mode : wanted.mode;
  const { path, content, owner } = wanted;
  return [
    {
      kind: 'write-file',
      path,
      content,
      mode,
      ...(owner === undefined ? {} : { owner }),
      ...(wanted.backup && old !== undefined ? { backup: wanted.backup } : {}),
    },
  ];
}
