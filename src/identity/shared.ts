import type { FileView } from '../machine/files/files.ts';
import { sha256 } from '../machine/runtime/digest.ts';
import type { IdentityView, Trait } from './part.ts';
import { IDENTITY_PARTS } from './parts.ts';

/** What a clone keeps of the other guest, for nobody but the admin can judge what breaks. */
export const leftToAdmin = (view: IdentityView): Trait[] =>
  IDENTITY_PARTS.filter(({ renew }) => renew === undefined).flatMap(({ find }) => find(view));

/** Keys and names are short; of a database only its owner knows what in it is this machine's. */
const LARGEST_BYTES = 1024 * 1024;

/** By it one can tell whether somebody made it anew; of what is no short file it only counts that it is there. */
function digestAt(files: FileView, path: string): string {
  const { kind, size = 0 } = files.status(path) ?? {};
  return kind === 'file' && size <= LARGEST_BYTES ? sha256(files.readText(path) ?? '') : '';
}

/** What is in them, by path, as digests. */
export const digestsOf = (files: FileView, traits: readonly Pick<Trait, 'path'>[]): Record<string, string> =>
  Object.fromEntries(traits.map(({ path }) => [path, digestAt(files, path)]));

/** What of it a clone still has as the other guest has it. */
export function stillShared(files: FileView, shared: Readonly<Record<string, string>>): Trait[] {
  const traits = new Map(leftToAdmin({ files }).map((trait) => [trait.path, trait]));
  return Object.entries(shared).flatMap(([path, digest]): Trait[] => {
    if (files.status(path) === undefined || digestAt(files, path) !== digest) return [];
    const named = { path, severity: 'warning', what: 'a file that names its MAC addresses' } as const;
    return [traits.get(path) ?? named];
  });
}
