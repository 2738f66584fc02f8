import type { Trait } from '../../identity/part.ts';
import { type NamedFiles, namedFiles } from '../../identity/parts/named-files.ts';
import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import { ensureFile } from '../../plan/ensure-file.ts';
import { examineExecutable } from '../../plan/executable.ts';
import type { SealPart, SealView } from '../part.ts';
import { namesIn } from '../walk.ts';

const STATE = '/var/lib/cloud';

/** Directories of metadata that the maker of an image put there (cloud-init, sources/DataSourceNoCloud.py). */
const SEED = 'seed';

/** What it writes beside the network, and what installers leave for it, with the password that was typed there. */
const CONFIGS: NamedFiles = [
  ['/etc/ssh/sshd_config.d', /^50-cloud-init\.conf$/],
  ['/etc/cloud/cloud.cfg.d', /^(90-installer-network|99-installer|curtin-preserve-sources)\.cfg$/],
  ['/etc/cloud', /^ds-identify\.cfg$/],
];

/** Programs that `cloud-init clean` calls. */
const CLEANERS = '/etc/cloud/clean.d';
const CLEANER_SECONDS = 60;

const FSTAB = '/etc/fstab';

/** Its lines in /etc/fstab have this option (cloudinit/config/cc_mounts.py). */
const isCloudInits = (line: string) =>
  !line.trim().startsWith('#') &&
  (line.trim().split(/\s+/)[3] ?? '').split(',').includes('comment=cloudconfig');

/** /etc/fstab without its lines. */
export const withoutCloudInit = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !isCloudInits(line))
    .join('\n');

const stateOf = (files: FileView) =>
  namesIn(files, STATE)
    .filter((name) => name !== SEED)
    .map((name) => `${STATE}/${name}`);

function find({ files }: SealView): Trait[] {
  const fstab = files.readText(FSTAB) ?? '';
  const state = stateOf(files).length === 0 ? [] : [STATE];
  const lines = withoutCloudInit(fstab) === fstab ? [] : [FSTAB];
  return [...state, ...namedFiles(files, CONFIGS), ...lines].map((path) => ({
    path,
    severity: 'warning',
    what: 'what cloud-init knows of its instance, or wrote for it',
  }));
}

function seal(view: SealView): Change[] {
  const { files } = view;
  if (find(view).length === 0) return [];
  const fstab = files.readText(FSTAB);
  const cleaners = files.list(CLEANERS).map((name) => `${CLEANERS}/${name}`);
  return [
    ...cleaners
      .filter((path) => examineExecutable(files, path).state === 'executable')
      .map(
        (path): Change => ({
          kind: 'run-command',
          argv: [path],
          timeoutSeconds: CLEANER_SECONDS,
          reportOutput: true,
          why: 'as cloud-init clean does',
        }),
      ),
    ...namedFiles(files, CONFIGS).map((path): Change => ({ kind: 'remove-file', path })),
    ...(fstab === undefined
      ? []
      : ensureFile(files, { path: FSTAB, content: withoutCloudInit(fstab), mode: 0o644 })),
    ...stateOf(files).map((path): Change => ({ kind: 'remove-tree', path })),
  ];
}

/** As `cloud-init clean --logs --configs all`; a seed in the image stays. */
export const cloudInit: SealPart = { name: 'cloud-init', what: 'state of cloud-init', find, seal };
