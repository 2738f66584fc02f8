import { isLabelSeen, labelledDevices } from '../../machine/devices/labelled-devices.ts';
import type { FileView } from '../../machine/files/files.ts';
import { encodeText } from '../../machine/formats/text/text-bytes.ts';
import type { Problem } from '../guest-config.ts';
import { defineSource, type Finding, type Said, type World } from '../source.ts';
import type { SourcePlace } from '../source-place.ts';
import { findVolume, mapFound, openVolume, type VolumeKind } from '../volumes.ts';
import type { NoCloudFiles } from './parse.ts';
import type { NoCloudWords } from './words.ts';

/** ds-identify and cloud-init take no other case. */
const LABELS = ['cidata', 'CIDATA'];

/** Where the host says a word: its bytes are the host's, the admin's or the image's alone. */
const WORD_FILES = [
  { path: '/sys/class/dmi/id/product_serial', name: 'DMI (product_serial)' },
  { path: '/proc/cmdline', name: 'the kernel command line' },
];
const WORD = 'ds=nocloud';

/** The maker of an image leaves a seed there (DataSourceNoCloud.py). */
const SEED_DIRECTORY = '/var/lib/cloud/seed/nocloud/';

/** What a seed says: its files, and what the host says beside them. */
export interface NoCloudSeed {
  files?: NoCloudFiles;
  words: NoCloudWords[];
}

/** Words of the host, the later ones before the earlier ones. */
async function readWords(
  files: Pick<FileView, 'readText'>,
): Promise<{ words: NoCloudWords[]; refused: Problem[]; place?: SourcePlace }> {
  const words: NoCloudWords[] = [];
  const refused: Problem[] = [];
  let place: SourcePlace | undefined;
  for (const { path, name } of WORD_FILES) {
    const text = files.readText(path) ?? '';
    if (!text.includes(WORD)) continue;
    const { networkSeedIn, parseNoCloudWords } = await import('./words.ts');
    const ofNetwork = networkSeedIn(text, name);
    if (ofNetwork !== undefined) refused.push(ofNetwork);
    const found = parseNoCloudWords(text, name);
    if (found === undefined) continue;
    words.unshift({ ...found, place: name });
    place = { name, attachment: name, isHosts: true };
  }
  return { words, refused, ...(place === undefined ? {} : { place }) };
}

/** The files of a seed in a directory of the guest; undefined without those that make a seed. */
function readDirectory(files: Pick<FileView, 'readText'>, directory: string): NoCloudFiles | undefined {
  const read = (name: string) => {
    const text = files.readText(`${directory}${name}`);
    return text === undefined ? undefined : encodeText(text);
  };
  const [userData, metaData] = [read('user-data'), read('meta-data')];
  if (userData === undefined || metaData === undefined) return undefined;
  const [networkConfig, vendorData] = [read('network-config'), read('vendor-data')];
  const operatorScript = read('operator-script');
  return {
    userData,
    metaData,
    ...(networkConfig === undefined ? {} : { networkConfig }),
    ...(vendorData === undefined ? {} : { vendorData }),
    ...(operatorScript === undefined ? {} : { operatorScript }),
  };
}

/**
 * What is said without a volume: in a directory of the guest, or by the words alone. It takes the place of no volume that
 * is gone: hosts eject theirs after the first boot, and what is left says less.
 */
function fromWords(
  { files, remembered }: World,
  { words, place }: Awaited<ReturnType<typeof readWords>>,
  doubts: readonly Problem[],
): Finding<NoCloudSeed> {
  // All disks and drives are below /sys.
  if (remembered?.startsWith('/sys/')) return { state: 'absent', doubts };
  const directories = [...words.flatMap(({ seedFrom }) => seedFrom ?? []), SEED_DIRECTORY];
  for (const directory of directories) {
    const seed = readDirectory(files, directory);
    if (seed === undefined) continue;
    const found = { name: directory, attachment: directory, isHosts: true };
    return {
      state: 'present',
      raw: { files: seed, words },
      place: found,
      origin: directory,
      stamps: [],
      doubts,
    };
  }
  // The bare word says that a volume is to be there.
  const says = words.some(({ instanceId, hostName }) => instanceId !== undefined || hostName !== undefined);
  // Else what is wrong with them would be told by nobody.
  const wrong = words.flatMap(({ problems }) => problems);
  if (place === undefined || !says) return { state: 'absent', doubts: [...doubts, ...wrong] };
  return { state: 'present', raw: { words }, place, origin: place.name, stamps: [], doubts };
}

const VOLUME: VolumeKind<NoCloudFiles> = {
  name: 'NoCloud',
  what: 'NoCloud volume',
  load: async () => (await import('./volume.ts')).readNoCloudVolume,
};

async function find(world: World): Promise<Finding<NoCloudSeed>> {
  const { files, remembered, isAsked } = world;
  const said = await readWords(files);
  const isPromised = said.place !== undefined || remembered !== undefined || isAsked;
  const found = await findVolume(world, () => labelledDevices(files, LABELS), VOLUME, isPromised);
  const doubts = [...(found.doubts ?? []), ...said.refused];
  if (found.state === 'absent') return fromWords(world, said, doubts);
  return { ...mapFound(found, (seed) => ({ files: seed, words: said.words })), doubts };
}

async function open(path: string): Promise<Finding<NoCloudSeed>> {
  return mapFound(await openVolume(path, VOLUME), (files) => ({ files, words: [] }));
}

/** Of what the words say beside the files, or in their place. */
const origin = (setting: string, value: string, [word]: readonly NoCloudWords[]) => ({
  setting,
  value,
  field: `${word?.place ?? WORD} ${WORD}`,
});

/** What the files do not say the words do; of several words the later one counts. */
async function parse({ files, words }: NoCloudSeed): Promise<Said> {
  const { parseNoCloud } = await import('./parse.ts');
  const said =
    files === undefined
      ? { parsed: { config: { dhcpOnAll: true as const }, problems: [], refused: [], origins: [] } }
      : await parseNoCloud(files);
  const { parsed } = said;
  const named = words.find(({ hostName }) => hostName !== undefined);
  const isNamed = parsed.config.hostName !== undefined || parsed.refused.includes('host-name');
  const names = isNamed ? undefined : named;
  const called = {
    ...(names?.hostName === undefined ? {} : { hostName: names.hostName }),
    ...(names?.fqdn === undefined ? {} : { fqdn: names.fqdn }),
  };
  const identified = words.find(({ instanceId }) => instanceId !== undefined);
  const ofFiles = 'instanceId' in said ? said.instanceId : undefined;
  const instanceId =
    files === undefined || files.metaData.length === 0 ? (identified?.instanceId ?? ofFiles) : ofFiles;
  const content = files?.operatorScript;
  return {
    ...(instanceId === undefined ? {} : { instanceId }),
    ...(content === undefined ? {} : { operatorScript: { content, field: 'operator-script' } }),
    parsed: {
      ...parsed,
      config: { ...parsed.config, ...called },
      origins: [
        ...(files === undefined ? [origin('network', 'DHCP on every interface', words)] : []),
        ...(names?.hostName === undefined ? [] : [origin('host name', names.hostName, [names])]),
        ...parsed.origins,
      ],
      problems: [...words.flatMap(({ problems }) => problems), ...parsed.problems],
    },
  };
}

/** A small volume, as most tools that start virtual machines make one (cloud-init’s NoCloud). */
export const nocloud = defineSource<NoCloudSeed>({
  name: 'nocloud',
  summary: 'a volume labelled cidata with meta-data, user-data and network-config, as for cloud-init',
  needs: 'disk',
  find,
  isSeen: ({ files }) =>
    isLabelSeen(files, LABELS) || WORD_FILES.some(({ path }) => files.readText(path)?.includes(WORD)),
  open,
  parse,
});
