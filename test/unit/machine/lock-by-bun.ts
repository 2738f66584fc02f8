/** Takes a lock again and again for a while, and leaves it each time as one does that is killed. */
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { takeLock } from '../../../src/machine/files/lock.ts';

const HOLD_MILLISECONDS = 10;

const [directory = '', until = '0'] = process.argv.slice(2);
let held = 0;
let shared = 0;
while (Date.now() < Number(until)) {
  try {
    await takeLock('program', 0, directory);
  } catch (error) {
    if (/^another program is running/.test((error as Error).message)) continue;
    throw error;
  }
  held++;
  try {
    mkdirSync(`${directory}/inside`);
  } catch {
    shared++;
    continue;
  }
  const end = performance.now() + HOLD_MILLISECONDS;
  while (performance.now() < end);
  rmdirSync(`${directory}/inside`);
  writeFileSync(`${directory}/program.lock`, '999999999 1\n');
}
process.stdout.write(`${held} ${shared}`);
