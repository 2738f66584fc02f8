import { removedPart, type Trait } from '../part.ts';

/** systemd-random-seed.service(8); that of the boot loader, where its partition is mounted (systemd-boot(7)). */
const SEEDS = [
  '/var/lib/systemd/random-seed',
  ...['/efi', '/boot', '/boot/efi'].map((place) => `${place}/loader/random-seed`),
];

/** What systemd gives the kernel to draw random numbers from; it writes the file anew at each boot. */
export const randomSeed = removedPart({
  name: 'random-seed',
  what: 'random seed',
  find: ({ files }) =>
    SEEDS.filter((path) => files.status(path) !== undefined).map(
      (path): Trait => ({ path, severity: 'warning', what: 'a random seed' }),
    ),
});
