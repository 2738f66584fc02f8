import { instructionsOfCommand } from '../accounting.ts';
import { type GuestMeasure, giga } from '../measure.ts';

/** The second run in a row: the first one fills the page cache. */
async function warm(...[guest, command]: Parameters<typeof instructionsOfCommand>): Promise<number> {
  await instructionsOfCommand(guest, command);
  return instructionsOfCommand(guest, command);
}

/** A bare start of the executable, its launcher and systemd's part included. */
export const programStart: GuestMeasure = {
  guest: 'toolkit',
  boot: 1,
  async take(guest) {
    const value = await warm(guest, '/usr/sbin/gandi-guest --version');
    const target = { atMost: 0.08 * giga, comparedTo: 'start-python' };
    return [{ id: 'start', title: 'gandi-guest --version', value, unit: 'instructions', ...target }];
  },
};

/** What a program in the language of the earlier tools pays before it does anything. */
export const pythonStart: GuestMeasure = {
  guest: 'cloud-init',
  boot: 1,
  async take(guest) {
    const modules = 're,subprocess,syslog,os';
    const value = await warm(guest, `/usr/bin/python3 -c 'import ${modules}'`);
    return [{ id: 'start-python', title: `python3 importing ${modules}`, value, unit: 'instructions' }];
  },
};
