import { type HostNames, namesOf } from './host-name.ts';
import { describeYaml, type Findings } from './map-reader.ts';
import { quote } from './problem.ts';
import { isYamlScalar, type YamlValue } from './yaml/yaml-text.ts';

/** The host name of a field, with its domain where it has one; what is none is refused. */
export function readNames(value: YamlValue, path: string, findings: Findings): HostNames {
  const names = isYamlScalar(value) ? namesOf(value.text) : undefined;
  if (names === undefined) {
    const found = isYamlScalar(value) ? quote(value.text) : describeYaml(value);
    findings.refuse(path, found, 'a host name (RFC 1123), or one with its domain');
    return {};
  }
  findings.origin('host name', names.hostName, path);
  findings.origin('full name', names.fqdn, path);
  return names;
}
