import { describe, expect, it } from 'vitest';
import type { Commands } from '../../../../src/machine/commands/commands.ts';
import { listBlockDevices } from '../../../../src/machine/devices/block-devices.ts';
import { DeviceAnswers } from '../../../../src/machine/devices/device-answers.ts';
import { sleep } from '../../../../src/machine/runtime/sleep.ts';
import { makeFiles } from '../../context.ts';
import { MIB } from '../../images.ts';
import { type FakeDisk, makeSysfs } from '../../sysfs.ts';

const disk = (name: string, target: number, more: Partial<FakeDisk> = {}): FakeDisk => ({
  name,
  number: `8:${target * 16}`,
  size: MIB,
  attached: { scsi: `2:0:${target}:0` },
  ...more,
});

/** A guest with these disks, and programs that ask one and get an answer, or none. */
function guestWith(disks: FakeDisk[], more: Record<string, string> = {}, answering = true) {
  const files = makeFiles({ ...makeSysfs(disks), ...more });
  const asked: string[] = [];
  const commands: Commands = {
    run: (argv) => {
      asked.push(argv[1] ?? '');
      return Promise.resolve({ argv, stdout: '', stderr: '', ...(answering ? { exitCode: 1 } : {}) });
    },
  };
  return { files, asked, commands, list: () => listBlockDevices(files) };
}

const UDEV = { '/run/udev/control': '' };
const record = (number: string) => ({ [`/run/udev/data/b${number}`]: '' });

describe('a disk', () => {
  it('that udev has read is not asked', async () => {
    const { files, asked, commands, list } = guestWith([disk('sdb', 1)], { ...UDEV, ...record('8:16') });
    const answers = new DeviceAnswers(files);
    expect(await answers.settle(commands, list)).toEqual([]);
    expect(list().map((device) => answers.answers(device))).toEqual([true]);
    expect(asked).toEqual([]);
  });

  it('that udev reads meanwhile is waited for and not asked', async () => {
    const { files, asked, commands, list } = guestWith([disk('sdb', 1)], { ...UDEV, ...record('8:32') });
    const answers = new DeviceAnswers(files);
    let looks = 0;
    const late = new DeviceAnswers({
      list: (path) => files.list(path),
      linkTarget: (path) => files.linkTarget(path),
      status: (path) =>
        files.status(path === '/run/udev/data/b8:16' && ++looks > 3 ? '/run/udev/data/b8:32' : path),
      modifiedAt: (path) => files.modifiedAt(path),
      readText: (path) => files.readText(path),
    });
    expect(await late.settle(commands, list)).toEqual([]);
    expect(answers.unknown()).toEqual(['8:16']);
    expect(asked).toEqual([]);
  });

  it('that is taken away while it is waited for is waited for no more, and one that comes then is', async () => {
    const before = guestWith([disk('sdb', 1)], UDEV);
    const after = guestWith([disk('sdc', 2)], UDEV);
    let looks = 0;
    const files = () => (looks > 2 ? after.files : before.files);
    const answers = new DeviceAnswers({
      list: (path) => files().list(path),
      linkTarget: (path) => files().linkTarget(path),
      status(path) {
        if (path.startsWith('/run/udev/data/')) looks++;
        return files().status(path === '/run/udev/data/b8:32' && looks > 5 ? '/run/udev/control' : path);
      },
      modifiedAt: (path) => files().modifiedAt(path),
      readText: (path) => files().readText(path),
    });
    const started = performance.now();
    expect(await answers.settle(before.commands, after.list)).toEqual([]);
    expect(performance.now() - started).toBeLessThan(5000);
    expect(looks).toBeGreaterThan(5);
    expect([...before.asked, ...after.asked]).toEqual([]);
  });

  it('is unread as a drive is until udev has come to its end, and a drive is never asked', async () => {
    const disks = [disk('sdb', 1), { ...disk('sr0', 2), number: '11:0' }];
    const { files, asked, commands, list } = guestWith(disks);
    const answers = new DeviceAnswers(files);
    expect(answers.listed()).toBe('11:0 8:16\n11:0 8:16');
    expect(answers.unknown()).toEqual(['8:16']);
    await answers.settle(commands, list);
    expect(asked).toEqual(['if=/dev/sdb']);
    const read = new DeviceAnswers(makeFiles({ ...makeSysfs(disks), ...record('8:16'), ...record('11:0') }));
    expect(read.listed()).toBe('11:0 8:16\n');
  });

  it('is told apart from what the kernel makes once, however often it is looked at', () => {
    const disks = [disk('sdb', 1), { ...disk('sr0', 2), number: '11:0' }];
    const { files } = guestWith(disks);
    let links = 0;
    let more = false;
    const answers = new DeviceAnswers({
      list: (path) => [...files.list(path), ...(more ? ['8:48'] : [])],
      linkTarget: (path) => {
        links++;
        return files.linkTarget(path);
      },
      status: (path) => files.status(path),
      modifiedAt: (path) => files.modifiedAt(path),
      readText: (path) => files.readText(path),
    });
    const first = answers.listed();
    const needed = links;
    expect([answers.listed(), answers.listed(), links]).toEqual([first, first, needed]);
    more = true;
    expect(answers.listed()).not.toBe(first);
    expect(links).toBeGreaterThan(needed);
  });

  it('of NVMe with several paths is waited for and asked as any other; its paths are not', async () => {
    const attached = { nvmeSubsystem: 0, paths: ['nvme0c0n1', 'nvme0c1n1'] };
    const nvme = { name: 'nvme0n1', number: '259:1', size: MIB, attached };
    const { files, asked, commands, list } = guestWith([nvme]);
    const answers = new DeviceAnswers(files);
    expect(answers.unknown()).toEqual(['259:1']);
    await answers.settle(commands, list);
    expect(asked).toEqual(['if=/dev/nvme0n1']);
    expect(answers.unknown()).toEqual([]);
  });

  it('that udev has not read in time is asked; an error is an answer', async () => {
    const { files, asked, commands, list } = guestWith([disk('sdb', 1)], UDEV);
    const answers = new DeviceAnswers(files);
    expect(list().map((device) => answers.answers(device))).toEqual([false]);
    expect(await answers.settle(commands, list, 0)).toEqual([]);
    expect(asked).toEqual(['if=/dev/sdb']);
    expect(list().map((device) => answers.answers(device))).toEqual([true]);
    expect(answers.someAreSilent).toBe(false);
  });

  it('that does not answer is told once, and not read even where udev has a record of it', async () => {
    const { files, asked, commands, list } = guestWith(
      [disk('sdb', 1), disk('sdc', 2)],
      record('8:32'),
      false,
    );
    const answers = new DeviceAnswers(files);
    expect((await answers.settle(commands, list)).map(({ node }) => node)).toEqual(['/dev/sdb']);
    expect(await answers.settle(commands, list)).toEqual([]);
    expect(asked).toEqual(['if=/dev/sdb']);
    expect(answers.someAreSilent).toBe(true);
    expect(list().map((device) => answers.answers(device))).toEqual([false, true]);
  });

  it('that nobody means to read, or is made of nothing is not asked', async () => {
    const loop = disk('loop0', 7, { attached: { virtual: true } });
    const { files, asked, commands, list } = guestWith([disk('sdc', 2), loop], {}, false);
    const answers = new DeviceAnswers(files);
    const meant = () => list().filter(({ name }) => name !== 'sdc');
    expect(await answers.settle(commands, meant)).toEqual([]);
    expect(asked).toEqual([]);
    expect(answers.unknown()).toEqual([]);
    expect(list().map((device) => answers.answers(device))).toEqual([false, false]);
  });

  it.each([
    ['a while ago', -16_000],
    ['in the future, by a clock that was set', 16_000],
  ])('that udev has read %s is asked', async (_, offset) => {
    const { files, asked, commands, list } = guestWith([disk('sdb', 1)], { ...UDEV, ...record('8:16') });
    const later = { ...files, modifiedAt: () => Date.now() + offset };
    const answers = new DeviceAnswers(later);
    expect(list().map((device) => answers.answers(device))).toEqual([false]);
    expect(await answers.ask(commands, list())).toEqual([]);
    expect(asked).toEqual(['if=/dev/sdb']);
    expect(list().map((device) => answers.answers(device))).toEqual([true]);
  });

  it('that has stopped answering since udev read it is asked: its requests are under way', async () => {
    const { files, asked, commands, list } = guestWith(
      [disk('sdb', 1), disk('sdc', 2)],
      { ...UDEV, ...record('8:16'), ...record('8:32') },
      false,
    );
    const path = list()[0]?.path;
    const readText = (name: string) =>
      name === `${path}/inflight` ? '       1        0\n' : files.readText(name);
    const answers = new DeviceAnswers({ ...files, readText });
    expect((await answers.ask(commands, list())).map(({ node }) => node)).toEqual(['/dev/sdb']);
    expect(asked).toEqual(['if=/dev/sdb']);
  });

  it('that somebody else is reading for a moment is not asked', async () => {
    const { files, asked, commands, list } = guestWith([disk('sdb', 1)], { ...UDEV, ...record('8:16') });
    let looks = 0;
    const readText = (name: string) =>
      name.endsWith('/inflight') ? `0 ${looks++ < 3 ? 1 : 0}\n` : files.readText(name);
    const answers = new DeviceAnswers({ ...files, readText });
    expect(await answers.ask(commands, list())).toEqual([]);
    expect(asked).toEqual([]);
    expect(list().map((device) => answers.answers(device))).toEqual([true]);
  });

  it('is asked whenever it was read, where somebody can wait for that', async () => {
    const { files, asked, commands, list } = guestWith([disk('sdb', 1)], { ...UDEV, ...record('8:16') });
    await new DeviceAnswers(files, 0).ask(commands, list());
    expect(asked).toEqual(['if=/dev/sdb']);
  });

  it('that could be read when a run began can be to its end', async () => {
    const { files, list } = guestWith([disk('sdb', 1)], { ...UDEV, ...record('8:16') });
    let written = Date.now();
    const answers = new DeviceAnswers({ ...files, modifiedAt: () => written });
    expect(list().map((device) => answers.answers(device))).toEqual([true]);
    written -= 300_000;
    expect(list().map((device) => answers.answers(device))).toEqual([true]);
  });
});

describe('many disks', () => {
  const disks = Array.from({ length: 20 }, (_, index) => disk(`sd${index}`, index + 1));

  it('are asked a few at a time', async () => {
    const { files, list } = guestWith(disks);
    let [now, most] = [0, 0];
    const commands: Commands = {
      run: async (argv) => {
        most = Math.max(most, ++now);
        await sleep(5);
        now--;
        return { argv, stdout: '', stderr: '', exitCode: 0 };
      },
    };
    const answers = new DeviceAnswers(files);
    expect(await answers.ask(commands, list())).toEqual([]);
    expect(list().every((device) => answers.answers(device))).toBe(true);
    expect(most).toBe(3);
  });

  it('that do not answer do not wait for one another', async () => {
    const { files, list } = guestWith(disks.slice(0, 7));
    const commands: Commands = {
      run: async (argv) => {
        await sleep(1200);
        return { argv, stdout: '', stderr: '', failure: 'it did not end' };
      },
    };
    const begin = performance.now();
    expect(await new DeviceAnswers(files).ask(commands, list())).toHaveLength(7);
    // Three rounds of them one after the other would take 3.6 s.
    expect(performance.now() - begin).toBeLessThan(3000);
  });
});
