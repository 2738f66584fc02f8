import type { Origin, ParsedConfig, Problem, ScriptConfig } from '../guest-config.ts';
import type { Said } from '../source.ts';

/** What a source brings besides its own fields. */
export interface UserData {
  /** The customer's. */
  userData?: Uint8Array;
  /** The host's own, each by itself; the customer's counts before it. */
  vendorData?: readonly Uint8Array[];
  /** What the source calls this guest. */
  instanceId?: string;
  /** Values of the source's own fields that templates may name as `ds.meta_data.KEY`. */
  metaData?: Readonly<Record<string, string>>;
}

/** A file of user-data by its name. */
interface DataFile {
  file: string;
  bytes: Uint8Array;
}

/**
 * Adds to what a source says in its own fields what its user-data and vendor-data say. What user-data say counts before
 * vendor-data, and both before the source's fields; keys without a user's name are the default user's, with those that the
 * source names. Never throws: what is wrong becomes problems, each with its part and field, and costs itself alone.
 */
export async function withUserData(parsed: ParsedConfig, data: UserData): Promise<ParsedConfig> {
  const files = dataFiles(data).filter(({ bytes }) => !bytes.every(isBlankByte));
  if (files.length === 0) return parsed;
  const [{ splitUserData }, { instanceDataOf }] = await Promise.all([
    import('./parts.ts'),
    import('./template.ts'),
  ]);
  const { hostName } = parsed.config;
  const { instanceId, metaData } = data;
  const known = instanceDataOf({
    ...(instanceId === undefined ? {} : { instanceId }),
    ...(hostName === undefined ? {} : { hostName }),
    ...(metaData === undefined ? {} : { metaData }),
  });
  const all = files.map(({ file, bytes }) => ({ file, ...splitUserData(bytes, file, known) }));
  const split = await withoutRefused(all);
  const configs = split.map(configsOf);
  const { parsed: base, scripts: ofConfig } = configs.some((parts) => parts.length > 0)
    ? (await import('./cloud-config/apply.ts')).applyCloudConfig(parsed, configs)
    : { parsed, scripts: [] };
  const { scripts, problems, origins } = await readScripts(split, ofConfig);
  const allScripts = [...(base.config.scripts ?? []), ...scripts];
  return {
    config: { ...base.config, ...(allScripts.length === 0 ? {} : { scripts: allScripts }) },
    problems: [...base.problems, ...split.flatMap((one) => one.problems), ...problems],
    refused: base.refused,
    origins: [...base.origins, ...origins],
  };
}

/** What a service says, with its user-data and vendor-data, of which each may be absent. */
export async function saidWithUserData(
  parsed: ParsedConfig,
  data: { [Key in 'instanceId' | 'userData' | 'vendorData']?: UserData[Key] | undefined },
): Promise<Said> {
  const { instanceId, userData, vendorData } = data;
  const identified = instanceId === undefined ? {} : { instanceId };
  const given = {
    ...identified,
    ...(userData === undefined ? {} : { userData }),
    ...(vendorData === undefined ? {} : { vendorData }),
  };
  return { ...identified, parsed: await withUserData(parsed, given) };
}

/** Byte 0x20 and those of tabulators and line ends. */
const isBlankByte = (byte: number) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);

/** The files by their names, the host's before the customer's. */
export function dataFiles({ userData, vendorData = [] }: UserData): DataFile[] {
  const vendor = vendorData.map((bytes, index) => ({
    file: index === 0 ? 'vendor-data' : `vendor-data-${index + 1}`,
    bytes,
  }));
  return userData === undefined ? vendor : [...vendor, { file: 'user-data', bytes: userData }];
}

type Split = { file: string } & ReturnType<typeof import('./parts.ts').splitUserData>;

const configsOf = ({ parts }: Split) => parts.filter(({ kind }) => kind === 'cloud-config');

/** Files of the host's are left out where the customer wants none of them. */
async function withoutRefused(split: readonly Split[]): Promise<readonly Split[]> {
  const customers = split.at(-1);
  if (split.length < 2 || customers === undefined || customers.file !== 'user-data') return split;
  const { refusedFiles } = await import('./cloud-config/host-data.ts');
  const refused = refusedFiles(configsOf(customers));
  return split.filter(({ file }) => !refused.includes(file));
}

/** The scripts of all files, those of the host first, and those that #cloud-config are made into beside the customer's. */
async function readScripts(
  split: readonly Split[],
  ofConfig: readonly ScriptConfig[],
): Promise<{ scripts: ScriptConfig[]; problems: Problem[]; origins: Origin[] }> {
  const { scriptOfPart, sortScripts } = await import('./scripts.ts');
  const problems: Problem[] = [];
  const origins: Origin[] = [];
  const ofFiles = split.map(({ file, parts }) =>
    parts.flatMap((part) => {
      if (part.kind === 'cloud-config') return [];
      const made = scriptOfPart(part, file, parts.length === 1 && part.label === file);
      if (!('script' in made)) {
        problems.push(made);
        return [];
      }
      const setting = made.script.script.when === 'early' ? 'script early in the boot' : 'script after boot';
      origins.push({ setting, value: `${part.bytes.length} bytes`, field: part.label });
      return [made.script];
    }),
  );
  const own = ofConfig.map((script) => ({ script, fileName: script.name }));
  const isCustomers = split.at(-1)?.file === 'user-data';
  const hosts = ofFiles.slice(0, isCustomers ? -1 : undefined).flat();
  const customers = [...(isCustomers ? (ofFiles.at(-1) ?? []) : []), ...own];
  return { scripts: [...sortScripts(hosts), ...sortScripts(customers)], problems, origins };
}
