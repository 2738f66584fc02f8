import type { Guest } from '../../test/guest/guest.ts';
import { instructionsOf } from '../accounting.ts';
import { type GuestMeasure, giga } from '../measure.ts';
import { untilLogin, untilOff } from '../operator-stage.ts';

/** A figure for a guest that went off for another reason would be worth nothing. */
function expectSuccess(guest: Guest): void {
  const told = guest.console();
  if (!/GANDI-REPORT .*"stage":"operator","state":"success"/.test(told))
    throw new Error(`the operator script has not succeeded: ${told.slice(-2000)}`);
}

const operator: GuestMeasure = {
  guest: 'operator',
  boot: 1,
  async take(guest) {
    expectSuccess(guest);
    return [
      {
        id: 'operator-stage',
        title: 'kernel’s start to power off, first boot with an empty operator script',
        value: untilOff(guest),
        unit: 'instructions',
        comparedTo: 'operator-login',
        atMostPart: 0.6,
      },
    ];
  },
};

const login: GuestMeasure = {
  guest: 'operator-login',
  boot: 1,
  take: async (guest) => [
    {
      id: 'operator-login',
      title: 'kernel’s start to login, first boot of the same guest without operator script',
      value: await untilLogin(guest),
      unit: 'instructions',
    },
  ],
};

const perBoot: GuestMeasure = {
  guest: 'cloud-init-per-boot',
  boot: 1,
  take: async (guest) => [
    {
      id: 'operator-cloud-init',
      title: 'kernel’s start to power off, cloud-init with an empty per-boot script',
      value: untilOff(guest),
      unit: 'instructions',
      comparedTo: 'operator-stage',
    },
  ],
};

const UNIT = 'gandi-operator.service';
const RELOADS = 3;

/** What systemd takes to read all units, the least of some times: whatever else it did meanwhile is not the units'. */
async function readingUnits(guest: Guest): Promise<number> {
  const taken: number[] = [];
  for (let time = 0; time < RELOADS; time++) {
    const before = await instructionsOf(guest, 'init.scope');
    await guest.output('systemctl daemon-reload');
    taken.push((await instructionsOf(guest, 'init.scope')) - before);
  }
  return Math.min(...taken);
}

/**
 * An ordinary boot does not start the unit: systemd reads it, once. Two boots differ by more than that, so that it is measured
 * in one.
 */
const unit: GuestMeasure = {
  guest: 'nocloud',
  boot: 2,
  async take(guest) {
    const active = await guest.run(`systemctl show -P ExecMainStartTimestampMonotonic ${UNIT}`);
    if (active.stdout.trim() !== '0') throw new Error(`an ordinary boot has started ${UNIT}`);
    const all = await readingUnits(guest);
    await guest.output(`systemctl mask --runtime ${UNIT}`);
    const others = await readingUnits(guest);
    await guest.output(`systemctl unmask --runtime ${UNIT}`);
    return [
      {
        id: 'operator-unit',
        title: 'the operator unit, ordinary boot: systemd reads it',
        value: Math.max(0, all - others),
        unit: 'instructions',
        atMost: 0.003 * giga,
      },
    ];
  },
};

/** What the operator stage costs the boot that has it, and any other. */
export const operatorStage: readonly GuestMeasure[] = [operator, login, perBoot, unit];
