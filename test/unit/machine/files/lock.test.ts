import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { takeLock } from '../../../../src/machine/files/lock.ts';
import { temporaryRoot } from '../../temporary-root.ts';
import { runByBun } from '../run-by-bun.ts';

describe('takeLock', () => {
  it('lets one run in at a time and names the holder', async () => {
    const { root } = temporaryRoot();
    const release = await takeLock('program', 0, root);
    await expect(takeLock('program', 0, root)).rejects.toThrow(
      `another program is running (process ${process.pid})`,
    );
    release();
    (await takeLock('program', 0, root))();
    expect(readdirSync(root)).toEqual([]);
  });

  it('does not wait for a run that waits for this process', async () => {
    const { root } = temporaryRoot();
    for (const pid of [process.ppid]) {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
      writeFileSync(`${root}/program.lock`, `${pid} ${started}\n`);
      const begin = performance.now();
      await expect(takeLock('program', 60, root)).rejects.toThrow(
        `program cannot run inside of itself: it was called by a program that program (process ${pid}) runs`,
      );
      expect(performance.now() - begin).toBeLessThan(5000);
    }
  });

  it('waits for a run that ends', async () => {
    const { root } = temporaryRoot();
    const release = await takeLock('program', 0, root);
    setTimeout(release, 350);
    const told: number[] = [];
    const begin = performance.now();
    const onWait = (pid: number) => {
      expect(performance.now() - begin).toBeLessThan(200);
      told.push(pid);
    };
    (await takeLock('program', 5, root, onWait))();
    expect(told).toEqual([process.pid]);
    (await takeLock('program', 5, root, onWait))();
    expect(told).toHaveLength(1);
  });

  it.each([
    ['a process that is gone', '999999999 1\n'],
    ['a process id that was given away again', `${process.pid} 1\n`],
    ['nobody that can be read', 'garbage'],
  ])('takes over the lock of %s', async (_, content) => {
    const { root } = temporaryRoot();
    writeFileSync(`${root}/program.lock`, content);
    const release = await takeLock('program', 0, root);
    expect(existsSync(`${root}/program.lock`)).toBe(true);
    release();
  });

  it('is taken over by one run alone, however many find it left', async () => {
    const { root } = temporaryRoot({}, '/dev/shm');
    writeFileSync(`${root}/program.lock`, '999999999 1\n');
    // Bun takes a moment to start.
    const until = String(Date.now() + 4000);
    const runs = Array.from({ length: 8 }, () => runByBun('lock-by-bun.ts', root, until));
    const counts = (await Promise.all(runs)).map((text) =>
      Buffer.from(text).toString().split(' ').map(Number),
    );
    const sum = (index: number) => counts.reduce((total, count) => total + (count[index] ?? 0), 0);
    expect(sum(0)).toBeGreaterThan(20);
    expect(sum(1)).toBe(0);
  });

  it('takes over what a process left that died while it took the lock over', async () => {
    const { root } = temporaryRoot();
    for (const name of ['program.lock', 'program.lock.claim'])
      writeFileSync(`${root}/${name}`, '999999999 1\n');
    (await takeLock('program', 0, root))();
    expect(readdirSync(root)).toEqual([]);
  });
});
