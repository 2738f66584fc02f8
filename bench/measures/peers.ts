import { instructionsOfCommand } from '../accounting.ts';
import { IGNITION_COMMANDS, putConfiguration } from '../ignition.ts';
import type { GuestMeasure } from '../measure.ts';
import { sumOfUnits } from './sum-of-units.ts';

/** The services of cloud-init's boot; from 24.3 on the stages have one process, which is that of `cloud-init-main`. */
const CLOUD_INIT_13 = ['main', 'local', 'network'].map((name) => `cloud-init-${name}.service`);
const CLOUD_INIT_LATE = ['cloud-config.service', 'cloud-final.service'];

/** Fails where the guest does not show what was asked for: a figure for work that failed would be worth nothing. */
function expectShown(who: string, shown: string, parts: readonly string[]): void {
  const missing = parts.filter((part) => !shown.includes(part));
  if (missing.length > 0)
    throw new Error(`${who} did not configure the guest (${missing.join(', ')}): ${shown}`);
}

const cloudInit13: GuestMeasure = {
  guest: 'cloud-init-trixie',
  boot: 1,
  async take(guest) {
    const look =
      'cloud-init status --wait; hostname; id -un admin1; ip -4 -o address show; swapon --noheadings --show=TYPE';
    const parts = ['web1', 'admin1', '92.243.10.20/24', 'partition'];
    expectShown('cloud-init', await guest.output(look), parts);
    return [
      {
        id: 'cloud-init-13',
        title: 'cloud-init of Debian 13, first boot: name, network, users, keys, swap, kernel values',
        value: await sumOfUnits(guest, [...CLOUD_INIT_13, ...CLOUD_INIT_LATE]),
        unit: 'instructions',
      },
    ];
  },
};

/** What systemd does itself costs the first process and many services: only the whole boot shows it. */
const credentials: GuestMeasure = {
  guest: 'credentials',
  boot: 1,
  async take(guest) {
    const look = 'hostname; grep ^root: /etc/shadow; cat /root/.ssh/authorized_keys; ip -4 -o address show';
    const parts = ['web1', '$6$', 'ssh-ed25519', '92.243.10.20/24', '192.168.10.2/24'];
    expectShown('systemd', await guest.output(look), parts);
    return [
      {
        id: 'boot-credentials',
        title:
          'whole first boot, Debian 13 with systemd’s credentials: name, network, root’s password and key',
        value: await sumOfUnits(guest, ['init.scope', 'system.slice']),
        unit: 'instructions',
        comparedTo: 'boot-plain-trixie',
      },
    ];
  },
};

const ignition: GuestMeasure = {
  guest: 'ignition',
  boot: 1,
  async take(guest) {
    // Any key will do.
    await guest.output(putConfiguration(await guest.output('cat /etc/ssh/ssh_host_ed25519_key.pub')));
    let value = 0;
    for (const command of IGNITION_COMMANDS) value += await instructionsOfCommand(guest, command);
    const look =
      'cat /etc/hostname; id -un admin1; cat /etc/network/interfaces; find /home/admin1/.ssh -type f';
    const parts = ['web1', 'admin1', '92.243.10.20/24', 'authorized_keys'];
    expectShown('Ignition', await guest.output(look), parts);
    return [
      {
        id: 'ignition',
        title: 'Ignition, its stages fetch-offline and files: name, users, keys, network file, kernel values',
        value,
        unit: 'instructions',
        comparedTo: 'services-first',
      },
    ];
  },
};

/** Others that configure a guest, each with what it can be asked for. */
export const peers: readonly GuestMeasure[] = [cloudInit13, credentials, ignition];
