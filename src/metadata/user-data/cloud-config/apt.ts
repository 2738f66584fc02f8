import { describeYaml, MapReader, quoteKey } from '../../fields/map-reader.ts';
import { quote } from '../../fields/problem.ts';
import { isYamlList, isYamlMap } from '../../fields/yaml/yaml-text.ts';
import type { AptConfig, GuestConfig } from '../../guest-config.ts';
import { type CloudConfig, isRefused } from './cloud-config.ts';

const CONFIGURATION = '/etc/apt/apt.conf.d';
const URI = /^(?:https?|ftp):\/\/[\w.:@%/?&=+~[\]-]{1,500}$/;
const URI_EXPECTED = 'an address that begins with http:// or https://';
const TEXT_CHARACTERS = 256 * 1024;
const KEY_START = '-----BEGIN PGP PUBLIC KEY BLOCK-----';

/** Keys of `apt` that nothing is done about, with what does the same. */
const LEFT: Readonly<Record<string, string>> = {
  add_apt_repo_match: '"source" with the whole line',
  debconf_selections: 'a line of "bootcmd" with debconf-set-selections',
  disable_suites: '"write_files" to /etc/apt/sources.list',
  sources_list: '"write_files" to /etc/apt/sources.list',
};

/** `apt` (cc_apt_configure): what its settings, sources and mirrors are, as far as no network is asked for it. */
export function readApt(config: CloudConfig): Pick<GuestConfig, 'apt'> {
  const apt = config.map('apt', 'packages');
  if (apt === undefined) return {};
  const isPreserved = apt.flag('preserve_sources_list') === true;
  const mirrors = { primary: readMirror(apt, 'primary'), security: readMirror(apt, 'security') };
  const files = [...readConfiguration(apt), ...readSources(config, apt)];
  for (const [key, instead] of Object.entries(LEFT))
    if (apt.value(key) !== undefined) apt.findings.passOver(apt.at(key), 'a key that is not done', instead);
  apt.finish();
  const { primary, security } = isPreserved ? {} : mirrors;
  const asked: AptConfig = {
    files,
    ...(primary === undefined ? {} : { primary }),
    ...(security === undefined ? {} : { security }),
  };
  const isAsked = files.length > 0 || primary !== undefined || security !== undefined;
  return isAsked ? { apt: asked } : {};
}

const isText = (text: string) => text.length <= TEXT_CHARACTERS && !/[^\P{Cc}\n\t]|\p{Cs}/u.test(text);

function readConfiguration(apt: MapReader): AptConfig['files'] {
  const text = apt.parsed('conf', 'settings as in apt.conf(5)', (said) => (isText(said) ? said : undefined));
  apt.findings.origin('settings of apt', text && quote(text), apt.at('conf'));
  const proxies = [
    ['proxy', 'http'],
    ['http_proxy', 'http'],
    ['https_proxy', 'https'],
    ['ftp_proxy', 'ftp'],
  ].flatMap(([key = '', scheme]) => {
    const uri = apt.parsed(key, URI_EXPECTED, (said) => (URI.test(said) ? said : undefined));
    apt.findings.origin('proxy of apt', uri, apt.at(key));
    return uri === undefined ? [] : [`Acquire::${scheme}::Proxy "${uri}";\n`];
  });
  return [
    ...(text === undefined ? [] : [{ path: `${CONFIGURATION}/94gandi-guest`, text: `${text.trimEnd()}\n` }]),
    ...(proxies.length === 0
      ? []
      : [{ path: `${CONFIGURATION}/90gandi-guest-proxy`, text: proxies.join('') }]),
  ];
}

/** The address of the entry that is for every architecture, which is the only one but in rare images. */
function readMirror(apt: MapReader, key: 'primary' | 'security'): string | undefined {
  const found: string[] = [];
  for (const { value, path } of apt.items(key)) {
    const entry = MapReader.of(value, path, apt.findings);
    entry.value('arches');
    const uri = entry.parsed('uri', URI_EXPECTED, (said) => (URI.test(said) ? said : undefined));
    for (const name of ['search', 'search_dns', 'keyid', 'keyserver', 'key'])
      if (entry.value(name) !== undefined)
        entry.findings.passOver(entry.at(name), 'a key that is not done', '"uri" with the address itself');
    entry.finish();
    if (uri !== undefined) found.push(uri.replace(/\/+$/, ''));
  }
  const [mirror, other] = found;
  if (other !== undefined)
    apt.findings.passOver(apt.at(key), `${found.length} mirrors`, 'one: the first is taken');
  apt.findings.origin(key === 'primary' ? 'mirror' : 'mirror of security updates', mirror, apt.at(key));
  return mirror;
}

/** Sources by name; one that is wrong costs itself alone, for each could keep apt from reading all others. */
function readSources(config: CloudConfig, apt: MapReader): AptConfig['files'] {
  const value = apt.value('sources');
  if (value === undefined) return [];
  if (!isYamlMap(value)) {
    apt.refuse('sources', describeYaml(value), 'a map of names');
    return [];
  }
  return [...value].flatMap(([name, entry]) => {
    const path = `${apt.at('sources')}.${quoteKey(name)}`;
    return sourceOf(name, MapReader.of(entry, path, config.findings('apt', 'packages')));
  });
}

const nameOf = (text: string) => {
  const name = text.replace(/^\/etc\/apt\/sources\.list\.d\//, '').replace(/\.list$/, '');
  return /^[A-Za-z0-9_][\w.+-]{0,99}$/.test(name) ? name : undefined;
};

function sourceOf(key: string, entry: MapReader): AptConfig['files'] {
  const { findings } = entry;
  const line = entry.parsed('source', 'a line "deb https://… $RELEASE main"', (text) =>
    /^deb(?:-src)?\s[^\n]*$/.test(text.trim()) && isText(text) ? text.trim() : undefined,
  );
  const name = nameOf(entry.text('filename') ?? key);
  const armored = entry.parsed('key', 'a key with its lines of dashes', (text) =>
    text.trim().startsWith(KEY_START) && isText(text) ? `${text.trim()}\n` : undefined,
  );
  const append = entry.value('append');
  const isFetched = entry.value('keyid') !== undefined && armored === undefined;
  entry.value('keyserver');
  entry.finish();
  if (append !== undefined && isYamlList(append)) entry.refuse('append', 'a list', 'true or false');
  if (isFetched)
    entry.refuse('keyid', 'a key of the network, which is not asked', '"key" with the key itself');
  if (name === undefined) entry.refuse('filename', quote(key), 'a name of letters, digits, "-" and "_"');
  if (line === undefined && armored === undefined && !isRefused(findings))
    entry.refuse('source', 'nothing', 'a line "deb https://… $RELEASE main"');
  if (isRefused(findings) || name === undefined) return [];
  findings.origin(`source ${name} of apt`, line ?? 'a key', entry.at('source'));
  return filesOf(name, line, armored);
}

/** A key that a line names is for that source alone; any other is for all. */
function filesOf(name: string, line: string | undefined, armored: string | undefined): AptConfig['files'] {
  const isNamed = line?.includes('$KEY_FILE') === true;
  const keyFile = `${isNamed ? '/etc/apt/keyrings' : '/etc/apt/trusted.gpg.d'}/gandi-guest-${name}.asc`;
  return [
    ...(armored === undefined ? [] : [{ path: keyFile, text: armored }]),
    ...(line === undefined
      ? []
      : [
          {
            path: `/etc/apt/sources.list.d/${name}.list`,
            text: `${line.replaceAll('$KEY_FILE', keyFile)}\n`,
            isTemplate: true as const,
          },
        ]),
  ];
}
