import { isYamlMap, isYamlScalar } from '../../fields/yaml/yaml-text.ts';
import type { Part } from '../parts.ts';
import type { CloudConfig } from './cloud-config.ts';
import { mergeParts } from './documents.ts';

/** Keys by which the customer says whether the host's files count, with what these are called here. */
const FILES: Readonly<Record<string, string>> = {
  vendor_data: 'vendor-data',
  vendor_data2: 'vendor-data-2',
};

/**
 * The host's files of which the customer wants nothing: `vendor_data: {enabled: false}`
 * (https://cloudinit.readthedocs.io/en/latest/explanation/vendordata.html).
 * @param parts of the customer's #cloud-config
 */
export function refusedFiles(parts: readonly Part[]): string[] {
  const mayRefuse = parts.some(({ bytes }) => Buffer.from(bytes).includes('vendor_data'));
  const documents = mayRefuse ? mergeParts([parts], []) : new Map();
  return Object.entries(FILES).flatMap(([key, file]) => {
    const value = documents.get(key)?.value;
    const enabled = value !== undefined && isYamlMap(value) ? value.get('enabled') : undefined;
    const isOff = enabled !== undefined && isYamlScalar(enabled) && /^(?:false|no|off)$/i.test(enabled.text);
    return isOff ? [file] : [];
  });
}

/** Reads the same keys for what is said of them: without `enabled: false` the host's files count anyway. */
export function readHostData(config: CloudConfig): void {
  for (const [key, file] of Object.entries(FILES)) {
    const map = config.map(key, 'source');
    if (map?.flag('enabled') === false) map.findings.origin(file, 'none of it counts', `${key}.enabled`);
    if (map?.value('prefix') !== undefined)
      map.findings.passOver(map.at('prefix'), 'a key that is not done', 'scripts that need no other program');
    map?.finish();
  }
}
