import type * as fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const kernel = vi.hoisted(() => ({
  /** CPU time of the unit in microseconds; undefined: it is not counted. */
  unit: undefined as number | undefined,
  read: [] as string[],
  made: [] as string[],
  appended: '',
}));

vi.mock('node:fs', async (original) => ({
  ...(await original<typeof fs>()),
  readFileSync(path: string) {
    kernel.read.push(path);
    if (path === '/proc/self/cgroup') return '0::/system.slice/gandi-config.service\n';
    if (kernel.unit === undefined) throw new Error('ENOENT');
    return `usage_usec ${kernel.unit}\nuser_usec 1\nsystem_usec 2\n`;
  },
  mkdirSync: (path: string) => kernel.made.push(path),
  appendFileSync(path: string, text: string) {
    kernel.appended += `${path}:\n${text}`;
  },
}));

/** CPU time of the process in microseconds. */
let own: number;

beforeEach(() => {
  own = 0;
  Object.assign(kernel, { unit: undefined, read: [], made: [], appended: '' });
  vi.resetModules();
  vi.spyOn(process, 'cpuUsage').mockImplementation(() => ({ user: own - 10, system: 10 }));
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const load = () => import('../../../../src/machine/runtime/marks.ts');

describe('in the executable of the profile', () => {
  beforeEach(() => {
    vi.stubGlobal('GANDI_PROFILE', true);
  });

  it('each piece has the time since the last mark, of the process and of its unit', async () => {
    const { mark, leaveMarks, MARKS_FILE } = await load();
    [own, kernel.unit] = [100, 1000];
    mark('start');
    [own, kernel.unit] = [150, 1300];
    mark('program loaded', 'gandi-config');
    [own, kernel.unit] = [157, 1310];
    leaveMarks();
    expect(kernel.made).toEqual(['/run/gandi']);
    expect(kernel.appended).toBe(
      `${MARKS_FILE}:\n100 1000 start\n50 300 program loaded: gandi-config\n7 10 the rest\n`,
    );
    expect(new Set(kernel.read)).toEqual(
      new Set(['/proc/self/cgroup', '/sys/fs/cgroup/system.slice/gandi-config.service/cpu.stat']),
    );
  });

  it('what nothing counts is 0', async () => {
    const { mark, leaveMarks } = await load();
    own = 5;
    mark('start');
    leaveMarks();
    expect(kernel.appended).toContain('\n5 0 start\n0 0 the rest\n');
  });
});

it('in any other executable nothing is looked at, and nothing left', async () => {
  const { mark, leaveMarks } = await load();
  mark('start');
  leaveMarks();
  expect(kernel).toMatchObject({ read: [], made: [], appended: '' });
});
