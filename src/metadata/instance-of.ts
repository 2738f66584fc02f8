import type { FileView } from '../machine/files/files.ts';
import { dmiText } from './dmi.ts';
import type { HostConfiguration } from './guest-config.ts';

/** What tells this guest to its host: what its source calls it, or else the machine's number in SMBIOS. */
export function instanceOf(
  files: Pick<FileView, 'readText'>,
  { instanceId }: Pick<HostConfiguration, 'instanceId'>,
): string | undefined {
  const uuid = instanceId ?? dmiText(files, 'product_uuid')?.toLowerCase();
  return uuid === '' ? undefined : uuid;
}
