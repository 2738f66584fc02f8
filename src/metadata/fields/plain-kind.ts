import { isNull, type YamlScalar } from './yaml/yaml-text.ts';

/**
 * What PyYAML makes of plain scalars (its resolver.py): texts without quotes that are none to the programs for which such
 * files are written.
 */
const NUMBER =
  /^[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|\.inf|\.Inf|\.INF)$|^\.(?:nan|NaN|NAN)$/;
const BOOLEAN = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const DATE =
  /^\d{4}-\d\d-\d\d$|^\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?$/;

/** What a scalar is in YAML 1.1. */
export function plainKind(scalar: YamlScalar): 'text' | 'number' | 'boolean' | 'date' | 'nothing' {
  if (!scalar.isPlain) return 'text';
  if (isNull(scalar)) return 'nothing';
  if (BOOLEAN.test(scalar.text)) return 'boolean';
  if (NUMBER.test(scalar.text)) return 'number';
  return DATE.test(scalar.text) ? 'date' : 'text';
}
