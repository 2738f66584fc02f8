import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rootFileSystem } from '../guest/rootfs.ts';
import { SHARED_TREE } from '../guest/toolkit.ts';
import { LibvirtRig } from './libvirt-rig.ts';

let rig: LibvirtRig;

beforeAll(async () => {
  const { tree } = await rootFileSystem();
  rig = await LibvirtRig.start({ toolkit: process.env[SHARED_TREE] ?? '' });
  const made = await rig.host(
    ...['golden', 'create', 'base', '--from', tree, '--memory', '768', '--work-directory', rig.folder],
  );
  expect(made.stderr).toContain('trying version 1');
  expect(made.stdout).toBe('base@1\n');
});

afterAll(async () => {
  await rig?.stop();
});

describe('a command in a disposable guest', () => {
  it('gives 20 MB byte for byte and its exit status, and leaves nothing', async () => {
    const before = await rig.state();
    const script =
      'head -c 15000000 /dev/urandom | base64 -w 0 > /tmp/f; sha256sum /tmp/f >&2; cat /tmp/f; exit 7';
    const { status, stdout, stderr } = await rig.host('run', '--from', 'base', '--', 'sh', '-c', script);
    expect(status).toBe(7);
    expect(stdout).toHaveLength(20_000_000);
    expect(stderr).toBe(`${createHash('sha256').update(stdout).digest('hex')}  /tmp/f\n`);
    expect(await rig.state()).toEqual(before);
  });
});
