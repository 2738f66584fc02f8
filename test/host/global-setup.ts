import { installPrograms } from '../guest/prerequisites.ts';

/** libvirt without QEMU: its test driver is a host that is made up. */
export async function setup(): Promise<void> {
  await installPrograms({ virsh: 'libvirt-clients', libvirtd: 'libvirt-daemon', setpriv: 'util-linux' });
}
