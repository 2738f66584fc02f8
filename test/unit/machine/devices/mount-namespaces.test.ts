import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { otherMountNamespaces } from '../../../../src/machine/devices/mount-namespaces.ts';
import { Files } from '../../../../src/machine/files/files.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** As root: a mount namespace of its own. */
async function unshared(script: string): Promise<ChildProcess> {
  const child = spawn('unshare', ['-m', '--propagation', 'private', 'sh', '-c', script]);
  children.push(child);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

describe('mount namespaces of other processes', () => {
  it('are shown each once, with what is mounted there', async () => {
    const script = 'mount -t tmpfs seen-there /mnt; sleep 60 & echo ready; wait';
    const child = await unshared(script);
    const link = execFileSync('readlink', [`/proc/${child.pid}/ns/mnt`], { encoding: 'utf8' }).trim();
    const found = otherMountNamespaces(new Files()).filter((one) => one.link === link);
    expect(found).toHaveLength(1);
    expect(found[0]?.pid).toBe(child.pid);
    expect(
      found[0]?.mounts.some(({ source, mountPoint }) => source === 'seen-there' && mountPoint === '/mnt'),
    ).toBe(true);
  });

  it('do not count our own', () => {
    const own = execFileSync('readlink', ['/proc/self/ns/mnt'], { encoding: 'utf8' }).trim();
    expect(otherMountNamespaces(new Files()).map(({ link }) => link)).not.toContain(own);
  });
});
