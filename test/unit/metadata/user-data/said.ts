import type { GuestConfig, ParsedConfig } from '../../../../src/metadata/guest-config.ts';
import { withUserData } from '../../../../src/metadata/user-data/with-user-data.ts';

export const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ';
export const OTHER = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH';

export const sourceOf = (config: GuestConfig = {}): ParsedConfig => ({
  config,
  problems: [],
  refused: [],
  origins: [],
});

/** What user-data say beside what a source says in its own fields. */
export const said = async (userData: string | Uint8Array, config: GuestConfig = {}) =>
  await withUserData(sourceOf(config), { userData: Buffer.from(userData) });

/** What a #cloud-config says, and its problems as lines. */
export async function saidBy(yaml: string, config: GuestConfig = {}) {
  const parsed = await said(`#cloud-config\n${yaml}`, config);
  return { config: parsed.config, lines: linesOf(parsed) };
}

export const linesOf = ({ problems }: ParsedConfig) =>
  problems.map(({ group, path, found }) => `${group}: ${path}: ${found}`);

/** Scripts by name, with their text. */
export const textsOf = ({ scripts = [] }: GuestConfig) =>
  Object.fromEntries(scripts.map(({ name, content }) => [name, Buffer.from(content, 'base64').toString()]));
