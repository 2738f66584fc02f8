import { parseJsonText } from '../fields/json/json-text.ts';
import type { TextFault } from '../fields/utf8-text.ts';
import { parseYamlText, type YamlValue, yamlOfJson } from '../fields/yaml/yaml-text.ts';

/**
 * Parses a file that should be JSON and is YAML where a user wrote it, as with KubeVirt.
 * @returns the document, undefined where the file is empty
 */
export function parseDocument(bytes: Uint8Array): { document: YamlValue | undefined } | { fault: TextFault } {
  const json = parseJsonText(bytes);
  return 'document' in json ? { document: yamlOfJson(json.document) } : parseYamlText(bytes);
}
