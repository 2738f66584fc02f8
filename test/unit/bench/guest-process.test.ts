import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processorTimes, timesDuring } from '../../../bench/guest-process.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gandi-pids-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A process that computes until the milliseconds are over, with its ID where libvirt would have it. */
async function guest(name: string, milliseconds: number): Promise<void> {
  const child = spawn('sh', ['-c', 'while :; do :; done']);
  const file = join(folder, `${name}.pid`);
  writeFileSync(file, String(child.pid));
  await sleep(milliseconds);
  child.kill('SIGKILL');
  await once(child, 'exit');
  rmSync(file);
}

describe('the times of a guest', () => {
  it('are those of its process alone, and of the work around it', async () => {
    writeFileSync(join(folder, 'other.xml'), '');
    writeFileSync(join(folder, 'driver.pid'), String(process.pid));
    const { wall, processor, lifetime } = await timesDuring(folder, async () => {
      await sleep(300);
      await guest('a', 1200);
      await sleep(300);
    });
    expect(processor).toBeGreaterThan(0.05);
    expect(processor).toBeLessThan(lifetime + 0.1);
    expect(lifetime).toBeGreaterThan(1);
    expect(wall - lifetime).toBeGreaterThan(0.5);
  });

  it('are none where no guest was, or two', async () => {
    await expect(timesDuring(folder, () => sleep(50))).rejects.toThrow('the work had 0 guests, expected one');
    await expect(timesDuring(folder, () => Promise.all([guest('a', 300), guest('b', 300)]))).rejects.toThrow(
      'the work had 2 guests, expected one',
    );
  });

  it('end with what ends the work', async () => {
    const fails = () => Promise.reject(new Error('the command failed'));
    await expect(timesDuring(folder, fails)).rejects.toThrow('the command failed');
  });
});

describe('the processor time of a process', () => {
  it('is known while it is there', () => {
    const { processor = 0, begin = 0 } = processorTimes(process.pid) ?? {};
    expect(processor).toBeGreaterThan(0);
    expect(begin).toBeGreaterThan(0);
    expect(processorTimes(2 ** 22 + 1)).toBeUndefined();
  });
});
