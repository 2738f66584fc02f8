import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = readFileSync(new URL('../../../packaging/await-unmount.sh', import.meta.url), 'utf8');

/** Reads the number of the mount from one file, and is no mount point any more once the other is gone. */
const MOUNTPOINT = `#!/bin/sh
[ -e "$ROOT/is-mounted" ] || exit 32
[ "$1" != -d ] || cat "$ROOT/number"
`;

/** Counts; a second look finds the lock gone, a third the mount, where the test says so. */
const SLEEP = `#!/bin/sh
echo x >> "$ROOT/slept"
count=$(wc -l < "$ROOT/slept")
[ ! -e "$ROOT/lock-until-$count" ] || rm "$ROOT/run/gandi/gandi-mount.lock"
[ ! -e "$ROOT/mounted-until-$count" ] || rm "$ROOT/is-mounted"
`;

describe('the wait of systemd for a disk that is gone', () => {
  let root: string;
  const write = (path: string, text = '') => writeFileSync(join(root, path), text);
  const program = (name: string, text: string) => {
    write(`bin/${name}`, text);
    chmodSync(join(root, 'bin', name), 0o755);
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'gandi-guest-await-unmount-'));
    for (const path of ['bin', 'run/gandi', 'sys/dev/block/8:16'])
      mkdirSync(join(root, path), { recursive: true });
    program('mountpoint', MOUNTPOINT);
    program('sleep', SLEEP);
    write('is-mounted');
  });

  afterEach(() => rmSync(root, { recursive: true }));

  /** @returns how often it slept */
  async function wait(number: string): Promise<number> {
    write('number', `${number}\n`);
    write('slept');
    const text = script.replaceAll(/(?<=[" ])\/(?=sys|run)/g, `${root}/`);
    const env = { PATH: `${join(root, 'bin')}:${process.env.PATH}`, ROOT: root };
    await execa('sh', ['-c', text, 'gandi-await-unmount', '/srv/data'], { env });
    return readFileSync(join(root, 'slept'), 'utf8').length / 2;
  }

  it('is none where nothing is mounted, or the disk is there', async () => {
    expect(await wait('8:16')).toBe(0);
    rmSync(join(root, 'is-mounted'));
    expect(await wait('8:32')).toBe(0);
  });

  it.each(['8:32', '0:45'])('lasts until a disk with the number %s is unmounted', async (number) => {
    write('run/gandi/gandi-mount.lock');
    write('mounted-until-50');
    expect(await wait(number)).toBe(50);
  });

  it('ends where nobody works on disks', async () => {
    expect(await wait('8:32')).toBe(19);
  });

  it('goes on where the next run begins behind the first', async () => {
    write('run/gandi/gandi-mount.lock');
    write('lock-until-30');
    write('mounted-until-45');
    expect(await wait('8:32')).toBe(45);
  });
});
