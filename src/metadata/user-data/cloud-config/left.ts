import { quoteKey } from '../../fields/map-reader.ts';
import { nearestName } from '../../fields/nearest-name.ts';
import { isNull, isYamlScalar, type YamlValue } from '../../fields/yaml/yaml-text.ts';
import type { CloudConfig } from './cloud-config.ts';
import { readHostData } from './host-data.ts';

/** Keys of cloud-init that are not done, with what does the same where there is something. */
const NOT_DONE: Readonly<Record<string, string>> = {
  apk_repos: '"write_files" to /etc/apk/repositories',
  apt_pipelining: '"apt" with "conf", such as Acquire::http::Pipeline-Depth "0";',
  autoinstall: 'an image of an installer, which alone reads it',
  'launch-index': 'user-data for this guest alone',
  ssh_redirect_user: '"ssh_authorized_keys" of the user who is to log in',
  yum_repo_dir: '"write_files" below /etc/yum.repos.d',
  yum_repos: '"write_files" below /etc/yum.repos.d',
  zypper: '"write_files" below /etc/zypp',
  snap: 'a line of "runcmd"',
  ca_certs: '"write_files", and a line of "runcmd" that updates the store',
  'ca-certs': '"write_files", and a line of "runcmd" that updates the store',
  locale_configfile: 'no such key: the distribution’s file is written',
  resolv_conf: 'name servers in the network configuration',
  'manage-resolv-conf': 'name servers in the network configuration',
  manage_resolv_conf: 'name servers in the network configuration',
  network: 'a file network-config',
  ssh_import_id: '"ssh_authorized_keys" with the keys themselves',
  ssh_keys: '"write_files" below /etc/ssh with "permissions: \\"0600\\""',
  device_aliases: 'paths of devices in "mounts"',
};
const ELSEWHERE = [
  'alternatives',
  'ansible',
  'byobu_by_default',
  'chef',
  'cloud_config_modules',
  'cloud_final_modules',
  'cloud_init_modules',
  'datasource',
  'datasource_list',
  'disable_root_opts',
  'disk_setup',
  'drivers',
  'fan',
  'fs_setup',
  'grub_dpkg',
  'grub-dpkg',
  'landscape',
  'lxd',
  'mcollective',
  'phone_home',
  'puppet',
  'random_seed',
  'reporting',
  'rh_subscription',
  'rpi',
  'rsyslog',
  'salt_minion',
  'spacewalk',
  'ssh_genkeytypes',
  'ssh_publish_hostkeys',
  'swift',
  'ubuntu_advantage',
  'ubuntu_pro',
  'updates',
  'wireguard',
];

/** They ask for what happens anyway, or are about cloud-init's own output. */
const WITHOUT_EFFECT = [
  'allow_public_ssh_keys',
  'authkey_hash',
  'create_hostname_file',
  'disable_ec2_metadata',
  'final_message_template',
  'migrate',
  'no_ssh_fingerprints',
  'output',
  'pollinate',
  'ssh',
  'ssh_fp_console_blacklist',
  'ssh_key_console_blacklist',
  'ssh_quiet_keygen',
  'syslog_fix_perms',
  'version',
];

const LINES_LIMIT = 50;

/** Tells each key that nothing was done about, by one line; the rest was applied. */
export function tellLeft(config: CloudConfig): void {
  readHostKeys(config);
  readHostData(config);
  for (const key of WITHOUT_EFFECT) config.reader(key, 'source');
  const left = config.left.filter(([, { value }]) => asksForSomething(value));
  for (const [key] of left.slice(0, LINES_LIMIT)) {
    const [found, expected] = describeLeft(key, config.asked);
    config.findings(key, 'source').passOver(quoteKey(key), found, expected);
  }
  const more = left.length - LINES_LIMIT;
  if (more <= 0) return;
  const [[key] = ['']] = left.slice(-1);
  const found = `${more} more keys that are not done`;
  config.findings(key, 'source').passOver('', found, 'keys that gandi-guest knows');
}

const asksForSomething = (value: YamlValue) => {
  if (isYamlScalar(value)) return !isNull(value) && !/^(?:false|no|off)$/i.test(value.text);
  return 'length' in value ? value.length > 0 : value.size > 0;
};

function describeLeft(key: string, known: readonly string[]): [string, string] {
  if (Object.hasOwn(NOT_DONE, key)) return ['a key that is not done', NOT_DONE[key] ?? ''];
  if (ELSEWHERE.includes(key)) return ['a key that is not done', '"runcmd" or a script that does it'];
  const near = nearestName(key, known);
  return [
    'a key that does nothing here',
    near === undefined ? 'a key of cloud-init' : `a known key, such as "${near}"`,
  ];
}

/** Keys of a clone are made anew anyway, and those of any other guest never are. */
function readHostKeys(config: CloudConfig): void {
  const key = 'ssh_deletekeys';
  const reader = config.reader(key, 'source');
  if (reader.flag(key) === false)
    reader.findings.passOver(key, 'false, which is not done', 'CONFIG_IDENTITY=0 in the guest');
}
