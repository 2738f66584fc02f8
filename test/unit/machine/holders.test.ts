import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findHolders } from '../../../src/machine/holders.ts';
import { parseMountInfo } from '../../../src/machine/mounts.ts';

it('finds a process by its working directory and one by an open file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gandi-holders-'));
  const device = statSync(folder).dev;
  const mounts = parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8'));
  const mount =
    mounts.find(({ mountPoint }) => mountPoint !== '/' && statSync(mountPoint).dev === device) ?? mounts[0];
  const children = [
    spawn('sleep', ['60'], { cwd: folder, stdio: 'ignore' }),
    spawn('sh', ['-c', `exec 3> '${folder}/file'; echo ready; exec sleep 60`], { cwd: '/proc' }),
  ];
  try {
    await new Promise((resolve) => children[1]?.stdout?.once('data', resolve));
    const holders = findHolders(folder, mount?.deviceNumber ?? '');
    const found = children.map(({ pid }) => holders.find((holder) => holder.pid === pid));
    expect(found[0]).toMatchObject({ command: 'sleep' });
    expect(found[1]).toMatchObject({ command: expect.stringMatching(/^(sh|sleep)$/) });
    expect(found[0]?.file).toBe(folder);
  } finally {
    for (const child of children) child.kill();
    rmSync(folder, { recursive: true });
  }
});
