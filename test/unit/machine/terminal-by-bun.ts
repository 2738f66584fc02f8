import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { terminalCalls } from '../../../src/machine/devices/lines/terminal-calls.ts';

/**
 * Run by Bun at a terminal: sets that up, and locks the file of the first argument. Prints what stty says of the terminal and what
 * the kernel says of this process's locks.
 */
const [path = ''] = process.argv.slice(2);
const calls = terminalCalls();
if (calls === undefined) throw new Error('this Bun calls no C library');
const file = openSync(path, constants.O_RDWR);
const found = {
  terminal: calls.setRaw(0),
  file: calls.setRaw(file),
  locked: calls.lock(file),
  locks: readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .filter((line) => line.includes(` ${process.pid} `)),
  stty: execFileSync('stty', ['-a'], { stdio: ['inherit', 'pipe', 'inherit'], encoding: 'utf8' }),
};
calls.exclude(0);
closeSync(file);
process.stdout.write(`${JSON.stringify(found)}\n`);
