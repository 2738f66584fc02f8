import { createHash } from 'node:crypto';

/** How a version of a golden image is made. */
export interface Recipe {
  /** `nothing`: a distribution's packages; `tree`, `image`: a path; `golden`: `NAME@V`. */
  base: { kind: 'nothing'; suite: string } | { kind: 'tree' | 'image' | 'golden'; name: string };
  /** Installed beside what it has. */
  packages: readonly string[];
  /** Taken out. */
  remove: readonly string[];
  /** Lines of sources.list(5). */
  sources: readonly string[];
  /** Run as root in the tree or the guest; its text. */
  script?: string;
  /** Tree or .deb file of the toolkit, where it is not one of the packages. */
  toolkit?: string;
  /** Must succeed in a guest of it. */
  check?: string;
}

const PACKAGE = /^[a-z0-9][a-z0-9.+:_~=-]*$/i;

/** Words of a list with commas or blanks. @throws Error in one line for what is no package's name */
export function parsePackages(option: string, texts: readonly string[]): string[] {
  const words = texts.flatMap((text) => text.split(/[\s,]+/)).filter((word) => word !== '');
  const wrong = words.find((word) => !PACKAGE.test(word));
  if (wrong !== undefined) throw new Error(`${option}: "${wrong}" is no name of a package`);
  return [...new Set(words)].sort();
}

/** The same for the same image, whatever the order of the packages. */
export function recipeDigest({ base, packages, remove, sources, script = '', toolkit = '' }: Recipe): string {
  const parts = [base, [...packages].sort(), [...remove].sort(), [...sources], script, toolkit];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** @param text as a record has it @returns undefined if it is none */
export function parseRecipe(text: string): Recipe | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { base, packages, remove, sources, script, toolkit, check } = (value ?? {}) as Record<
    string,
    unknown
  >;
  const { kind, suite, name } = (base ?? {}) as Record<string, unknown>;
  const isList = (list: unknown): list is string[] =>
    Array.isArray(list) && list.every((word) => typeof word === 'string');
  const lists = [packages, remove, sources];
  if (!lists.every(isList)) return undefined;
  const found: Recipe['base'] | undefined =
    kind === 'nothing' && typeof suite === 'string'
      ? { kind, suite }
      : (kind === 'tree' || kind === 'image' || kind === 'golden') && typeof name === 'string'
        ? { kind, name }
        : undefined;
  if (found === undefined) return undefined;
  const texts = Object.entries({ script, toolkit, check }).filter(([, part]) => typeof part === 'string');
  return {
    base: found,
    packages: packages as string[],
    remove: remove as string[],
    sources: sources as string[],
    ...(Object.fromEntries(texts) as Pick<Recipe, 'script' | 'toolkit' | 'check'>),
  };
}

const GOLDEN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** Names of golden images are parts of file names. @throws Error in one line */
export function checkGoldenName(name: string): string {
  if (GOLDEN_NAME.test(name)) return name;
  throw new Error(`"${name}" is no name for a golden image: letters, digits, ".", "_" and "-", at most 63`);
}

/** Files of a version in the pool. */
export const versionFiles = (name: string, number: number) => ({
  disk: `${name}.v${number}.qcow2`,
  kernel: `${name}.v${number}.kernel`,
  initrd: `${name}.v${number}.initrd`,
  /** What the console of the guest said that tried it, where that failed. */
  console: `${name}.v${number}.console`,
});
