import { rm } from 'node:fs/promises';
import { installPrerequisites } from './prerequisites.ts';
import { installedTree, SHARED_TREE } from './toolkit.ts';

/** Before any guest test: the outside programs, and what an installation adds to a guest. */
export async function setup(): Promise<() => Promise<void>> {
  await installPrerequisites();
  const tree = await installedTree();
  // Workers inherit it.
  process.env[SHARED_TREE] = tree;
  return () => rm(tree, { recursive: true });
}
