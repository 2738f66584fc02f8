import * as v from 'valibot';
import { parseHostAddress } from '../fields/ip-network.ts';
import { parseJsonText } from '../fields/json/json-text.ts';
import { describe, limited } from '../fields/problem.ts';
import { keyLine, parseSshKeys } from '../fields/ssh-key.ts';
import type { GuestConfig, ParsedConfig, PostBootConfig, Problem } from '../guest-config.ts';
import type { UserConfig } from '../user-config.ts';
import { toInterfaces } from './network.ts';
import { originsOf } from './origins.ts';
import { chooseResolvers } from './resolvers.ts';
import { type ConfigFields, GROUP_SCHEMAS } from './schema.ts';
import { problemsOf } from './schema-problems.ts';

type ConfigGroup = keyof typeof GROUP_SCHEMAS;

const GROUPS = Object.keys(GROUP_SCHEMAS) as ConfigGroup[];

/**
 * Turns the bytes of `gandi/config` into the guest's configuration. Never throws: what is wrong becomes problems, all
 * of them at once, each with its path in the document. A group with a problem is left out whole, the others are used;
 * only a line of `ssh_key` that is no key costs itself alone, for half of the keys are better than none.
 * A document that cannot be read at all gives one problem of the group `archive` with an empty path.
 */
export function parseConfig(bytes: Uint8Array): ParsedConfig {
  const text = parseJsonText(bytes);
  if ('fault' in text) {
    return refused(text.fault.found, text.fault.expected);
  }
  const { document } = text;
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    return refused(describe(document, true), 'a JSON object');
  }
  const problems: Problem[] = [];
  const fields: ConfigFields = {
    ...read('host-name', document, problems),
    ...read('network', document, problems),
    ...read('resolver', document, problems),
    ...read('user', document, problems, keyProblems),
    ...read('post-boot', document, problems),
  };
  const config = toGuestConfig(fields);
  // A line that is no key refuses nothing but itself, unless there is nothing beside it.
  const isUsed = (group: Problem['group']) =>
    group === 'user' ? config.users !== undefined : Object.hasOwn(fields, group);
  return {
    config,
    problems,
    refused: [...new Set(problems.map(({ group }) => group))].filter((group) => !isUsed(group)),
    // Only people ask for them: no boot does.
    get origins() {
      return originsOf(fields);
    },
  };
}

function refused(found: string, expected: string): ParsedConfig {
  const problem: Problem = { group: 'archive', path: '', found, expected };
  return { config: {}, problems: [problem], refused: ['archive', ...GROUPS], origins: [] };
}

/** Each line of `ssh_key` that is no key. */
function keyProblems(document: { vm_conf?: { ssh_key?: unknown } | null }): Problem[] {
  const text = document.vm_conf?.ssh_key;
  const { faults } = parseSshKeys(typeof text === 'string' ? text : '');
  return limited(
    'user',
    faults.map((fault) => ({ group: 'user', path: 'vm_conf.ssh_key', ...fault })),
  );
}

/**
 * The fields of one group, or nothing if one of them has a problem.
 * @param alone finds problems that cost themselves alone
 */
function read<G extends ConfigGroup>(
  group: G,
  document: object,
  problems: Problem[],
  alone: (document: object) => Problem[] = () => [],
): Pick<ConfigFields, G> | undefined {
  const schema: v.GenericSchema<unknown, ConfigFields[G]> = GROUP_SCHEMAS[group];
  const result = v.safeParse(schema, document);
  problems.push(...(result.success ? [] : problemsOf(group, result.issues)), ...alone(document));
  return result.success ? ({ [group]: result.output } as Pick<ConfigFields, G>) : undefined;
}

/** An empty text or list asks for nothing: its setting is left out. */
function toGuestConfig(fields: ConfigFields): GuestConfig {
  const hostName = fields['host-name']?.vm_hostname;
  const vifs = fields.network?.vif ?? [];
  const resolvers = new Set(
    fields.resolver?.nameservers?.flatMap((text) => parseHostAddress(text)?.text ?? []),
  );
  const searchDomains = new Set(fields.resolver?.search_domains?.map((text) => text.toLowerCase()));
  const users = toUsers(fields.user?.vm_conf);
  const postBoot = toPostBoot(fields['post-boot']?.vm_conf);
  const named = {
    ...(hostName ? { hostName } : {}),
    ...(vifs.length > 0 ? { interfaces: toInterfaces(vifs) } : {}),
  };
  const chosen = chooseResolvers({ ...named, resolvers: [...resolvers] });
  return {
    ...named,
    // Empty where the guest can ask none of those that are named.
    ...(resolvers.size > 0 ? { resolvers: chosen } : {}),
    ...(searchDomains.size > 0 ? { searchDomains: [...searchDomains] } : {}),
    ...(users.length > 0 ? { users } : {}),
    ...(postBoot ? { postBoot } : {}),
  };
}

/** Root gets the user's password and keys, too. */
function toUsers(fields: NonNullable<ConfigFields['user']>['vm_conf']): UserConfig[] {
  const sshKeys = parseSshKeys(fields?.ssh_key ?? '').keys.map(keyLine);
  const { user: name, password } = fields ?? {};
  const credentials = { ...(password ? { passwordHash: password } : {}), sshKeys };
  const root = password || sshKeys.length > 0 || name ? [{ name: 'root', ...credentials }] : [];
  return name && name !== 'root' ? [...root, { name, ...credentials }] : root;
}

function toPostBoot(fields: NonNullable<ConfigFields['post-boot']>['vm_conf']): PostBootConfig | undefined {
  const postBoot: PostBootConfig = {
    ...(fields?.script_args ? { scriptArguments: fields.script_args } : {}),
    ...(fields?.run ? { command: fields.run } : {}),
  };
  return Object.keys(postBoot).length > 0 ? postBoot : undefined;
}
