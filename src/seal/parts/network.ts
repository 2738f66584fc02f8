import type { Trait } from '../../identity/part.ts';
import { dhcpLeases } from '../../identity/parts/dhcp-leases.ts';
import { type NamedFiles, namedFiles } from '../../identity/parts/named-files.ts';
import { NETWORK_FILES } from '../../identity/parts/network-files.ts';
import { networkManagerState } from '../../identity/parts/network-manager.ts';
import type { FileView } from '../../machine/files/files.ts';
import { isOwn } from '../../plan/own-file.ts';
import { removedFiles, type SealView } from '../part.ts';

/** Names of udev's files by which an interface keeps a name for the MAC address that it had. */
const GENERATED: NamedFiles = [['/etc/udev/rules.d', /^7\d-persistent-(net|cd)\.rules$/]];

/** What cloud-init writes names it in its name, or in its first lines (cloudinit/net/*.py). */
const CLOUD_INIT_NAME = /(^|-)cloud-init(-|\.|$)/;
const CLOUD_INIT_TEXT =
  /^# (This file is generated from information provided by the datasource|Created by cloud-init)/m;

const UUID_OR_MAC = /\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b|^\s*(uuid|UUID)\s*[=:]\s*\S/m;

/** The file of main interest is a text in the place of what may be a link: that is the system's. */
const RESOLVER = '/etc/resolv.conf';

const isFile = (files: FileView, path: string) => files.status(path)?.kind === 'file';

const isCloudInits = (path: string, text: string) =>
  CLOUD_INIT_NAME.test(path.split('/').at(-1) ?? '') || CLOUD_INIT_TEXT.test(text.slice(0, 1000));

interface NetworkFile {
  path: string;
  isGenerated: boolean;
  text: string;
}

function filesOf(files: FileView): NetworkFile[] {
  const paths = [...namedFiles(files, NETWORK_FILES), '/etc/network/interfaces', RESOLVER];
  return paths
    .filter((path) => isFile(files, path))
    .map((path) => {
      const text = files.readText(path) ?? '';
      return { path, text, isGenerated: isOwn(text) || isCloudInits(path, text) };
    });
}

/** What was made for the golden guest alone. */
function generated({ files }: SealView): Trait[] {
  const made = filesOf(files).filter(
    ({ isGenerated, path }) => isGenerated && path !== '/etc/network/interfaces',
  );
  const paths = [...new Set([...made.map(({ path }) => path), ...namedFiles(files, GENERATED)])];
  const written = paths.map(
    (path): Trait => ({ path, severity: 'warning', what: 'made for this guest’s network' }),
  );
  return [...written, ...dhcpLeases.find({ files }), ...networkManagerState.find({ files })];
}

/** The admin's: one that names a card by its address or is known by its UUID may fit no other guest. */
const admins = ({ files }: SealView): Trait[] =>
  filesOf(files)
    .filter(({ isGenerated, text }) => !isGenerated && UUID_OR_MAC.test(text))
    .map(({ path }) => ({ path, severity: 'warning', what: 'names a MAC address or a UUID; it stays' }));

const sealed = removedFiles({ name: 'network', what: 'network files, leases and state', find: generated });

/** What network managers were told of this guest, and what they learned. Profiles of the admin's stay. */
export const network = { ...sealed, find: (view: SealView) => [...generated(view), ...admins(view)] };
