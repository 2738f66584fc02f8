import type { Problem } from '../metadata/guest-config.ts';

/** A format of seeds that is made of files in one directory, each by its name. */
export interface SeedFormat {
  fileNames: readonly string[];
  /** Those of them without which there is no such seed. */
  needed?: readonly string[];
  /** A directory beside them whose files belong to it, too, each by `DIRECTORY/NAME`. */
  folder?: string;
  /**
   * What a guest would not take.
   * @param isAlone one file was named, and what else there is nobody knows
   */
  problems(files: SeedFiles, isAlone?: boolean): Promise<readonly Problem[]>;
  /** The whole image. */
  make(files: SeedFiles): Promise<Uint8Array>;
}

export type SeedFiles = Readonly<Record<string, Uint8Array | undefined>>;

/** As `--format` has them, beside `gandi`; each loads its code where it is used. */
export const SEED_FORMATS: Readonly<Record<string, SeedFormat>> = {
  nocloud: {
    fileNames: ['meta-data', 'user-data', 'network-config', 'vendor-data', 'operator-script'],
    problems: async (files, isAlone) => {
      const { parseNoCloud } = await import('../metadata/nocloud/parse.ts');
      const {
        'network-config': networkConfig,
        'vendor-data': vendorData,
        // Templates have names to fill in, which nobody knows yet.
        'meta-data': metaData = Buffer.from(isAlone === true ? 'local-hostname: unknown\n' : ''),
        'user-data': userData = new Uint8Array(0),
      } = files;
      const optional = {
        ...(networkConfig === undefined ? {} : { networkConfig }),
        ...(vendorData === undefined ? {} : { vendorData }),
      };
      return (await parseNoCloud({ metaData, userData, ...optional })).parsed.problems;
    },
    make: async (files) => (await import('../metadata/nocloud/seed.ts')).makeNoCloudSeed(present(files)),
  },
  configdrive: {
    fileNames: ['meta_data.json', 'network_data.json', 'user_data', 'vendor_data.json', 'vendor_data2.json'],
    needed: ['meta_data.json'],
    folder: 'content',
    problems: async (files, isAlone) => {
      const { parseOpenStack } = await import('../metadata/openstack/parse.ts');
      const {
        'meta_data.json': metaData = Buffer.from('{"uuid":"unknown","hostname":"unknown"}'),
        'network_data.json': networkData,
        user_data: userData,
      } = files;
      const beside = isAlone === true ? new Uint8Array(0) : undefined;
      const { parsed } = await parseOpenStack({
        metaData,
        ...(networkData === undefined ? {} : { networkData }),
        ...(userData === undefined ? {} : { userData }),
        vendorData: ['vendor_data.json', 'vendor_data2.json'].flatMap((name) => files[name] ?? []),
        content: (path) => files[path] ?? beside,
      });
      return parsed.problems;
    },
    make: async (files) => (await import('../metadata/configdrive/seed.ts')).makeConfigDrive(present(files)),
  },
  cpio: {
    fileNames: ['nodename', 'authorized_keys', 'firstboot.sh', 'config.toml', 'operator.sh'],
    problems: async (files) => (await import('../metadata/cpio/parse.ts')).parseCpio(present(files)).problems,
    make: async (files) => (await import('../metadata/cpio/seed.ts')).makeCpioSeed(present(files)),
  },
};

function present(files: SeedFiles): Record<string, Uint8Array> {
  return Object.fromEntries(
    Object.entries(files).flatMap(([name, content]) => (content === undefined ? [] : [[name, content]])),
  );
}

/** The format and the names that a file of this name has, where it is one of a seed's. */
export function formatOfFile(name: string): SeedFormat | undefined {
  return Object.values(SEED_FORMATS).find(({ fileNames }) => fileNames.includes(name));
}
