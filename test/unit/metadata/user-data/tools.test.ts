import { describe, expect, it } from 'vitest';
import { KEY, linesOf, said, saidBy, textsOf } from './said.ts';

const HASH = `$5$salt$${'a'.repeat(43)}`;

describe('what common tools write', () => {
  it('virt-install: a password for root, keys, and cloud-init turned off', async () => {
    const { config, lines } = await saidBy(
      `chpasswd:\n  list: |\n    root:s3cret\n  expire: True\nusers:\n  - default\n  - name: root\n    ssh_authorized_keys:\n      - ${KEY}\nssh_authorized_keys:\n  - ${KEY}\nruncmd:\n- echo "Disabled by virt-install" > /etc/cloud/cloud-init.disabled\n`,
    );
    expect(lines).toEqual([]);
    expect(config.users).toEqual([
      { sshKeys: [KEY] },
      { name: 'root', sshKeys: [KEY], plainPassword: 's3cret', expirePassword: true },
    ]);
    expect(textsOf(config)).toEqual({
      runcmd:
        '#!/bin/sh\nif [ -d /etc/cloud ]; then echo "Disabled by virt-install" > /etc/cloud/cloud-init.disabled; fi\n',
    });
  });

  it('Proxmox: the default user by a name, with a hash and keys', async () => {
    const { config, lines } = await saidBy(
      `hostname: web1\nmanage_etc_hosts: true\nfqdn: web1.example.net\nuser: admin\npassword: ${HASH}\nssh_authorized_keys:\n  - ${KEY}\nchpasswd:\n  expire: False\nusers:\n  - default\npackage_upgrade: true\n`,
    );
    expect(lines).toEqual([]);
    expect(config).toEqual({
      hostName: 'web1',
      fqdn: 'web1.example.net',
      hostsFile: 'whole',
      users: [{ name: 'admin', sudo: ['ALL=(ALL) NOPASSWD:ALL'], passwordHash: HASH, sshKeys: [KEY] }],
      packages: { upgrade: true, names: [] },
    });
  });

  it('Proxmox: root as the user', async () => {
    const { config, lines } = await saidBy(
      `hostname: web1\nmanage_etc_hosts: true\nfqdn: web1\nuser: root\ndisable_root: False\npassword: ${HASH}\nssh_authorized_keys:\n  - ${KEY}\nchpasswd:\n  expire: False\npackage_upgrade: true\n`,
    );
    expect(lines).toEqual([]);
    expect(config.users).toEqual([{ name: 'root', passwordHash: HASH, sshKeys: [KEY] }]);
    expect(config.login).toEqual({ disableRoot: false });
  });

  it('Lima: keys with dashes, a number in quotes, a script of each boot, file systems of the host', async () => {
    const { config, lines } = await saidBy(
      `# vim:syntax=yaml\n\ngrowpart:\n  mode: auto\n  devices: ['/']\npackages:\n  - rsync\nmounts:\n- [mount0, /home/me, virtiofs, "ro", "0", "0"]\ntimezone: Europe/Paris\n\nusers:\n  - name: "me"\n    uid: "501"\n    gecos: "Me"\n    homedir: "/home/me.linux"\n    shell: /bin/bash\n    sudo: ALL=(ALL) NOPASSWD:ALL\n    lock_passwd: true\n    ssh-authorized-keys:\n      - "${KEY}"\n\nwrite_files:\n - content: |\n      #!/bin/sh\n      set -eux\n      exec "\${LIMA_CIDATA_MNT}"/boot.sh\n   owner: root:root\n   path: /var/lib/cloud/scripts/per-boot/00-lima.boot.sh\n   permissions: '0755'\nbootcmd:\n- |\n  while read -r line; do [ -n "$line" ] && export "$line"; done <<'EOF'\n  PARAM_a=b\n  EOF\n  echo x\n`,
    );
    expect(lines).toEqual([]);
    expect(config.users).toEqual([
      {
        name: 'me',
        uid: 501,
        gecos: 'Me',
        home: '/home/me.linux',
        shell: '/bin/bash',
        sudo: ['ALL=(ALL) NOPASSWD:ALL'],
        groups: [],
        lockPassword: true,
        sshKeys: [KEY],
      },
    ]);
    expect(config.mounts).toEqual([
      { device: 'mount0', mountPoint: '/home/me', type: 'virtiofs', options: ['ro'] },
    ]);
    expect(config.scripts?.map(({ name, when, repeat }) => [name, when, repeat])).toEqual([
      ['per-boot-00-lima-boot-sh', 'post-boot', 'each-boot'],
      ['bootcmd', 'early', 'each-boot'],
    ]);
    expect(textsOf(config).bootcmd).toBe(
      `#!/bin/sh\nwhile read -r line; do [ -n "$line" ] && export "$line"; done <<'EOF'\nPARAM_a=b\nEOF\necho x\n\n`,
    );
    expect(config.files).toBeUndefined();
  });

  it('multipass: the name of its default user', async () => {
    const { config, lines } = await saidBy(
      `users: [default]\nmanage_etc_hosts: true\nssh_authorized_keys: ["${KEY}"]\ntimezone: Etc/UTC\npackages: [sshfs]\nsystem_info: {default_user: {name: ubuntu}}\ngrowpart: {mode: auto, devices: ["/"], ignore_growroot_disabled: false}\n`,
    );
    expect(lines).toEqual([]);
    expect(config.users).toEqual([{ name: 'ubuntu', sudo: ['ALL=(ALL) NOPASSWD:ALL'], sshKeys: [KEY] }]);
    expect(config.packages).toEqual({ names: ['sshfs'] });
  });

  it('Terraform: parts in MIME, a user whom a password is for', async () => {
    const yaml = `#cloud-config\nhostname: vm1\nusers:\n  - name: debian\n    sudo: ALL=(ALL) NOPASSWD:ALL\n    shell: /bin/bash\n    ssh_authorized_keys:\n      - ${KEY}\nssh_pwauth: true\ndisable_root: false\nchpasswd:\n  list: |\n    debian:debian\n  expire: false\n`;
    const text = [
      'Content-Type: multipart/mixed; boundary="MIMEBOUNDARY"',
      'MIME-Version: 1.0\r\n\r\n--MIMEBOUNDARY\r',
      'Content-Disposition: attachment; filename="init.cfg"\r',
      'Content-Transfer-Encoding: base64\r',
      'Content-Type: text/cloud-config\r',
      'Mime-Version: 1.0\r\n\r',
      `${Buffer.from(yaml).toString('base64')}\r\n--MIMEBOUNDARY--\r\n`,
    ].join('\n');
    const parsed = await said(text);
    expect(linesOf(parsed)).toEqual([]);
    expect(parsed.config).toEqual({
      hostName: 'vm1',
      users: [
        {
          name: 'debian',
          groups: [],
          sudo: ['ALL=(ALL) NOPASSWD:ALL'],
          shell: '/bin/bash',
          sshKeys: [KEY],
          plainPassword: 'debian',
        },
      ],
      login: { passwordBySsh: true, disableRoot: false },
    });
  });

  it('KubeVirt: nothing', async () => {
    expect((await said('')).config).toEqual({});
    expect(linesOf(await said(''))).toEqual([]);
  });
});
