import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
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
  const seen = (deviceNumber: string) => `/run/udev/tags/gandi_seen/b${deviceNumber}`;
  const swaps = (...lines: string[]) =>
    put('/proc/swaps', ['Filename Type Size Used Priority', ...lines, ''].join('\n'));
  /** What happens while the script waits, as a shell program. */
  const lateEvents = (text: string) => {
    put('late', `#!/bin/sh\n${text}\n`);
    chmodSync(join(root, 'late'), 0o755);
  };
  /** Runs the script on the tree instead of the system. */
  const isNeeded = () => {
    const here = script.replaceAll(
      /(?<=[\s"'])\/(?=(run|sys|proc|etc\/(default|sysconfig|auto\.master\.d))\/)/g,
      `${root}/`,
    );
    const input = here.replace(/sleep \$delay/, './late');
    const { status, stderr } = spawnSync('sh', ['-s'], { input, encoding: 'utf8', cwd: root });
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
    put('/run/udev/control');
    for (const number of ['8:0', '8:1', '8:16']) put(seen(number));
    swaps();
    lateEvents('');
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

  it('does not hold where the other disk is the host’s, which is swap by now', () => {
    tag('8:16');
    swaps('/dev/sdb partition 63480 0 -2');
    expect(isNeeded()).toBe(false);
  });

  it('does not hold where the other disk is that of the source, by the word of gandi-bootstrap', () => {
    tag('8:16');
    expect(isNeeded()).toBe(true);
    put('/run/gandi/source-disks/sdb');
    expect(isNeeded()).toBe(false);
    symlinkSync('../../devices/sdc', join(root, 'sys/dev/block/8:32'));
    put('/sys/devices/sdc/size', '1');
    put(seen('8:32'));
    tag('8:32');
    expect(isNeeded()).toBe(true);
  });

  it('takes the word of gandi-bootstrap on autofs', () => {
    put('/run/gandi/no-autofs');
    // Only by this can be told that nobody looked: a whole run would have left no mark.
    put('/etc/default/gandi', settings.replace('MODE=udev', 'MODE=autofs'));
    utimesSync(join(root, 'etc/default/gandi'), 1, 1);
    expect(isNeeded()).toBe(false);
    tag('8:16');
    expect(isNeeded()).toBe(true);
  });

  it('looks again at settings that are newer than the word of gandi-bootstrap', () => {
    put('/run/gandi/no-autofs');
    utimesSync(join(root, 'run/gandi/no-autofs'), 1, 1);
    expect(isNeeded()).toBe(false);
    put('/etc/default/gandi', settings.replace('MODE=udev', 'MODE=autofs'));
    expect(isNeeded()).toBe(true);
  });

  it('waits for udev, however much else that has to do', () => {
    put('/run/udev/queue');
    rmSync(join(root, seen('8:16')));
    lateEvents(`touch ${join(root, seen('8:16'))}`);
    expect(isNeeded()).toBe(false);
  });

  it.each<[string, () => void]>([
    ['another disk may be ours', () => tag('8:16')],
    ['a disk has just gone', () => tag('8:32')],
    ['udev does not come to a disk', () => rmSync(join(root, seen('8:16')))],
    [
      'udev has just seen a disk that may be ours',
      () => {
        rmSync(join(root, seen('8:16')));
        lateEvents(`mkdir -p ${root}/run/udev/tags/gandi_disk
          touch ${root}${seen('8:16')} ${root}/run/udev/tags/gandi_disk/b8:16`);
      },
    ],
    ['udev does not run', () => rmSync(join(root, 'run/udev/control'))],
    [
      'another disk than swap may be ours',
      () => {
        tag('8:16');
        swaps('/dev/sda2 partition 63480 0 -2', '/dev/sdbx partition 63480 0 -2');
      },
    ],
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
