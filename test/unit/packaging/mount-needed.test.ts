import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = readFileSync(new URL('../../../packaging/mount-needed.sh', import.meta.url), 'utf8');
const settings = readFileSync(new URL('../../../etc/default/gandi', import.meta.url), 'utf8');
const masterMap = readFileSync(new URL('../../../autofs/gandi.autofs', import.meta.url), 'utf8');

describe('the condition of gandi-mount.service', () => {
  let root: string;

  const put = (path: string, text = '') => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const tag = (deviceNumber: string) => put(`/run/udev/tags/gandi_disk/b${deviceNumber}`);
  /** Runs the script on the tree instead of the system. */
  const isNeeded = () => {
    const here = script.replaceAll(
      /(?<=[\s"'])\/(?=(run|sys|proc|etc\/(default|sysconfig|auto\.master\.d))\/)/g,
      `${root}/`,
    );
    const { status, stderr } = spawnSync('sh', ['-s'], { input: here, encoding: 'utf8' });
    expect(stderr).toBe('');
    return status === 0;
  };

  /** A guest whose root file system is on the first partition of sda; udev has nothing to do. */
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'gandi-guest-mount-needed-'));
    mkdirSync(join(root, 'run/gandi'), { recursive: true });
    put('/sys/devices/sda/sda1/partition', '1');
    put('/sys/devices/sdb/size', '1');
    mkdirSync(join(root, 'sys/dev/block'), { recursive: true });
    symlinkSync('../../devices/sda', join(root, 'sys/dev/block/8:0'));
    symlinkSync('../../devices/sda/sda1', join(root, 'sys/dev/block/8:1'));
    symlinkSync('../../devices/sdb', join(root, 'sys/dev/block/8:16'));
    put(
      '/proc/self/mountinfo',
      '22 27 0:21 / /sys rw - sysfs sysfs rw\n27 1 8:1 / / rw - ext4 /dev/sda1 rw\n',
    );
    put('/etc/default/gandi', settings);
    put('/etc/auto.master.d/gandi.autofs', masterMap);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('does not hold where no disk but that of the root file system may be ours', () => {
    expect(isNeeded()).toBe(false);
    tag('8:0');
    tag('8:1');
    expect(isNeeded()).toBe(false);
    expect(readFileSync(join(root, 'run/gandi/mount-condition'), 'utf8')).toBe('');
  });

  it.each<[string, () => void]>([
    ['another disk may be ours', () => tag('8:16')],
    ['a disk has just gone', () => tag('8:32')],
    ['udev is at work', () => put('/run/udev/queue')],
    ['nobody made our directory', () => rmSync(join(root, 'run/gandi'), { recursive: true })],
    [
      'the root file system is on no disk and a disk may be ours',
      () => {
        put('/proc/self/mountinfo', '27 1 0:30 / / rw - overlay overlay rw\n');
        tag('8:1');
      },
    ],
    ['autofs is asked for', () => put('/etc/default/gandi', settings.replace('MODE=udev', 'MODE="autofs"'))],
    [
      'autofs has our map',
      () => put('/etc/auto.master.d/gandi.autofs', masterMap.replace(/^#(?=\/srv)/m, '')),
    ],
  ])('holds where %s', (_, change) => {
    change();
    expect(isNeeded()).toBe(true);
  });
});
