import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { findHolders } from '../../../../src/machine/devices/holders.ts';
import { parseMountInfo } from '../../../../src/machine/formats/text/mounts.ts';

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

/** As root: others' maps are not to be read. */
describe('a file that a process has mapped', () => {
  // A file system that these processes have nothing else of.
  const folder = mkdtempSync('/dev/shm/gandi-holders-');
  /** Of no device here: as an overlay's files are shown with another device than the overlay. */
  const OTHER_NAME = '250:250';
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Starts a shell program that says when it is ready, and gives the name of its process to what follows. */
  async function started(script: string): Promise<ChildProcess> {
    const child = spawn('sh', ['-c', script], { cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    return child;
  }
  const isHolder = ({ pid }: ChildProcess, deviceNumber: string) =>
    findHolders(folder, deviceNumber).some((holder) => holder.pid === pid);

  it('counts by its device, or by what it is where its device has another name', async () => {
    const [library] = /\S+\/libc\.so\.6/.exec(readFileSync('/proc/self/maps', 'utf8')) ?? [];
    if (library === undefined) throw new Error('no library');
    copyFileSync(library, join(folder, 'lib.so'));
    const child = await started(`exec env LD_PRELOAD=${folder}/lib.so sh -c 'echo ready; kill -STOP $$'`);
    expect(isHolder(child, OTHER_NAME)).toBe(true);
  });

  it('does not count by a path that is another one in its container', async () => {
    const script = `mount -t tmpfs none ${folder} && cp "$(command -v sleep)" ${folder}/x && echo ready && exec ${folder}/x 60`;
    const child = await started(`exec unshare --mount sh -c '${script}'`);
    const isMapped = () => readFileSync(`/proc/${child.pid}/maps`, 'utf8').includes(`${folder}/x`);
    await expect.poll(isMapped).toBe(true);
    expect(isHolder(child, OTHER_NAME)).toBe(false);
  });
});
