import { type Findings, quoteKey } from '../fields/map-reader.ts';
import { decodeUtf8 } from '../fields/utf8-text.ts';

const TOML_BYTES_LIMIT = 64 * 1024;
/** The file has two. */
const LEVELS_LIMIT = 32;

/** The parser is read from disk and set up where there is such a file, and only there. */
const loadToml = () => require('smol-toml') as typeof import('smol-toml');

/**
 * Reads `config.toml`, of which `skip` in the table `network` alone means something.
 * @returns whether the network is left alone
 */
export function readConfigToml(bytes: Uint8Array, findings: Findings): boolean {
  const decoded = decodeUtf8(bytes, TOML_BYTES_LIMIT, 'TOML text');
  if ('fault' in decoded) {
    findings.refuse('', decoded.fault.found, decoded.fault.expected);
    return false;
  }
  const document = parse(decoded.text, findings) ?? {};
  const { network = {}, ...others } = document;
  tellOthers(Object.keys(others), '', findings);
  if (typeof network !== 'object' || Array.isArray(network) || network instanceof Date) {
    findings.refuse('network', 'a value', 'a table');
    return false;
  }
  const { skip = false, ...rest } = network;
  tellOthers(Object.keys(rest), 'network.', findings);
  if (typeof skip === 'boolean') return skip;
  findings.refuse('network.skip', 'another value', 'true or false');
  return false;
}

function parse(text: string, findings: Findings) {
  const { parse: parseToml, TomlError } = loadToml();
  try {
    return parseToml(text, { maxDepth: LEVELS_LIMIT });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    findings.refuse('', `a mistake at line ${error.line}, column ${error.column}`, 'TOML');
    return undefined;
  }
}

function tellOthers(keys: readonly string[], table: string, findings: Findings): void {
  for (const key of keys) {
    findings.passOver(
      `${table}${quoteKey(key)}`,
      'a key that does nothing here',
      '"skip" in the table "network"',
    );
  }
}
