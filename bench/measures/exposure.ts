import type { GuestMeasure, Sample } from '../measure.ts';

const ROOT_CONFIGURES = 'writes /etc, /home, partition tables and kernel values';
const HOST_SCRIPT = 'the host’s script inherits it, and may do whatever root may';

/** Every service that is installed, with what it stays open for; the units say more. */
export const SERVICES: Readonly<Record<string, string>> = {
  'gandi-attach@': 'as gandi-disks',
  'gandi-bootstrap': `${ROOT_CONFIGURES}; the admin’s plugins inherit it; each restriction costs 0.001 to 0.021 G`,
  'gandi-checks': 'as gandi-disks',
  'gandi-config': 'the admin’s plugins and hook inherit it, setuid programs among them',
  'gandi-detach@': 'sees the mounts of the guest; it starts no process until its disk is unmounted',
  'gandi-disks': 'mounts for the whole guest, looks at all processes; the admin’s hooks inherit it',
  'gandi-exec': 'runs what the host says, as any user of the guest',
  'gandi-homes': ROOT_CONFIGURES,
  'gandi-iface@': 'the admin’s hook and the DHCP client, with its own scripts, inherit it',
  'gandi-metadata': ROOT_CONFIGURES,
  'gandi-mount': 'as gandi-disks',
  'gandi-operator': HOST_SCRIPT,
  'gandi-postboot': HOST_SCRIPT,
  'gandi-postboot-background': HOST_SCRIPT,
  'gandi-ready': 'starts the program where something failed, which looks at all reports',
  'gandi-seal': 'takes things away anywhere in the guest; programs of /etc/gandi/seal.d inherit it',
};

/**
 * How much of the system each service could reach, from 0 (nothing) to 10, as `systemd-analyze security` adds it up in
 * the last line that it prints. It does not know what a service is for.
 */
export const exposure: GuestMeasure = {
  guest: 'memory',
  boot: 1,
  async take(guest) {
    const samples: Sample[] = [];
    for (const [name, why] of Object.entries(SERVICES)) {
      // Of a template it makes an instance by itself.
      const shown = await guest.output(`systemd-analyze security --no-pager ${name}.service | tail -n 1`);
      const value = /: (\d+\.\d+) /.exec(shown)?.[1];
      if (value === undefined) throw new Error(`systemd-analyze says of ${name}: ${shown}`);
      samples.push({
        id: `exposure-${name}`,
        title: `exposure of ${name}.service`,
        value: Number(value),
        unit: 'of 10',
        why,
      });
    }
    return samples;
  },
};
