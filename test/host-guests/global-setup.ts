import { readFileSync } from 'node:fs';
import { setup as setupGuests } from '../guest/global-setup.ts';
import { installPackages, installPrograms } from '../guest/prerequisites.ts';

const programs = {
  dnsmasq: 'dnsmasq-base',
  libvirtd: 'libvirt-daemon-system',
  mmdebstrap: 'mmdebstrap',
  'qemu-img': 'qemu-utils',
  'qemu-system-x86_64': 'qemu-system-x86',
  sshd: 'openssh-server',
  virsh: 'libvirt-clients',
  'virt-clone': 'virtinst',
};

/** Before all files, which run side by side: two of them could not install at the same time. */
export async function setup(): Promise<() => Promise<void>> {
  await installPrograms(programs);
  // The account of QEMU, without which libvirtd does not start its driver, comes with no program.
  if (!/^libvirt-qemu:/m.test(readFileSync('/etc/passwd', 'utf8')))
    await installPackages(['libvirt-daemon-system']);
  return setupGuests();
}
