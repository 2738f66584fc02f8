import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { BootRecord } from '../../../src/boot-record/record-text.ts';
import type { Change } from '../../../src/machine/changes/change.ts';
import { at, boot, QUIET, stateOfGuest, store, WHOLE, write } from './steady-guest.ts';

describe('disks', () => {
  const touch = (name: string): Change => ({
    kind: 'run-command',
    argv: ['touch', at(`ran-${name}`), `${at('dev')}/${name}`],
    timeoutSeconds: 1,
    thisBootOnly: true,
    why: 'tell the name',
  });
  const namesAre = (first: string, second: string) => {
    rmSync(at('sys/target0'), { recursive: true });
    write(`sys/target0/block/${first}/size`, '1\n');
    write(`sys/target1/block/${second}/size`, '2\n');
  };
  const twoDisks = (): BootRecord => ({
    ...stateOfGuest(),
    disks: new Map([
      [at('sys/target0/block'), 'sda'],
      [at('sys/target1/block'), 'nvme0n1'],
    ]),
    repeated: [touch('sda'), touch('nvme0n1p1'), touch('sdaa')],
  });

  it('are known by where they are attached, whatever the kernel calls them', () => {
    mkdirSync(at('dev'));
    namesAre('sdb', 'nvme1n1');
    store(twoDisks());
    expect(boot()).toEqual(QUIET);
    expect(readdirSync(at('dev')).sort()).toEqual(['nvme1n1p1', 'sdaa', 'sdb']);
  });

  it('leave the marks that have their names under the names of this boot', () => {
    namesAre('sdb', 'nvme1n1');
    store({
      ...twoDisks(),
      repeated: [],
      diskMarks: ['sda', 'nvme0n1p1'].map((name) => at(`run/gandi/source-disks/${name}`)),
    });
    expect(boot()).toEqual(QUIET);
    expect(readdirSync(at('run/gandi/source-disks')).sort()).toEqual(['nvme1n1p1', 'sdb']);
  });

  it('that are attached elsewhere are news', () => {
    mkdirSync(at('dev'));
    store(twoDisks());
    rmSync(at('sys/target0'), { recursive: true });
    expect(boot()).toEqual(WHOLE);
  });

  describe('that say nothing of themselves', () => {
    const mute = (): BootRecord => ({
      ...stateOfGuest(),
      disks: new Map([[at('sys/target0/block'), 'xvdb']]),
      knownBy: [{ node: at('dev/xvdb1'), link: at('dev/disk/by-partuuid/77-01') }],
    });
    /** @param name what the kernel calls the disk in this boot */
    const bootWith = (name: string, link = `${name}1`) => {
      store(mute());
      rmSync(at('sys/target0'), { recursive: true });
      write(`sys/target0/block/${name}/size`, '1\n');
      write(`sys/class/block/${name}1/dev`, '202:17\n');
      write(`dev/${name}1`, '');
      write('dev/other', '');
      mkdirSync(at('dev/disk/by-partuuid'), { recursive: true });
      if (link !== '') symlinkSync(`../../${link}`, at('dev/disk/by-partuuid/77-01'));
    };

    it.each(['xvdb', 'xvdc'])('are known by what udev finds on them: %s', (name) => {
      bootWith(name);
      write('run/udev/data/b202:17', 'I:1\n');
      expect(boot()).toEqual(QUIET);
    });

    it.each([
      ['has another', ''],
      ['is not where it was', 'other'],
    ])('are news if what udev finds %s', (_, link) => {
      bootWith('xvdb', link);
      write('run/udev/data/b202:17', 'I:1\n');
      expect(boot()).toEqual(WHOLE);
    });

    it('are waited for until udev has looked', async () => {
      bootWith('xvdb', '');
      const udev = `sleep 0.5; ln -s ../../xvdb1 ${at('dev/disk/by-partuuid/77-01')}
        mkdir -p ${at('run/udev/data')}; : > ${at('run/udev/data/b202:17')}`;
      const looking = spawn('sh', ['-c', udev]);
      const ended = new Promise((resolve) => looking.once('close', resolve));
      expect(boot()).toEqual(QUIET);
      await ended;
    });

    it('are news if udev does not come to them in ten seconds', { timeout: 60_000 }, () => {
      bootWith('xvdb');
      expect(boot()).toEqual(WHOLE);
    });
  });
});
