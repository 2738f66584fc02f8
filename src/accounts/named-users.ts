import type { UserConfig } from '../metadata/guest-config.ts';
import type { StepContext } from '../plan/step.ts';
import type { Note } from '../state/note.ts';

/** A user whose name is known. */
export type NamedUser = UserConfig & { name: string };

/** What the step does; the rest of what a source can ask for is told. */
const DONE: readonly (keyof UserConfig)[] = ['name', 'passwordHash', 'sshKeys'];

/**
 * The first user of a distribution's cloud images where it is not called like the distribution (cloud-init,
 * config/cloud.cfg.tmpl).
 */
const USUAL_NAMES: Readonly<Record<string, string>> = {
  amzn: 'ec2-user',
  centos: 'cloud-user',
  ol: 'cloud-user',
  rhel: 'cloud-user',
  sles: 'sles',
  'opensuse-leap': 'opensuse',
  'opensuse-tumbleweed': 'opensuse',
};

/** The user that keys without a name are for: CONFIG_DEFAULT_USER, else the distribution's usual one. */
export function defaultUser({ settings, facts }: Pick<StepContext, 'settings' | 'facts'>): string {
  return settings.defaultUser ?? USUAL_NAMES[facts.os.id] ?? facts.os.id;
}

function aboutLeft(user: NamedUser): Note[] {
  const left = Object.keys(user).filter((key) => !DONE.includes(key as keyof UserConfig));
  if (left.length === 0) return [];
  const text = `of user ${user.name} this is asked for and not done: ${left.join(', ')}; the rest is`;
  return [{ level: 'problem', text }];
}

/** Several entries of one name are one user: later ones add keys and replace the rest. */
function merged(users: readonly NamedUser[]): NamedUser[] {
  const byName = new Map<string, NamedUser>();
  for (const user of users) {
    const earlier = byName.get(user.name);
    const sshKeys = [...new Set([...(earlier?.sshKeys ?? []), ...user.sshKeys])];
    byName.set(user.name, { ...earlier, ...user, sshKeys });
  }
  return [...byName.values()];
}

/**
 * The users that are asked for by name.
 * @returns them, and a line for what of them is not done
 */
export function namedUsers(
  asked: readonly UserConfig[],
  context: Pick<StepContext, 'settings' | 'facts'>,
): { named: NamedUser[]; notes: Note[] } {
  const named = merged(asked.map((user) => ({ ...user, name: user.name ?? defaultUser(context) })));
  return { named, notes: named.flatMap(aboutLeft) };
}
