import { describe, expect, it, test } from 'vitest';
import { saidBy } from '../said.ts';

/** What a key asks for is done, told with what to write instead, or of no effect on a guest. */
type Fate = 'done' | 'told' | 'without effect';

/**
 * Every top-level key of cloud-init 26.2's schema (cloudinit/config/schemas/schema-cloud-config-v1.json), with a value that
 * asks for something.
 */
const KEYS: readonly [key: string, value: string, fate: Fate][] = [
  ['allow_public_ssh_keys', 'true', 'without effect'],
  ['ansible', '{package_name: ansible-core}', 'told'],
  ['apk_repos', '{preserve_repositories: true, base_url: "http://a.example"}', 'told'],
  ['apt', '{proxy: "http://192.0.2.1:3142"}', 'done'],
  ['apt_pipelining', 'os', 'told'],
  // Where there are no packages, there is no restart for them.
  ['apt_reboot_if_required', 'true', 'without effect'],
  ['apt_update', 'true', 'done'],
  ['apt_upgrade', 'true', 'done'],
  ['authkey_hash', 'sha512', 'without effect'],
  ['autoinstall', '{version: 1}', 'told'],
  ['bootcmd', '[a]', 'done'],
  ['byobu_by_default', 'enable', 'told'],
  ['ca-certs', '{trusted: [x]}', 'told'],
  ['ca_certs', '{trusted: [x]}', 'told'],
  ['chef', '{server_url: "https://a.example"}', 'told'],
  ['chpasswd', '{list: "root:x"}', 'done'],
  ['cloud_config_modules', '[runcmd]', 'told'],
  ['cloud_final_modules', '[runcmd]', 'told'],
  ['cloud_init_modules', '[runcmd]', 'told'],
  ['create_hostname_file', 'true', 'without effect'],
  ['device_aliases', '{a: /dev/vdb}', 'told'],
  ['disable_ec2_metadata', 'true', 'without effect'],
  ['disable_root', 'true', 'done'],
  ['disable_root_opts', 'x', 'told'],
  ['disk_setup', '{/dev/vdb: {layout: true}}', 'told'],
  ['drivers', '{nvidia: {license-accepted: true}}', 'told'],
  ['fan', '{config: x}', 'told'],
  ['final_message', 'x', 'done'],
  ['fqdn', 'a.example', 'done'],
  ['fs_setup', '[{device: /dev/vdb, filesystem: ext4}]', 'told'],
  ['groups', '[a]', 'done'],
  ['growpart', '{mode: off}', 'done'],
  ['grub-dpkg', '{enabled: true}', 'told'],
  ['grub_dpkg', '{enabled: true}', 'told'],
  ['hostname', 'a', 'done'],
  ['keyboard', '{layout: de}', 'done'],
  ['landscape', '{client: {url: "https://a.example"}}', 'told'],
  ['launch-index', '1', 'told'],
  ['locale', 'C.UTF-8', 'done'],
  ['locale_configfile', '/etc/x', 'told'],
  ['lxd', '{init: {storage_backend: dir}}', 'told'],
  ['manage-resolv-conf', 'true', 'told'],
  ['manage_etc_hosts', 'true', 'done'],
  ['manage_resolv_conf', 'true', 'told'],
  ['mcollective', '{conf: {a: b}}', 'told'],
  ['merge_how', 'list(append)', 'without effect'],
  ['merge_type', 'list(append)', 'without effect'],
  ['migrate', 'true', 'without effect'],
  ['mount_default_fields', '[null, null, xfs]', 'without effect'],
  ['mounts', '[[vdb, /mnt]]', 'done'],
  ['no_ssh_fingerprints', 'true', 'without effect'],
  ['ntp', '{servers: [a.example]}', 'done'],
  ['output', '{all: x}', 'without effect'],
  ['package_reboot_if_required', 'true', 'without effect'],
  ['package_update', 'true', 'done'],
  ['package_upgrade', 'true', 'done'],
  ['packages', '[a]', 'done'],
  ['password', 'x', 'done'],
  ['phone_home', '{url: "https://a.example"}', 'told'],
  ['power_state', '{mode: reboot}', 'done'],
  ['prefer_fqdn_over_hostname', 'true', 'told'],
  ['preserve_hostname', 'true', 'without effect'],
  ['puppet', '{install: true}', 'told'],
  ['random_seed', '{data: x}', 'told'],
  ['reporting', '{a: {type: log}}', 'told'],
  ['resize_rootfs', 'false', 'done'],
  ['resolv_conf', '{nameservers: [192.0.2.1]}', 'told'],
  ['rh_subscription', '{username: x}', 'told'],
  ['rpi', '{interfaces: {spi: true}}', 'told'],
  ['rsyslog', '{configs: [x]}', 'told'],
  ['runcmd', '[a]', 'done'],
  ['salt_minion', '{conf: {a: b}}', 'told'],
  ['snap', '{commands: [a]}', 'told'],
  ['spacewalk', '{server: a.example}', 'told'],
  ['ssh', '{emit_keys_to_console: false}', 'without effect'],
  [
    'ssh_authorized_keys',
    '["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ"]',
    'done',
  ],
  ['ssh_deletekeys', 'true', 'without effect'],
  ['ssh_fp_console_blacklist', '[a]', 'without effect'],
  ['ssh_genkeytypes', '[rsa]', 'told'],
  ['ssh_import_id', '["gh:me"]', 'told'],
  ['ssh_key_console_blacklist', '[a]', 'without effect'],
  ['ssh_keys', '{rsa_private: x}', 'told'],
  ['ssh_publish_hostkeys', '{enabled: true}', 'told'],
  ['ssh_pwauth', 'true', 'done'],
  ['ssh_quiet_keygen', 'true', 'without effect'],
  ['ssh_redirect_user', 'true', 'told'],
  ['swap', '{size: 1G}', 'done'],
  ['system_info', '{default_user: {name: me}}', 'without effect'],
  ['timezone', 'Etc/UTC', 'done'],
  ['ubuntu_advantage', '{token: x}', 'told'],
  ['ubuntu_pro', '{token: x}', 'told'],
  ['updates', '{network: {when: [boot]}}', 'told'],
  ['user', 'me', 'done'],
  ['users', '[a]', 'done'],
  ['vendor_data', '{enabled: true}', 'without effect'],
  ['vendor_data2', '{prefix: /bin/nice}', 'told'],
  ['version', 'v1', 'without effect'],
  ['wireguard', '{interfaces: [{name: wg0}]}', 'told'],
  ['write_files', '[{path: /a, content: x}]', 'done'],
  ['yum_repo_dir', '/etc/x', 'told'],
  ['yum_repos', '{a: {baseurl: "https://a.example"}}', 'told'],
  ['zypper', '{repos: [{id: a}]}', 'told'],
];

describe('every key that cloud-init knows', () => {
  test.each(KEYS)('%s: %s is %s', async (key, value, fate) => {
    const { config, lines } = await saidBy(`${key}: ${value}`);
    const found: Fate =
      lines.length > 0 ? 'told' : Object.keys(config).length > 0 ? 'done' : 'without effect';
    expect([found, lines]).toEqual([fate, lines]);
    // Known: that it does nothing here would be said of a word nobody knows.
    expect(lines.join('\n')).not.toContain('does nothing here');
    expect(lines.length).toBeLessThan(2);
  });

  it('has one line here', () => {
    const names = KEYS.map(([key]) => key);
    expect(names).toEqual([...new Set(names)].sort());
  });
});

test.each(['package-update: true', 'ssh-authorized-keys: []', 'write-files: []'])(
  'a dash in place of a line, as in %s, is told with the right key',
  async (yaml) => {
    const { lines } = await saidBy(yaml.replace('[]', '[x]'));
    expect(lines).toEqual([expect.stringMatching(/: a key that does nothing here$/)]);
  },
);
