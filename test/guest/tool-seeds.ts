import type { NamesForm } from './nocloud-seed.ts';
import { passwordHash } from './toolkit.ts';

/** A NoCloud volume as a tool writes it; the facts are of each project's own sources. */
export interface ToolSeed {
  readonly names: NamesForm;
  readonly files: Readonly<Record<string, string>>;
}

/** virt-install (virtinst/install/cloudinit.py). */
export const virtInstall = (key: string): ToolSeed => ({
  names: 'rock ridge and joliet',
  files: {
    'meta-data': '',
    'user-data': `#cloud-config
chpasswd:
  list: |
    root:s3cret-of-root
  expire: True
users:
  - default
  - name: root
    ssh_authorized_keys:
      - ${key}
ssh_authorized_keys:
  - ${key}
runcmd:
- echo "Disabled by virt-install" > /etc/cloud/cloud-init.disabled
`,
  },
});

/** Proxmox (PVE/QemuServer/Cloudinit.pm); each setting that is changed gives another id. */
export const proxmox = (key: string, id: string): ToolSeed => ({
  names: 'rock ridge',
  files: {
    'meta-data': `instance-id: ${id}\n`,
    'vendor-data': '',
    'network-config': `version: 1
config:
    - type: physical
      name: eth0
      mac_address: '52:54:00:67:61:00'
      subnets:
      - type: static
        address: '10.0.2.15'
        netmask: '255.255.255.0'
        gateway: '10.0.2.2'
    - type: nameserver
      address:
      - '10.0.2.3'
      search:
      - 'corp.example'
`,
    'user-data': `#cloud-config
hostname: pve1
manage_etc_hosts: true
fqdn: pve1.corp.example
user: admin
password: ${passwordHash}
ssh_authorized_keys:
  - ${key}
chpasswd:
  expire: False
users:
  - default
package_upgrade: true
`,
  },
});

/** KubeVirt (pkg/cloud-init/cloud-init.go): without a firmware UUID the id is another one at each start. */
export const kubeVirt = (id: string): ToolSeed => ({
  names: 'rock ridge and joliet',
  files: {
    'meta-data': `{"instance-id":"${id}","local-hostname":"vmi1"}`,
    'user-data': '#!/bin/sh\necho ran >> /root/kubevirt-runs',
    'network-config': 'version: 2\nethernets:\n  lan: {match: {name: "e*"}, dhcp4: true}\n',
  },
});

/** Terraform's libvirt provider, with what cloudinit_config makes of two parts. */
export function terraform(key: string): ToolSeed {
  const part = (type: string, name: string, text: string) =>
    [
      '--MIMEBOUNDARY',
      `Content-Disposition: attachment; filename="${name}"`,
      'Content-Transfer-Encoding: base64',
      `Content-Type: ${type}`,
      'Mime-Version: 1.0',
      '',
      Buffer.from(text).toString('base64'),
    ].join('\r\n');
  const user = `#cloud-config
users:
  - name: debian
    sudo: ALL=(ALL) NOPASSWD:ALL
    groups: users, admin
    shell: /bin/bash
    ssh_authorized_keys:
      - ${key}
ssh_pwauth: true
disable_root: false
chpasswd:
  list: |
    debian:debian
  expire: false
`;
  return {
    names: 'plain',
    files: {
      'meta-data': 'instance-id: tf1\nlocal-hostname: tf1\n',
      'network-config': 'version: 2\nethernets:\n  eth0:\n    dhcp4: true\n',
      'user-data': [
        'Content-Type: multipart/mixed; boundary="MIMEBOUNDARY"\nMIME-Version: 1.0\r\n',
        part('text/cloud-config', 'init.cfg', user),
        part('text/x-shellscript', 'last.sh', '#!/bin/sh\necho ran >> /root/terraform-runs\n'),
        '--MIMEBOUNDARY--\r\n',
      ].join('\r\n'),
    },
  };
}

/** Lima (pkg/cidata/cidata.TEMPLATE.d): its own files lie beside those of NoCloud. */
export const lima = (key: string): ToolSeed => ({
  names: 'rock ridge',
  files: {
    'meta-data': 'instance-id: lima-default-1\nlocal-hostname: lima-default\n',
    'lima.env': 'LIMA_CIDATA_NAME=default\n',
    'param.env': 'PARAM_a=b\n',
    'boot.sh': '#!/bin/sh\nexit 0\n',
    'network-config': `version: 2
ethernets:
  eth0:
    match:
      macaddress: '52:54:00:67:61:00'
    dhcp4: true
    set-name: eth0
    dhcp-identifier: mac
    nameservers:
      addresses:
      - 10.0.2.3
`,
    'user-data': `#cloud-config
# vim:syntax=yaml

growpart:
  mode: auto
  devices: ['/']

timezone: Europe/Paris

users:
  - name: "me"
    uid: "501"
    gecos: "Me"
    homedir: "/home/me.linux"
    shell: /bin/bash
    sudo: ALL=(ALL) NOPASSWD:ALL
    lock_passwd: true
    ssh-authorized-keys:
      - "${key}"

write_files:
 - content: |
      #!/bin/sh
      set -eux
      echo ran >> /root/lima-runs
   owner: root:root
   path: /var/lib/cloud/scripts/per-boot/00-lima.boot.sh
   permissions: '0755'

bootcmd:
- |
  while read -r line; do [ -n "$line" ] && export "$line"; done <<'EOF'
  PARAM_a=b
  EOF
  echo "$PARAM_a" > /run/lima-parameter
`,
  },
});

/** multipass (src/platform/backends/shared, cloud_init_iso.cpp): every file begins as user-data do. */
export const multipass = (key: string): ToolSeed => ({
  names: 'joliet',
  files: {
    'meta-data': '#cloud-config\ninstance-id: primary\nlocal-hostname: primary\ncloud-name: multipass\n',
    'vendor-data': `#cloud-config
growpart:
  mode: auto
  devices:
    - /
  ignore_growroot_disabled: false
users:
  - default
manage_etc_hosts: true
ssh_authorized_keys:
  - ${key}
timezone: Etc/UTC
system_info:
  default_user:
    name: ubuntu
`,
    'user-data': '#cloud-config\n{}\n',
    'network-config': `#cloud-config
version: "2"
ethernets:
  default:
    match:
      macaddress: "52:54:00:67:61:00"
    dhcp4: true
    dhcp-identifier: mac
`,
  },
});
