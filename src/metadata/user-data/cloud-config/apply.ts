import type { Findings } from '../../fields/map-reader.ts';
import { limited } from '../../fields/problem.ts';
import type { Group, GuestConfig, Origin, ParsedConfig, ScriptConfig } from '../../guest-config.ts';
import type { Part } from '../parts.ts';
import { readAccounts } from './accounts.ts';
import { readApt } from './apt.ts';
import { CloudConfig } from './cloud-config.ts';
import { readCommands } from './commands.ts';
import { mergeParts } from './documents.ts';
import { readEnding } from './ending.ts';
import { readFiles } from './files.ts';
import { tellLeft } from './left.ts';
import { readLocale } from './locale.ts';
import { readMounts } from './mounts.ts';
import { type NameSettings, readNames } from './names.ts';
import { readPackages } from './packages.ts';
import { readStorage } from './storage.ts';
import { readTime } from './time.ts';

/**
 * Adds to what a source says in its own fields what all #cloud-config say together
 * (https://cloudinit.readthedocs.io/en/latest/reference/modules.html). What is wrong costs its key alone, or its entry of a
 * list; what is not known, itself.
 * @param files parts of each file, the host's before the customer's
 * @returns the configuration, and scripts that are to run beside those of the parts
 */
export function applyCloudConfig(
  source: ParsedConfig,
  files: readonly (readonly Part[])[],
): { parsed: ParsedConfig; scripts: ScriptConfig[] } {
  const all: Findings[] = [];
  const config = new CloudConfig(mergeParts(files, all), all);
  const names = readNames(config);
  const accounts = readAccounts(config, source);
  const { users = [] } = accounts.part;
  const made = users.filter(({ name }) => name !== 'root');
  const written = readFiles(
    config,
    (owner) => made.some(({ name }) => name === owner),
    made.flatMap(({ name, home }) => home ?? (name === undefined ? [] : `/home/${name}`)),
  );
  const mounts = readMounts(config);
  const packages = readPackages(config);
  const commands = readCommands(config);
  const part: GuestConfig = {
    ...accounts.part,
    ...readTime(config),
    ...readStorage(config),
    ...readEnding(config),
    ...readApt(config),
    ...readLocale(config),
    ...(mounts.length === 0 ? {} : { mounts }),
    ...(packages === undefined ? {} : { packages }),
  };
  tellLeft(config);
  const { files: earlier = [], ...own } = withNames(source.config, names);
  const allFiles = [...earlier, ...written.files];
  // Users are those of the source, too, whom the accounts took over.
  const { users: _, ...rest } = own;
  const asked = names.names !== undefined || names.isPreserved;
  return {
    parsed: {
      config: { ...rest, ...part, ...(allFiles.length === 0 ? {} : { files: allFiles }) },
      problems: [...source.problems, ...problemsOf(all)],
      refused: refusedOf(source, asked, names),
      origins: [
        ...source.origins.filter((origin) => isStill(origin, asked, accounts.areKeysDropped)),
        ...all.flatMap(({ origins }) => origins),
      ],
    },
    scripts: [...accounts.groupScripts, ...written.scripts, ...commands],
  };
}

/** A name takes the place of the source's, whose full name belongs to another one then. */
function withNames(config: GuestConfig, { names, isPreserved, hostsFile }: NameSettings): GuestConfig {
  const policy = hostsFile === undefined ? {} : { hostsFile };
  if (names === undefined && !isPreserved) return { ...config, ...policy };
  const { hostName, fqdn, ...rest } = config;
  const isSame = names?.hostName === hostName && fqdn !== undefined;
  return { ...rest, ...(isSame ? { fqdn } : {}), ...names, ...policy };
}

/** Of a name that is wrong nothing is known, unless the source has one, too. */
function refusedOf(
  { config, refused }: ParsedConfig,
  isAsked: boolean,
  names: NameSettings,
): readonly Group[] {
  if (isAsked) return refused.filter((group) => group !== 'host-name');
  const isNew = names.isRefused && config.hostName === undefined && !refused.includes('host-name');
  return isNew ? [...refused, 'host-name'] : refused;
}

const isStill = ({ setting }: Origin, isNamed: boolean, areKeysDropped: boolean) =>
  !(isNamed && ['host name', 'full name'].includes(setting)) && !(areKeysDropped && setting === 'SSH key');

/** Of each group the first lines; how many more there are is said in the last. */
function problemsOf(all: readonly Findings[]) {
  const problems = all.flatMap(({ refusing, passedOver }) => [...refusing, ...passedOver]);
  const groups = [...new Set(problems.map(({ group }) => group))];
  return groups.flatMap((group) =>
    limited(
      group,
      problems.filter((problem) => problem.group === group),
    ),
  );
}
