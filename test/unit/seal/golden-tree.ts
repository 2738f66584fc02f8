import { chmodSync } from 'node:fs';
import { stagger } from '../../../src/identity/stagger.ts';
import type { Files } from '../../../src/machine/files/files.ts';
import { temporaryRoot } from '../temporary-root.ts';

/** Stands in all that must not be in an image, and nowhere else. */
export const SECRET = 'GOLDEN-SECRET';

export const MACHINE_ID = 'd41d8cd98f00b204e9800998ecf8427e';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0rBCZ3PbZQ8XbTqgqXl1XbPYkG8H1xW6hzgH9t3yXo';

const OWN =
  '# Written by gandi-bootstrap from what the host asks for; CONFIG_NETWORK=0 in /etc/default/gandi keeps it from being written.\n';

const hourly = stagger(MACHINE_ID, 'hourly', 60);

export const CRONTAB = '17 *\t* * *\troot\tcd / && run-parts --report /etc/cron.hourly\n';

/** A guest that was configured by its host, worked in, and is to be an image: all that is looked for is in it. */
export const GOLDEN: Readonly<Record<string, string | { link: string }>> = {
  '/etc/passwd':
    'root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nhost1:x:1000:1000::/home/host1:/bin/bash\nann:x:1001:1001:Ann:/home/ann:/bin/zsh\n',
  '/etc/shadow': `root:$6$${SECRET}:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\nhost1:$6$${SECRET}:19000:0:99999:7:::\nann:$6$${SECRET}:19000:0:99999:7:::\n`,
  '/etc/shadow-': `root:$6$${SECRET}:19000:0:99999:7:::\n`,
  '/var/backups/shadow.bak': `root:$6$${SECRET}:19000:0:99999:7:::\n`,
  '/etc/gshadow.org': `root:$6$${SECRET}::\n`,
  '/root/anaconda-ks.cfg': `rootpw --iscrypted $6$${SECRET}\n`,
  '/etc/passwd-': 'root:x:0:0:root:/root:/bin/bash\n',
  '/etc/machine-id': `${MACHINE_ID}\n`,
  '/var/lib/dbus/machine-id': `${MACHINE_ID}\n`,
  '/var/lib/systemd/random-seed': SECRET,
  '/boot/loader/random-seed': SECRET,
  '/var/lib/systemd/credential.secret': SECRET,
  '/var/lib/systemd/timers/stamp-apt-daily.timer': '',
  '/var/lib/systemd/coredump/core.1': SECRET,
  '/var/lib/systemd/linger/ann': '',
  '/etc/ssh/sshd_config':
    'HostCertificate /etc/ssh/ssh_host_ed25519_key-cert.pub\nPasswordAuthentication no\n',
  '/etc/ssh/ssh_host_ed25519_key': SECRET,
  '/etc/ssh/ssh_host_ed25519_key.pub': SECRET,
  '/etc/ssh/ssh_host_ed25519_key-cert.pub': SECRET,
  '/etc/ssh/ssh_host_rsa_key': SECRET,
  '/root/.ssh/authorized_keys': `${KEY} ${SECRET}\n`,
  '/root/.bash_history': SECRET,
  '/home/host1/.ssh/authorized_keys': `# of the host\n${KEY} ${SECRET}\n`,
  '/home/host1/.python_history': SECRET,
  '/home/ann/.ssh/authorized_keys': `${KEY} ${SECRET}\n`,
  '/home/ann/.ssh/id_ed25519': SECRET,
  '/home/ann/.ssh/known_hosts': SECRET,
  '/home/ann/.ssh/config': 'Host *\n',
  '/home/ann/.zsh_history': SECRET,
  '/home/ann/.gnupg/private-keys-v1.d/1.key': SECRET,
  '/home/ann/.kube/config': SECRET,
  '/home/ann/.local/share/fish/fish_history': SECRET,
  '/home/ann/notes': 'stays\n',
  '/gandi/config': `{"vm_hostname":"${SECRET}"}`,
  '/var/lib/gandi/source.json': JSON.stringify({
    layout: 1,
    source: 'nocloud',
    attachment: 'x',
    origin: 'x',
    config: { users: [{ name: 'host1', sshKeys: [], passwordHash: `$6$${SECRET}` }] },
    refused: [],
    problems: [],
    origins: [],
  }),
  '/var/lib/gandi/instance.json': SECRET,
  '/var/lib/gandi/scripts/a.run': SECRET,
  '/var/log/gandi.log': SECRET,
  '/etc/netplan/50-gandi.yaml': `${OWN}network: { version: 2 } # ${SECRET}\n`,
  '/etc/netplan/50-cloud-init.yaml': `network: {version: 2} # ${SECRET}\n`,
  '/etc/netplan/90-admin.yaml': 'network: {version: 2}\n',
  '/etc/udev/rules.d/70-persistent-net.rules': `# ${SECRET}\n`,
  '/etc/udev/rules.d/80-admin.rules': 'ACTION=="add"\n',
  '/var/lib/dhcp/dhclient.eth0.leases': SECRET,
  '/var/lib/NetworkManager/secret_key': SECRET,
  '/var/lib/NetworkManager/NetworkManager.state': 'stays\n',
  '/etc/hostname': 'golden-guest-secret\n',
  '/etc/mailname': 'golden-guest-secret\n',
  '/etc/hosts': '127.0.0.1\tlocalhost\n192.0.2.1\tgolden-guest-secret\t# gandi-guest\n192.0.2.9\tadmins\n',
  '/etc/machine-info': 'LOCATION=golden-guest-secret\n',
  '/var/lib/cloud/data/instance-id': SECRET,
  '/var/lib/cloud/seed/nocloud/meta-data': 'stays\n',
  '/etc/cloud/cloud.cfg.d/99-installer.cfg': SECRET,
  '/etc/fstab':
    'LABEL=root / ext4 defaults 0 1\n/dev/vdb /mnt auto defaults,nofail,comment=cloudconfig 0 2\n/swap.img none swap nofail,x-gandi.swap-file 0 0\n',
  '/swap.img': SECRET,
  '/var/log/journal/d41d8cd98f00b204e9800998ecf8427e/system.journal': SECRET,
  '/var/log/syslog': SECRET,
  '/var/log/syslog.1': SECRET,
  '/var/log/syslog.2.gz': SECRET,
  '/var/log/wtmp': SECRET,
  '/var/log/nginx/access.log': SECRET,
  '/var/log/installer/syslog': SECRET,
  '/var/log/README': 'stays\n',
  '/var/lib/wtmpdb/wtmp.db': SECRET,
  '/var/cache/apt/archives/a.deb': SECRET,
  '/var/lib/apt/lists/deb.debian.org_dists': SECRET,
  '/var/cache/apt/pkgcache.bin': SECRET,
  '/etc/crontab': CRONTAB.replace('17', String(hourly)),
  '/tmp/x/y': SECRET,
  '/var/tmp/z': SECRET,
  '/var/mail/root': SECRET,
  '/var/spool/cron/crontabs/ann': '5 5 * * * true\n',
  '/etc/iscsi/initiatorname.iscsi': `InitiatorName=iqn.1993-08.org.debian:01:${SECRET}\n`,
  '/usr/lib/open-iscsi/startup-checks.sh': '#!/bin/sh\n',
  '/etc/nvme/hostnqn': SECRET,
  '/var/lib/docker/engine-id': SECRET,
  '/etc/openvswitch/system-id.conf': SECRET,
  '/etc/popularity-contest.conf': 'MY_HOSTID="0123456789abcdef0123456789abcdef"\nPARTICIPATE="yes"\n',
  '/boot/loader/entries/d41d8cd98f00b204e9800998ecf8427e-6.1.conf': 'title x\n',
  // What makes the host keys anew.
  '/usr/lib/systemd/system/gandi-config.service': '[Unit]\n',
  '/etc/systemd/system/multi-user.target.wants/gandi-config.service': {
    link: '/usr/lib/systemd/system/gandi-config.service',
  },
};

/** The tree of such a guest. */
export function goldenTree(more: Readonly<Record<string, string | { link: string }>> = {}): Files {
  const files = temporaryRoot({ ...GOLDEN, ...more }, '/dev/shm');
  chmodSync(files.locate('/etc/shadow'), 0o640);
  return files;
}
