import type { FileView } from '../../machine/files/files.ts';
import { encodeText } from '../../machine/formats/text/text-bytes.ts';
import type { Problem } from '../guest-config.ts';

/** Names of the credentials that mean something here. */
export const CREDENTIAL_NAMES = ['gandi.config', 'gandi.user-data'] as const;
export type CredentialName = (typeof CREDENTIAL_NAMES)[number];

/** A value, and where it stood. */
export interface Credential {
  value: Uint8Array;
  /** For people: `SMBIOS type 11`. */
  place: string;
}

export interface Credentials {
  found: { [Name in CredentialName]?: Credential };
  /** Values that cannot be read. */
  problems: Problem[];
}

type Firmware = Pick<FileView, 'readText' | 'status'>;

/** QEMU's, by a driver that udev and systemd load (Documentation/ABI/testing/sysfs-firmware-qemu_fw_cfg). */
const fwCfgFile = (name: CredentialName) =>
  `/sys/firmware/qemu_fw_cfg/by_name/opt/io.systemd.credentials/${name}/raw`;
/** OEM strings, by the dmi-sysfs driver (Documentation/ABI/testing/sysfs-firmware-dmi-entries). */
const smbiosFile = (number: number) => `/sys/firmware/dmi/entries/11-${number}/raw`;
/** Tables of that type that are looked at; virtual machines have one. */
const TABLES_LIMIT = 16;
/** Bytes of the largest value. */
const VALUE_BYTES_LIMIT = 16 * 1024 * 1024;

/** The head of a table of SMBIOS: type, length, and a handle of two bytes (DSP0134, 6.1.2). */
const HEAD_BYTES = 4;

/**
 * The strings of a table of SMBIOS: they lie behind its formatted part, each with a zero behind it
 * (DSP0134, 6.1.3).
 */
export function smbiosStrings(table: Uint8Array): Buffer[] {
  const [, length = 0] = table;
  if (table.length < HEAD_BYTES || length < HEAD_BYTES) return [];
  const strings: Buffer[] = [];
  for (let from = length; from < table.length; ) {
    const end = table.indexOf(0, from);
    const to = end < 0 ? table.length : end;
    if (to === from) break;
    strings.push(Buffer.from(table.subarray(from, to)));
    from = to + 1;
  }
  return strings;
}

/** As systemd reads them (systemd.system-credentials(7), "Well known system credentials"; src/core/import-creds.c). */
const TEXT = 'io.systemd.credential:';
const BINARY = 'io.systemd.credential.binary:';

/** Whether there may be any, without reading one. */
export const mayHaveCredentials = (files: Firmware): boolean =>
  CREDENTIAL_NAMES.some((name) => files.status(fwCfgFile(name)) !== undefined) ||
  files.status(smbiosFile(0)) !== undefined;

/**
 * The credentials that a virtual machine's firmware brings, of QEMU's fw_cfg before those of SMBIOS; of several of a name the first
 * one counts, as for systemd.
 * @throws the system's error if a file that is there cannot be read
 */
export function readCredentials(files: Firmware): Credentials {
  const credentials: Credentials = { found: {}, problems: [] };
  for (const name of CREDENTIAL_NAMES) {
    const path = fwCfgFile(name);
    const size = files.status(path)?.size;
    if (size === undefined) continue;
    if (size > VALUE_BYTES_LIMIT)
      credentials.problems.push(
        problem('fw_cfg', name, `${size} bytes`, `at most ${VALUE_BYTES_LIMIT} bytes`),
      );
    else credentials.found[name] = { value: encodeText(files.readText(path) ?? ''), place: 'fw_cfg' };
  }
  for (const string of firmwareStrings(files)) take(string, credentials);
  return credentials;
}

/**
 * The OEM strings of SMBIOS.
 * @throws the system's error if a table that is there cannot be read
 */
export function firmwareStrings(files: Firmware): Buffer[] {
  const strings: Buffer[] = [];
  for (let number = 0; number < TABLES_LIMIT; number++) {
    const path = smbiosFile(number);
    const text = files.status(path) === undefined ? undefined : files.readText(path);
    if (text === undefined) break;
    strings.push(...smbiosStrings(encodeText(text)));
  }
  return strings;
}

/** The value that a string gives a credential: its bytes, or text that should be base64 and is none; undefined if it is another's. */
export function credentialText(string: Buffer, name: string): Uint8Array | { notBase64: string } | undefined {
  const text = behind(string, `${TEXT}${name}=`);
  if (text !== undefined) return text;
  const base64 = behind(string, `${BINARY}${name}=`)?.toString('latin1');
  if (base64 === undefined) return undefined;
  const value = Buffer.from(base64, 'base64');
  const isWhole = value.toString('base64').replace(/=+$/, '') === base64.trim().replace(/=+$/, '');
  return isWhole ? value : { notBase64: base64 };
}

const problem = (place: string, name: CredentialName, found: string, expected: string): Problem => ({
  group: 'source',
  path: `${place} ${name}`,
  found,
  expected,
});

function take(string: Buffer, { found, problems }: Credentials): void {
  const place = 'SMBIOS type 11';
  for (const name of CREDENTIAL_NAMES) {
    if (found[name] !== undefined) continue;
    const value = credentialText(string, name);
    if (value instanceof Uint8Array) found[name] = { value, place };
    // What is secret is not shown.
    else if (value !== undefined)
      problems.push(
        problem(place, name, `${value.notBase64.length} characters that are not base64`, 'base64'),
      );
  }
}

const behind = (string: Buffer, start: string): Buffer | undefined =>
  string.subarray(0, start.length).equals(Buffer.from(start)) ? string.subarray(start.length) : undefined;
