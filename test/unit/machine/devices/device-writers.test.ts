import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { findDeviceWriters } from '../../../../src/machine/devices/device-writers.ts';

/** A block device that may be open without anything behind it. */
const NODE = '/dev/loop0';
const NUMBER = '7:0';

const isRoot = process.getuid?.() === 0;
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A process that has opened something. */
async function opening(redirection: string): Promise<number | undefined> {
  const child = spawn('sh', ['-c', `exec 3${redirection}; echo ready; kill -STOP $$`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child.pid;
}

describe.runIf(isRoot && existsSync(NODE))('processes that write to a device', () => {
  it('are those that have it open for writing', async () => {
    const pid = await opening(`<> ${NODE}`);
    expect(findDeviceWriters(NUMBER)).toContainEqual({ pid, command: 'sh' });
    expect(findDeviceWriters('7:1').map((each) => each.pid)).not.toContain(pid);
  });

  it('are not those that read it', async () => {
    const pid = await opening(`< ${NODE}`);
    expect(findDeviceWriters(NUMBER).map((each) => each.pid)).not.toContain(pid);
  });

  it('are not those of a character device of the same number', async () => {
    const pid = await opening('<> /dev/null');
    expect(findDeviceWriters('1:3').map((each) => each.pid)).not.toContain(pid);
  });
});
