import { describe, expect, it } from 'vitest';
import { planHook } from '../../../src/plan/hooks.ts';
import { withPlugins } from '../../../src/plan/plugins.ts';
import type { Step } from '../../../src/plan/step.ts';
import { type FileEntries, makeContext, makeFiles } from '../context.ts';

const builtIn = ['01-swap', 'users', '02-sysctl', '10-last'].map(
  (name): Step => ({ name, setting: 'CONFIG_SWAP', summary: '', plan: () => ({ changes: [] }) }),
);
const executable = { text: '#!/bin/sh\n', mode: 0o755 };
const ADMIN = '/etc/gandi/plugins.d';

function stepsWith(files: FileEntries, directories = [ADMIN]): Step[] {
  const { settings } = makeContext({ settings: 'CONFIG_PLUGIN_TIMEOUT=7\nCONFIG_DISK_ROOT=/data' });
  return withPlugins(builtIn, directories, makeFiles(files), settings);
}

const namesWith = (...names: string[]) =>
  stepsWith(Object.fromEntries(names.map((name) => [`${ADMIN}/${name}`, executable]))).map(
    ({ name }) => name,
  );

describe('withPlugins', () => {
  it('puts plugins among the steps by name; a step without a number keeps its place', () => {
    expect(namesWith('00-early', '015-middle', '05-mine', '05-other', 'zebra')).toEqual([
      '00-early',
      '01-swap',
      'users',
      '015-middle',
      '02-sysctl',
      '05-mine',
      '05-other',
      '10-last',
      'zebra',
    ]);
  });

  it('passes over copies and what is for building an image', () => {
    const names = [
      '05-a~',
      '05-a.bak',
      '05-a.dpkg-old',
      '05-a.dpkg-dist',
      '05-a.rpmsave',
      '.05-a',
      '00-pre-first',
    ];
    expect(namesWith(...names)).toEqual(builtIn.map(({ name }) => name));
  });

  it('runs a plugin with the settings, a deadline and its output told', () => {
    const mine = stepsWith({ [`${ADMIN}/users`]: executable }).find(({ name }) => name === 'users');
    expect(mine?.setting).toBeUndefined();
    expect(mine?.plan(makeContext()).changes).toEqual([
      {
        kind: 'run-command',
        argv: [`${ADMIN}/users`],
        timeoutSeconds: 7,
        environment: expect.objectContaining({ CONFIG_DISK_ROOT: '/data', CONFIG_CRON: '1' }),
        thisBootOnly: true,
        reportOutput: true,
        why: 'your own program',
      },
    ]);
  });

  it.each<[string, FileEntries]>([
    ['a file that is not executable', { [`${ADMIN}/users`]: '' }],
    ['a link to /dev/null', { [`${ADMIN}/users`]: { link: '/dev/null' }, '/dev/null': { kind: 'other' } }],
  ])('turns a built-in step off by %s of its name', (_, files) => {
    const steps = stepsWith(files);
    expect(steps.map(({ name }) => name)).toEqual(builtIn.map(({ name }) => name));
    expect(steps.find(({ name }) => name === 'users')?.off).toContain(`${ADMIN}/users`);
  });

  it('ignores files of other names that are not executable, directories, and links to nothing', () => {
    const files = {
      [`${ADMIN}/README`]: '',
      [`${ADMIN}/05-directory/file`]: '',
      [`${ADMIN}/users`]: { link: '/nowhere' },
    };
    expect(stepsWith(files)).toEqual(builtIn);
  });

  it.each([
    ['belongs to another user', { ...executable, uid: 1000 }],
    ['can be changed by everyone', { ...executable, mode: 0o777 }],
  ])('does not run a plugin that %s', (reason, entry) => {
    const step = stepsWith({ [`${ADMIN}/05-mine`]: entry }).find(({ name }) => name === '05-mine');
    const plan = step?.plan(makeContext());
    expect(plan?.changes).toEqual([]);
    expect(plan?.notes?.[0]?.level).toBe('problem');
    expect(reason).not.toBe('');
  });

  it('prefers the admin’s plugin to the package’s of the same name', () => {
    const files = { '/usr/share/gandi/bootstrap.d/05-a': executable, '/etc/gandi/bootstrap.d/05-a': '' };
    const directories = ['/usr/share/gandi/bootstrap.d', '/etc/gandi/bootstrap.d'];
    expect(stepsWith(files, directories)).toEqual(builtIn);
  });
});

describe('planHook', () => {
  const hook = '/etc/gandi/hooks/post-vm-config';
  const planFor = (files: FileEntries) => planHook('post-vm-config', ['a b'], makeContext({ files }));

  it('runs the admin’s program with its arguments', () => {
    expect(planFor({ [hook]: executable }).changes).toMatchObject([
      { argv: [hook, 'a b'], timeoutSeconds: 60 },
    ]);
  });

  it.each<[string, FileEntries]>([
    ['there is none', {}],
    ['it is not executable', { [hook]: '' }],
  ])('finds it normal that %s', (_, files) => {
    expect(planFor(files)).toEqual({ changes: [] });
  });
});
