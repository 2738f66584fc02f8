import { hostNamesOf } from '../fields/host-name.ts';
import { Findings } from '../fields/map-reader.ts';
import { withPlainLineEnds } from '../fields/plain-line-ends.ts';
import { limited, quote } from '../fields/problem.ts';
import { keyLine, parseSshKeys, shortKey } from '../fields/ssh-key.ts';
import { decodeUtf8 } from '../fields/utf8-text.ts';
import type { Group, GuestConfig, ParsedConfig } from '../guest-config.ts';
import { readConfigToml } from './config-toml.ts';
import type { CpioFiles } from './device.ts';

/** Bytes of the largest file of text; a script may be longer. */
const TEXT_BYTES_LIMIT = 64 * 1024;
/** The metadata-agent gives its script this long. */
const SCRIPT_SECONDS = 3600;

/** What one file asks for; used where nothing refuses it. */
interface Part {
  config: GuestConfig;
  findings: Findings;
}

/**
 * Turns the files of a CPIO device into the guest's configuration, as illumos's metadata-agent does
 * (src/provider/generic.rs): host name, keys of root, a script that runs at each boot until it succeeds, and DHCPv4 on the
 * first interface. Never throws: what is wrong becomes problems; a wrong file costs what it is about.
 */
export function parseCpio(files: CpioFiles): ParsedConfig {
  const parts = [
    parseNetwork(files['config.toml']),
    parseNodeName(files.nodename),
    parseKeys(files.authorized_keys),
    parseScript(files['firstboot.sh']),
  ];
  const usable = parts.filter(({ findings }) => findings.refusing.length === 0);
  const refused = parts.flatMap(({ config, findings: { refusing, passedOver } }): Group[] => {
    const problems = [...refusing, ...(Object.keys(config).length === 0 ? passedOver : [])];
    return [...new Set(problems.map(({ group }) => group))];
  });
  return {
    config: Object.assign({}, ...usable.map(({ config }) => config)),
    problems: parts.flatMap(({ findings: { refusing, passedOver } }) => {
      const all = [...refusing, ...passedOver];
      return limited(all[0]?.group ?? 'source', all);
    }),
    refused,
    origins: usable.flatMap(({ findings }) => findings.origins),
  };
}

/** One interface asks by DHCP unless the file says that none is to be touched. */
function parseNetwork(bytes: Uint8Array | undefined): Part {
  const findings = new Findings('config.toml', 'network');
  const isSkipped = bytes !== undefined && readConfigToml(bytes, findings);
  if (isSkipped) {
    findings.origin('network', 'left as it is', 'network.skip');
    return { config: {}, findings };
  }
  const why = bytes === undefined ? 'is not there' : 'does not say network.skip';
  findings.origin('DHCPv4 of interface 0', 'yes', why);
  return { config: { interfaces: [{ number: 0, addresses: [], dhcp4: {} }] }, findings };
}

function parseNodeName(bytes: Uint8Array | undefined): Part {
  const findings = new Findings('nodename', 'host-name');
  const text = readText(bytes, findings)?.trim() ?? '';
  const names = hostNamesOf(text);
  if (names === undefined) findings.refuse('', quote(text), 'a host name (RFC 1123), or one with its domain');
  findings.origin('host name', names?.hostName, '');
  findings.origin('full name', names?.fqdn, '');
  return { config: names ?? {}, findings };
}

function parseKeys(bytes: Uint8Array | undefined): Part {
  const findings = new Findings('authorized_keys', 'user');
  const { keys, faults } = parseSshKeys(readText(bytes, findings) ?? '');
  for (const { found, expected } of faults) findings.passOver('', found, expected);
  for (const key of keys) findings.origin('SSH key of root', shortKey(key), '');
  return {
    config: keys.length > 0 ? { users: [{ name: 'root', sshKeys: keys.map(keyLine) }] } : {},
    findings,
  };
}

function parseScript(bytes: Uint8Array | undefined): Part {
  const findings = new Findings('firstboot.sh', 'post-boot');
  if (bytes === undefined) return { config: {}, findings };
  const content = withPlainLineEnds(Buffer.from(bytes));
  if (!content.subarray(0, 3).equals(Buffer.from('#!/'))) {
    findings.refuse(
      '',
      content.length === 0 ? 'nothing' : 'another beginning',
      'a script that begins with "#!/"',
    );
    return { config: {}, findings };
  }
  findings.origin('script at boot until it succeeds', `${content.length} bytes`, '');
  const script = {
    name: 'firstboot',
    content: content.toString('base64'),
    when: 'post-boot',
    repeat: 'until-success',
    timeoutSeconds: SCRIPT_SECONDS,
  } as const;
  return { config: { scripts: [script] }, findings };
}

function readText(bytes: Uint8Array | undefined, findings: Findings): string | undefined {
  if (bytes === undefined) return undefined;
  const decoded = decodeUtf8(bytes, TEXT_BYTES_LIMIT, 'text');
  if ('text' in decoded) return decoded.text;
  findings.refuse('', decoded.fault.found, decoded.fault.expected);
  return undefined;
}
