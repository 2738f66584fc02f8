import { describeYaml, type Findings, quoteKey } from '../../fields/map-reader.ts';
import { quote } from '../../fields/problem.ts';
import {
  isYamlList,
  isYamlMap,
  isYamlScalar,
  type YamlList,
  type YamlValue,
} from '../../fields/yaml/yaml-text.ts';
import type { PackagesConfig } from '../../guest-config.ts';
import type { CloudConfig } from './cloud-config.ts';

/** A version behind a name: it is no option, and no range, but may be a pattern (apt-get(8), dnf(8)). */
const VERSION = /^[A-Za-z0-9][A-Za-z0-9.+:~^_*-]{0,99}$/;
/** Names as Debian, Red Hat and SUSE have them; `=` with a version, or its pattern, as apt takes it. */
const NAME = /^[A-Za-z0-9@][A-Za-z0-9.+_:~^@()-]{0,199}(?:=[A-Za-z0-9.+_:~^*-]{1,99})?$/;

/** `packages`, `package_update` and `package_upgrade`, with their older names (cc_package_update_upgrade_install). */
export function readPackages(config: CloudConfig): PackagesConfig | undefined {
  const update = flagOf(config, 'package_update', 'apt_update');
  const upgrade = flagOf(config, 'package_upgrade', 'apt_upgrade');
  const isRestarted = flagOf(config, 'package_reboot_if_required', 'apt_reboot_if_required') === true;
  const names = (config.list('packages', 'packages', 'a list of names') ?? []).flatMap(
    ({ value, path, findings }) => namesOf(value, path, findings),
  );
  if (!update && !upgrade && names.length === 0) return undefined;
  return {
    ...(update ? { update } : {}),
    ...(upgrade ? { upgrade } : {}),
    ...(isRestarted ? { restart: 'if-required' as const } : {}),
    names: [...new Set(names)],
  };
}

function flagOf(config: CloudConfig, key: string, older: string): true | undefined {
  const isOn = [older, key].map((name) => {
    const reader = config.reader(name, 'packages');
    const flag = reader.flag(name);
    reader.findings.origin(key.replaceAll('_', ' '), flag === undefined ? undefined : String(flag), name);
    return flag;
  });
  return isOn.findLast((flag) => flag !== undefined) === true ? true : undefined;
}

function namesOf(value: YamlValue, path: string, findings: Findings): string[] {
  if (isYamlMap(value)) return namesOfManagers(value, path, findings);
  if (isYamlList(value)) return versionedName(value, path, findings);
  if (!isYamlScalar(value) || !NAME.test(value.text)) {
    findings.refuse(path, describeYaml(value), 'the name of a package');
    return [];
  }
  findings.origin('package', value.text, path);
  return [value.text];
}

/** `[name, version]`, as `name=version`. */
function versionedName(value: YamlList, path: string, findings: Findings): string[] {
  const [name = '', version, ...rest] = value.map((item) => (isYamlScalar(item) ? item.text : ''));
  if (version === undefined || rest.length > 0 || !NAME.test(name) || !VERSION.test(version)) {
    const found = `a list of ${value.length}, ${quote([name, version ?? '', ...rest].join(', '))}`;
    findings.refuse(path, found, 'a name and a version, such as [nginx, "1.22.1-9"]');
    return [];
  }
  findings.origin('package', `${name} of version ${version}`, path);
  return [`${name}=${version}`];
}

/** Lists by package manager: the distribution's own takes its names, others are not started. */
function namesOfManagers(map: ReadonlyMap<string, YamlValue>, path: string, findings: Findings): string[] {
  return [...map].flatMap(([manager, list]) => {
    const place = `${path}.${quoteKey(manager)}`;
    if (!['apt', 'dnf', 'yum', 'zypper'].includes(manager) || !isYamlList(list)) {
      findings.refuse(place, 'packages of another manager', 'names of the distribution’s own packages');
      return [];
    }
    return list.flatMap((item, index) =>
      isYamlMap(item) ? [] : namesOf(item, `${place}[${index}]`, findings),
    );
  });
}
