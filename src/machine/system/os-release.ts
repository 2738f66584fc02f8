import type { FileView } from '../files/files.ts';
import { parseShellAssignments } from '../formats/text/shell-assignments.ts';
import type { OsRelease } from './facts.ts';

/** In the order in which os-release(5) says to look. */
const OS_RELEASE_FILES = ['/etc/os-release', '/usr/lib/os-release'];

/**
 * Parses os-release(5).
 * @returns what it says; for what is missing the defaults of that page, and empty strings where it has none
 */
export function parseOsRelease(text: string): OsRelease {
  const values = new Map(parseShellAssignments(text).assignments.map(({ name, value }) => [name, value]));
  return {
    id: values.get('ID') || 'linux',
    like: (values.get('ID_LIKE') ?? '').split(/\s+/).filter((id) => id !== ''),
    versionId: values.get('VERSION_ID') ?? '',
    prettyName: values.get('PRETTY_NAME') || 'Linux',
  };
}

/** What distribution the guest is; the defaults of os-release(5) if it has no such file. */
export function readOsRelease(files: FileView): OsRelease {
  for (const path of OS_RELEASE_FILES) {
    const text = files.readText(path);
    if (text !== undefined) return parseOsRelease(text);
  }
  return parseOsRelease('');
}
