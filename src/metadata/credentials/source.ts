import { defineSource, type Finding, type Said, type World } from '../source.ts';
import type { SourcePlace } from '../source-place.ts';
import type { Credential, CredentialName } from './firmware.ts';
import { mayHaveCredentials, readCredentials } from './firmware.ts';

type Raw = { [Name in CredentialName]?: Credential };

function find({ files }: World): Finding<Raw> {
  if (!mayHaveCredentials(files)) return { state: 'absent' };
  const { found, problems } = readCredentials(files);
  const [first] = [...Object.values(found).map(({ place }) => place), ...problems.map(({ path }) => path)];
  if (first === undefined) return { state: 'absent' };
  const origin = `systemd credentials (${first})`;
  // Nobody in the guest can put anything there.
  const place: SourcePlace = { name: origin, attachment: 'systemd credentials', isHosts: true };
  if (problems.length > 0) return { state: 'broken', origin, problems, place };
  return { state: 'present', raw: found, place, origin, stamps: [] };
}

/** Gandi's JSON begins so; anything else under its name is user-data. */
const isJson = (bytes: Uint8Array) => /^[\s\ufeff]*\{/.test(Buffer.from(bytes.subarray(0, 1024)).toString());

async function parse(raw: Raw): Promise<Said> {
  const config = raw['gandi.config']?.value;
  const userData = raw['gandi.user-data']?.value;
  const isOwn = config !== undefined && isJson(config);
  const data = [
    ...(isOwn || config === undefined ? [] : [config]),
    ...(userData === undefined ? [] : [userData]),
  ];
  const parsed = isOwn
    ? (await import('../gandi/parse.ts')).parseConfig(config)
    : { config: { dhcpOnAll: true as const }, problems: [], refused: [], origins: [] };
  const [first, ...others] = data;
  if (first === undefined) return { parsed };
  const { withUserData } = await import('../user-data/with-user-data.ts');
  // Of both the one that is called user-data counts before the other.
  const [last = first] = others;
  const vendorData = others.length > 0 ? [first] : [];
  return { parsed: await withUserData(parsed, { userData: last, vendorData }) };
}

/** What a virtual machine is started with: no disk and no network is needed. */
export const credentials = defineSource<Raw>({
  name: 'credentials',
  summary: 'systemd credentials gandi.config and gandi.user-data, of SMBIOS type 11 or QEMU’s fw_cfg',
  needs: 'firmware',
  find: async (world) => find(world),
  isSeen: ({ files }) => mayHaveCredentials(files) && Object.keys(readCredentials(files).found).length > 0,
  open: async () => ({ state: 'absent' }),
  parse,
});
