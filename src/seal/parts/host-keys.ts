import type { Trait } from '../../identity/part.ts';
import { hostKeys as identityPart } from '../../identity/parts/host-keys.ts';
import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import { readSettings } from '../../machine/settings/settings.ts';
import {
  defaultHostKey,
  HOST_KEY_TYPES,
  hostKeysOf,
  readSshdConfig,
} from '../../machine/system/sshd-config.ts';
import { enabledUnits, UNIT_DIRECTORIES } from '../../machine/system/units.ts';
import type { SealPart, SealView } from '../part.ts';
import { isThere } from '../walk.ts';

/** Keys that lie beside those that are loaded, such as one of a type that is not offered any more. */
const DEFAULT_NAME = /^ssh_host_.*_key$/;

const SSH_DIRECTORY = '/etc/ssh';

/** Fedora's, one instance for each type of key. */
const KEYGEN_TARGET = 'sshd-keygen.target';
/** Debian 13's, which runs at a boot that systemd takes for the first one. */
const KEYGEN_SERVICE = 'sshd-keygen.service';

const textOfUnit = (files: FileView, unit: string) =>
  UNIT_DIRECTORIES.map((directory) => files.readText(`${directory}/${unit}`)).find(
    (text) => text !== undefined,
  );

/** Who makes the default keys of a guest that has none, at its first boot; undefined if nobody does. */
export function makerOfKeys({ files, choices }: SealView): string | undefined {
  const isEnabled = enabledUnits(files);
  if (isEnabled('gandi-config.service') && readSettings(files).switches.CONFIG_SSHD) return 'gandi-config';
  if (isEnabled('cloud-init.service') && !isThere(files, '/etc/cloud/cloud-init.disabled'))
    return 'cloud-init';
  if (textOfUnit(files, KEYGEN_TARGET) !== undefined) return KEYGEN_TARGET;
  const service = isEnabled(KEYGEN_SERVICE) ? textOfUnit(files, KEYGEN_SERVICE) : undefined;
  if (service === undefined) return undefined;
  return choices.firstBoot || !/^ConditionFirstBoot=yes/m.test(service) ? KEYGEN_SERVICE : undefined;
}

const DEFAULTS: readonly string[] = HOST_KEY_TYPES.map(defaultHostKey);

/** Private keys that there are: those that sshd loads, and others of the usual names. */
function keysOf(files: FileView): string[] {
  const usual = files
    .list(SSH_DIRECTORY)
    .filter((name) => DEFAULT_NAME.test(name))
    .map((name) => `${SSH_DIRECTORY}/${name}`);
  return [...new Set([...hostKeysOf(files), ...usual])].filter((path) => isThere(files, path));
}

/** One that nobody makes again stays, if sshd is told to load it. */
function keptKeys(view: SealView): string[] {
  const named = readSshdConfig(view.files).hostKeys;
  const isMade = makerOfKeys(view) !== undefined;
  return keysOf(view.files).filter((path) => {
    const isNamed = named.includes(path) || (named.length === 0 && DEFAULTS.includes(path));
    return isNamed && !(isMade && DEFAULTS.includes(path));
  });
}

/** Certificates of the keys, which say the golden guest's name. */
function certificates(files: FileView): string[] {
  const { values } = readSshdConfig(files);
  const named = values.get('hostcertificate')?.values.slice(0, 1) ?? [];
  const beside = keysOf(files).map((path) => `${path}-cert.pub`);
  return [...new Set([...named, ...beside])].filter((path) => isThere(files, path));
}

function find(view: SealView): Trait[] {
  const { files } = view;
  const kept = keptKeys(view);
  const nobody =
    'an SSH host key that nothing would make again: it stays; make it anew in each clone, or enable gandi-config';
  return [
    ...keysOf(files).map(
      (path): Trait => ({
        path,
        severity: 'error',
        what: kept.includes(path) ? nobody : 'an SSH host key',
      }),
    ),
    ...certificates(files).map(
      (path): Trait => ({ path, severity: 'error', what: 'a certificate of a host key' }),
    ),
  ];
}

function seal(view: SealView): Change[] {
  const { files } = view;
  const kept = keptKeys(view);
  const paths = keysOf(files)
    .filter((path) => !kept.includes(path))
    // The key itself is by what the rest of it is found: after a cut, too.
    .flatMap((path) => [`${path}.pub`, path]);
  return [
    ...(identityPart.tidy?.({ files }) ?? []),
    ...[...certificates(files), ...paths]
      .filter((path) => isThere(files, path))
      .map((path): Change => ({ kind: 'remove-file', path })),
  ];
}

/** A guest whose SSH server finds no key cannot be reached: a key that nobody would make again stays. */
export const hostKeys: SealPart = {
  name: identityPart.name,
  what: 'SSH host keys and their certificates',
  find,
  seal,
};
